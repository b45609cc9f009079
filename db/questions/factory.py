"""Drawing questions from the event store: what will be reported between two countries, including nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

import db.cameo as cameo
import db.countries as countries
from db.errors import BadInput
from db.events.filters import EventFilter
from db.events.snapshot import Snapshot
from db.records import BinaryQuestion, EventCriterion, RelationQuestion

LOOK_BACK_DAYS = 90
"""Questions are asked of pairs that were active this recently, whether or not anything will happen between them."""

_SOURCE = "auspex-factory"
_COUNTED = (
    "Counted are distinct (day, base code) pairs of the cleaned event store: reported on the day they happened, by an "
    "article not read on an earlier day{mentions}."
)


def first_full_day(as_of: datetime) -> date:
    """The first day of which nothing is known at `as_of`: its own day at midnight, else the next."""
    moment = as_of.astimezone(UTC)
    return moment.date() if moment.time() == time() else moment.date() + timedelta(days=1)


def generate(
    snapshot: Snapshot, *, horizon_days: int, n: int, seed: int = 0, relation_share: float = 0.5
) -> list[BinaryQuestion | RelationQuestion]:
    """`n` distinct questions about the `horizon_days` days from the snapshot's `as_of`, relation questions first.

    Half of the pairs are drawn evenly from those active in the last 90 days, half in proportion to their activity, so
    that quiet pairs, where usually nothing happens, are asked about too. Binary questions take a code set that the
    pair has shown (or any event at all) and a threshold near what its last 90 days would give. Deterministic in `seed`.
    Raises BadInput for an empty past, a non-positive horizon or n, or fewer possible questions than asked for.
    """
    if horizon_days < 1 or n < 1 or not 0 <= relation_share <= 1:
        raise BadInput(f"horizon_days {horizon_days} and n {n} must be at least 1, relation_share within 0..1")
    first = first_full_day(snapshot.as_of)
    past = EventFilter(first_day=first - timedelta(days=LOOK_BACK_DAYS), last_day=first - timedelta(days=1))
    quads = snapshot.quads(past)
    if not len(quads):
        raise BadInput(
            f"no events in the {LOOK_BACK_DAYS} days before {snapshot.as_of:%Y-%m-%d}: "
            "choose a later as_of, lower --min-mentions, or ingest more"
        )
    pairs, index = np.unique(np.stack([quads.subject, quads.object]), axis=1, return_inverse=True)
    random = np.random.default_rng(seed)
    weights = np.bincount(index.ravel(), minlength=pairs.shape[1]) / len(quads)
    weights = 0.5 * weights + 0.5 / pairs.shape[1]
    known_days = min(LOOK_BACK_DAYS, int((first - date(1970, 1, 1)).days - quads.day.min()))
    n_relation = round(n * relation_share)
    questions: dict[str, BinaryQuestion | RelationQuestion] = {}
    for wanted, relation in ((n_relation, True), (n, False)):
        for _ in range(50 * n):
            if len(questions) == wanted:
                break
            chosen = int(random.choice(pairs.shape[1], p=weights))
            subject, object = (quads.countries[position] for position in pairs[:, chosen])
            if relation:
                day = first + timedelta(days=int(random.integers(horizon_days)))
                question: BinaryQuestion | RelationQuestion = relation_question(
                    subject, object, day, open_at=snapshot.as_of, min_mentions=snapshot.view.min_mentions
                )
            else:
                codes, at_least = _binary_terms(quads.code[index.ravel() == chosen], horizon_days / known_days, random)
                criterion = EventCriterion(
                    subject=subject,
                    object=object,
                    codes=codes,
                    first_day=first,
                    last_day=first + timedelta(days=horizon_days - 1),
                    at_least=at_least,
                    min_mentions=snapshot.view.min_mentions,
                )
                question = binary_question(criterion, open_at=snapshot.as_of)
            questions[question.id] = question
    if len(questions) < n:
        raise BadInput(f"only {len(questions)} different questions can be drawn here, not {n}: ask for fewer")
    return list(questions.values())


def _binary_terms(
    codes: NDArray[np.int16], share_of_past: float, random: np.random.Generator
) -> tuple[tuple[str, ...] | None, int]:
    """A code set that this pair has shown and a threshold around its expected count in the window."""
    base = cameo.base_codes()
    shown = [base[code] for code in codes]
    drawn = shown[int(random.integers(len(shown)))]
    choices: Sequence[tuple[str, ...] | None] = (None, (cameo.root(drawn),), (drawn,))
    chosen = choices[int(random.integers(len(choices)))]
    matching = len(shown) if chosen is None else sum(code.startswith(chosen[0]) for code in shown)
    return chosen, max(1, round(matching * share_of_past * random.uniform(0.5, 1.5)))


def relation_question(
    subject: str, object: str, day: date, *, open_at: datetime, min_mentions: int = 0, given_any_event: bool = False
) -> RelationQuestion:
    """MIRAI's question about one day of an ordered pair of countries."""
    given = ", given that at least one will be" if given_any_event else ""
    return RelationQuestion(
        text=f"Which events will be reported from {countries.name(subject)} to {countries.name(object)} "
        f"on {day}{given}?",
        resolution_criteria="The set of CAMEO base codes reported. " + _counted(min_mentions),
        open_at=open_at,
        resolve_by=_midnight_after(day),
        source=_SOURCE,
        tags=("events",),
        day=day,
        subject=subject,
        object=object,
        given_any_event=given_any_event,
        min_mentions=min_mentions,
    )


def binary_question(criterion: EventCriterion, *, open_at: datetime, text: str = "") -> BinaryQuestion:
    """The yes/no question that `criterion` resolves, in words unless `text` gives them."""
    return BinaryQuestion(
        text=text or describe(criterion),
        resolution_criteria="Yes if the count reaches the threshold. " + _counted(criterion.min_mentions),
        open_at=open_at,
        resolve_by=_midnight_after(criterion.last_day),
        source=_SOURCE,
        tags=("events",),
        criterion=criterion,
    )


def describe(criterion: EventCriterion) -> str:
    """The question that a criterion asks, as one sentence."""
    if criterion.codes is None:
        what = "of any kind"
    else:
        what = "of " + " or ".join(f"“{cameo.name(code)}” ({code})" for code in criterion.codes)
    amount = "at least one event" if criterion.at_least == 1 else f"at least {criterion.at_least} events"
    one_day = criterion.first_day == criterion.last_day
    when = f"on {criterion.first_day}" if one_day else f"from {criterion.first_day} to {criterion.last_day}"
    subject, object = countries.name(criterion.subject), countries.name(criterion.object)
    return f"Will {amount} {what} by {subject} toward {object} be reported {when}?"


def _counted(min_mentions: int) -> str:
    return _COUNTED.format(mentions=f", with more than {min_mentions} mentions in all" if min_mentions else "")


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
