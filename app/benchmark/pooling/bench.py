"""The comparison itself: every rule on every dataset, each difference with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from app.benchmark.pooling.attempts import ATTEMPTS
from app.benchmark.pooling.candidates import fixed, learnt
from app.benchmark.pooling.crowd import Crowd, crowd_of
from app.benchmark.pooling.data import UNDATED, Recorded
from app.benchmark.pooling.hybrids import hybrids
from app.benchmark.pooling.learning import Fit, OutOfSample, describe, out_of_sample
from app.benchmark.pooling.measure import compared, differences, few, summary, verdict
from app.benchmark.pooling.standing import Default, default, gated
from db.errors import BadInput
from ensembles.habits import acquiescence, roundness
from ensembles.odds import Floats
from ensembles.power import EFFECT, clusters_needed, power
from ensembles.scores import brier, log_score, reliability_bins
from ensembles.triage import triage
from ensembles.weighting import effective_number_of_members

Progress = Callable[[int, int, str], None]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Forecasters to pool, by name or pattern (none: all with enough answers), and what to call them."""

    members: tuple[str, ...] = ()
    name: str = ""


def bench(
    recorded: Recorded,
    groups: Sequence[Group] = (Group(),),
    *,
    datasets: Sequence[str] = (),
    fitting: Recorded | None = None,
    scores: Mapping[str, float] | None = None,
    attempts: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compare the rules for every group of forecasters on every dataset; see `_group` for what is in `groups`.

    With `fitting`, everything learnt is learnt there, from what was known when each question was asked, and only
    applied here. `attempts` adds the rules of `attempts.py`, and `scores` of the forecasters, by others, adds weights
    made of them. A dataset that a group cannot be pooled on is skipped,
    with the reason; raises BadInput where it was named in `datasets`, or none is left.
    """
    wanted = [(dataset, group) for dataset in datasets or recorded.questions for group in groups]
    found, skipped = [], []
    for done, (dataset, group) in enumerate(wanted):
        if progress:
            progress(done, len(wanted), dataset)
        try:
            crowd = crowd_of(recorded, dataset, group.members)
        except BadInput as error:
            if datasets or len(wanted) == 1:
                raise
            skipped.append({"dataset": dataset, "group": group.name, "reason": str(error)})
            continue
        past = None if fitting is None else _past(fitting, crowd)
        found.append({"group": group.name} | _group(crowd, past, scores, attempts=attempts))
    if not found:
        raise BadInput(skipped[0]["reason"])
    return {
        "groups": found,
        "skipped": skipped,
        "forecasts_without_question": recorded.without_question,
        "power_effect": EFFECT,
    }


def _past(fitting: Recorded, crowd: Crowd) -> Crowd:
    """The same crowd in the files that are learnt from; without a question where it did not answer any there."""
    try:
        return replace(crowd_of(fitting, crowd.dataset, crowd.members), market=crowd.market)
    except BadInput:
        return crowd.where(np.zeros(len(crowd), dtype=bool))


def _group(crowd: Crowd, past: Crowd | None, scores: Mapping[str, float] | None, *, attempts: bool) -> Row:
    """One dataset and group: members, default rule, all rules, hybrids, and how to read them."""
    own = default(crowd, past)
    rows = _rules(crowd, own.probability, learnt(scores), past, attempts=attempts)
    return {
        "dataset": crowd.dataset,
        "type": "market" if crowd.market else "data",
        "members": list(crowd.members),
        "n": len(crowd),
        "clusters": len(np.unique(crowd.cluster)),
        "rounds": len(crowd.rounds),
        "incomplete": crowd.incomplete,
        "rate_of_yes": float(crowd.outcome.mean()),
        "learning": describe(crowd, past),
        "average_member": _average(crowd),
        "best_member_in_hindsight": _best(crowd),
        "human": _human(crowd),
        "default_rule": _default_row(crowd, own),
        "rules": rows,
        "hybrids": hybrids(crowd, past, own.probability),
        "effective_members": _effective(crowd),
        "triage": _triage(crowd, own.probability),
        "acquiescence": _acquiescence(crowd),
        "reliability": [asdict(part) for part in reliability_bins(outcome=crowd.outcome, probability=own.probability)],
    }


def _effective(crowd: Crowd) -> float:
    """How many independent members these are worth, on the questions that came out yes or no."""
    plain = crowd.where(np.isin(crowd.outcome, (0.0, 1.0)))
    return effective_number_of_members(plain.probability, outcome=plain.outcome)


def _average(crowd: Crowd) -> Row:
    """The mean score of the members: what picking one of them at random is worth."""
    truth = np.broadcast_to(crowd.outcome[:, None], crowd.probability.shape)
    return {
        "brier": float(brier(outcome=truth, probability=crowd.probability).mean()),
        "log_loss": float(log_score(outcome=truth, probability=crowd.probability).mean()),
    }


def _best(crowd: Crowd) -> Row:
    """The member with the lowest Brier score on these very questions, which nobody knew beforehand."""
    rows = [{"member": name} | summary(p, crowd) for name, p in zip(crowd.members, crowd.probability.T, strict=True)]
    return min(rows, key=lambda row: float(row["brier"]))


def _human(crowd: Crowd) -> Row | None:
    rows = np.isfinite(crowd.human)
    if not rows.any():
        return None
    return {"n": int(rows.sum())} | summary(crowd.human[rows], crowd.where(rows))


def _default_row(crowd: Crowd, own: Default) -> Row:
    """The default with its reasons; where several rounds were asked, those of the last, and a row for each."""
    _, last = own.rounds[-1]
    score = brier(outcome=crowd.outcome, probability=own.probability)
    each = brier(outcome=crowd.outcome[:, None].repeat(len(crowd.members), 1), probability=crowd.probability)
    to_both = [score - brier(outcome=crowd.outcome, probability=crowd.pooled), score - each.mean(axis=1)]
    to_plain, to_average = differences(np.stack(to_both, axis=1), crowd)
    return {
        "rule": last.rule,
        "reason": last.reason,
        "parameters": last.parameters,
        "known_outcomes": last.n_known,
        "known_rounds": last.rounds,
        **summary(own.probability, crowd),
        "diff_to_logit_pool": to_plain.as_dict(),
        "diff_to_average_member": to_average.as_dict(),
        "verdict_to_average_member": verdict(to_average),
        "power": None if few(crowd) else power(to_both[1], crowd.cluster),
        "clusters_needed": None if few(crowd) else clusters_needed(to_both[1], crowd.cluster),
        "by_round": [
            {"asked_at": None if start == UNDATED else str(start), "rule": learnt.rule, "reason": learnt.reason}
            for start, learnt in own.rounds
        ],
    }


def _rules(crowd: Crowd, against: Floats, fits: Mapping[str, Fit], past: Crowd | None, *, attempts: bool) -> list[Row]:
    """Every rule against the default. What is learnt stands as it may be used, gated; `ungated` is it all the same."""
    fixed_rules = {name: apply(crowd) for name, apply in fixed().items()}
    if attempts:
        fixed_rules |= {f"attempt: {name}": attempt(crowd) for name, attempt in ATTEMPTS.items()}
    standings = {name: gated(fit, crowd, past) for name, fit in fits.items()}
    ungated = {name: out_of_sample(fit, crowd, past) for name, fit in fits.items()}
    as_used = compared(
        fixed_rules | {name: standing.probability for name, standing in standings.items()}, crowd, against
    )
    raw = _ungated(ungated, crowd, against)
    rows = []
    for name, row in as_used.items():
        line = {"rule": name, "fitted": name in fits, **_named(row)}
        if name in fits:
            line["gate"] = {"on": standings[name].on, "reason": standings[name].reason}
            line["ungated"] = {"n_learnt": int(ungated[name].learnt.sum())} | _named(raw.get(name, {}))
        rows.append(line)
    return rows


def _ungated(found: Mapping[str, OutOfSample], crowd: Crowd, against: Floats) -> dict[str, Row]:
    """Every learnt rule on the questions that it could be learnt for; nothing where there are none."""
    rows = np.all([one.learnt for one in found.values()], axis=0)
    if not rows.any():
        return {}
    return compared({name: one.probability[rows] for name, one in found.items()}, crowd.where(rows), against[rows])


def _named(row: Row) -> Row:
    return {("diff_to_default" if key == "diff" else key): value for key, value in row.items()}


def _triage(crowd: Crowd, pooled: Floats) -> list[Row]:
    """Where the members disagree, does the crowd err? Over all questions, and for each source."""
    if len(crowd.members) < 2:
        return []
    found = triage(
        outcome=crowd.outcome,
        probability=crowd.probability,
        aggregate=pooled,
        cluster=crowd.cluster,
        source=crowd.source,
    )
    return [
        {
            "source": part.source,
            "n": part.n,
            "clusters": part.n_clusters,
            "spearman": part.by_spread.as_dict(),
            "spearman_of_own_doubt": part.by_doubt.as_dict(),
            "spearman_beyond_own_doubt": part.beyond_doubt.as_dict(),
            "flagged_spread": part.threshold,
            "brier_flagged": part.error_flagged,
            "brier_rest": part.error_rest,
        }
        for part in found
    ]


def _acquiescence(crowd: Crowd) -> list[Row]:
    """Each member's lean to yes, and its share of round numbers."""
    leans = acquiescence(outcome=crowd.outcome, probability=crowd.probability, cluster=crowd.cluster)
    rounds = roundness(crowd.probability)
    return [
        {
            "member": member,
            "mean_forecast": lean.mean_forecast,
            "rate_of_yes": lean.resolution_rate,
            "lean": lean.lean.as_dict(),
            "share_of_fives": numbers.share_of_fives,
            "share_of_tens": numbers.share_of_tens,
        }
        for member, lean, numbers in zip(crowd.members, leans, rounds, strict=True)
    ]
