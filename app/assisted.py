"""What assistance did: the Brier scores of people's forecasts before and after their dialogues, by variant.

Live forecasts and back-tests are never averaged together, and of several dialogues of a person about one question the
first counts: the number before a second one is not unaided. Intervals resample questions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from db.dialogues import Dialogue, Variant
from db.records import Forecast
from db.values import probability_of_yes
from ensembles.contrasts import bootstrap_of_sums
from ensembles.odds import Floats
from ensembles.power import clusters_needed, power
from ensembles.scores import brier
from ensembles.significance import Interval, cluster_bootstrap

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger
from db.ledger.live import Deadlines, first_day_of

PUBLISHED = 0.23
"""The relative gain of both assistants over the control in "AI-Augmented Predictions" (arXiv 2402.07862): the effect
whose detection the power is about."""
LEAST_QUESTIONS = 10
"""With fewer clusters a bootstrap's intervals are too narrow to find an effect by (Cameron, Gelbach & Miller 2008)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One dialogue about a resolved question: Brier scores before and after."""

    question_id: str
    person: str
    variant: Variant
    live: bool
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The dialogues that can be scored, and how many cannot: question open, unscored, known too early, repeated."""

    scored: list[Case]
    left_out: Counter[str]


def cases(ledger: Ledger) -> Cases:
    """Every dialogue of the ledger, scored or counted as left out."""
    dialogues = ledger.dialogues()
    asked = {item.question_id for item in dialogues}
    resolutions, first_known = ledger.resolutions(asked), ledger.first_known(asked)
    questions = {item.id: item for item in ledger.questions(asked)}
    forecasts = {item.id: item for item in ledger.forecasts(asked)}
    found, left_out, seen = [], Counter[str](), set[tuple[str, str]]()
    for dialogue in dialogues:
        resolution = resolutions.get(dialogue.question_id)
        who = (dialogue.person, dialogue.question_id)
        if who in seen:
            left_out["repeated"] += 1
        elif resolution is None:
            left_out["open"] += 1
        elif not isinstance(resolution.outcome, bool | float):
            left_out["annulled"] += 1
        elif dialogue.as_of >= first_known[dialogue.question_id]:
            left_out["known_before"] += 1
        else:
            question = questions[dialogue.question_id]
            deadlines = Deadlines.of(
                known_at=first_known[question.id],
                resolve_by=question.resolve_by,
                first_day=first_day_of(question),
            )
            found.append(_case(dialogue, deadlines, float(resolution.outcome), forecasts))
        seen.add(who)
    return Cases(scored=found, left_out=left_out)


def _case(dialogue: Dialogue, deadlines: Deadlines, outcome: float, forecasts: dict[str, Forecast]) -> Case:
    last = forecasts[dialogue.after_id]
    said = [probability_of_yes(item.value) for item in (forecasts[dialogue.before_id], last)]
    before, after = brier(outcome=np.full(2, outcome), probability=np.array(said))
    return Case(
        question_id=dialogue.question_id,
        person=dialogue.person,
        variant=dialogue.variant,
        live=deadlines.met(last.member, as_of=dialogue.as_of, created_at=dialogue.created_at),
        before=float(before),
        after=float(after),
    )


def effects(scored: Sequence[Case]) -> list[dict[str, Any]]:
    """One row per track and variant: n, people, questions, Brier before and after, the change and what it is worth.

    `change` is after - before, below 0 for the better, `relative` the same over the mean before. `leave_one_out` is the
    range of the change without any one question, None with fewer than two. `power` is the chance to have seen a change
    of the published size, `questions_needed` how many questions it takes for .8.
    """
    groups: dict[tuple[bool, Variant], list[Case]] = defaultdict(list)
    for case in scored:
        groups[case.live, case.variant].append(case)
    order = list(Variant)
    keys = sorted(groups, key=lambda key: (not key[0], order.index(key[1])))
    return [_effect(live, variant, groups[live, variant]) for live, variant in keys]


def _effect(live: bool, variant: Variant, group: Sequence[Case]) -> dict[str, Any]:
    scores = np.array([[case.before, case.after] for case in group])
    questions = np.array([case.question_id for case in group])
    change = scores[:, 1] - scores[:, 0]
    before, after, difference = cluster_bootstrap(np.column_stack([scores, change]), questions)
    effect = PUBLISHED * before.mean
    can_tell = effect > 0 and len(set(questions)) > 1
    return {
        "track": track(live),
        "variant": str(variant),
        "n": len(group),
        "people": len({case.person for case in group}),
        "questions": len(set(questions)),
        "brier_before": before.as_dict(),
        "brier_after": after.as_dict(),
        "change": difference.as_dict(),
        "relative": bootstrap_of_sums(scores, questions, lambda sums: sums[..., 1] / sums[..., 0] - 1).as_dict(),
        "leave_one_out": _without_each(change, questions),
        "verdict": verdict(difference, questions=len(set(questions))),
        "power": power(change, questions, effect=effect) if can_tell else None,
        "questions_needed": clusters_needed(change, questions, effect=effect) if can_tell else None,
    }


def _without_each(change: Floats, questions: Any) -> dict[str, Any] | None:
    """The lowest and highest mean change without any one question, and which question that is."""
    names = sorted(set(questions))
    if len(names) < 2:
        return None
    means = {name: float(change[questions != name].mean()) for name in names}
    low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    return {"low": means[low], "without_low": low, "high": means[high], "without_high": high}


def differences(scored: Sequence[Case]) -> list[dict[str, Any]]:
    """For each track and pair of variants the difference of their changes, the first's minus the second's.

    Questions are resampled for both at once, since both were asked about some of them.
    """
    rows = []
    for live in (True, False):
        told = [case for case in scored if case.live is live]
        present = [variant for variant in Variant if any(case.variant is variant for case in told)]
        for first, second in combinations(present, 2):
            both = [case for case in told if case.variant in (first, second)]
            interval, questions = _difference(both, first), len({case.question_id for case in both})
            row = {"track": track(live), "first": str(first), "second": str(second), "questions": questions}
            rows.append({**row, "difference": interval.as_dict(), "verdict": verdict(interval, questions=questions)})
    return rows


def _difference(both: Sequence[Case], first: Variant) -> Interval:
    change = np.array([case.after - case.before for case in both])
    of_first = np.array([float(case.variant is first) for case in both])
    columns = np.column_stack([change * of_first, of_first, change * (1 - of_first), 1 - of_first])
    questions = [case.question_id for case in both]
    return bootstrap_of_sums(columns, questions, lambda sums: sums[..., 0] / sums[..., 1] - sums[..., 2] / sums[..., 3])


def verdict(change: Interval, *, questions: int) -> str:
    """What the interval of a change of Brier scores over so many questions says, in words."""
    if np.isnan(change.low) or questions < LEAST_QUESTIONS:
        return "too few questions to tell"
    if change.low <= 0 <= change.high:
        return "no difference"
    return "better" if change.high < 0 else "worse"


def track(live: bool) -> str:
    """The name of a track, as the leaderboard has it."""
    return "live" if live else "back-test"
