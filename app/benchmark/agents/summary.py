"""From answers to rows: one per member, horizon and class of leakage, never averaged over any of the three."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import db.cameo as cameo
from agents.members.registry import BASELINE
from app.benchmark.agents.answers import Answered
from app.benchmark.agents.effort import total
from app.benchmark.agents.leakage import Contamination, ModelDates, Models, contamination
from app.benchmark.agents.metrics import METRICS, Scores, probabilities, score_answer
from app.benchmark.agents.queries import Query
from db.records import FailureReason, Forecast
from ensembles.scores import reliability_bins
from ensembles.significance import cluster_bootstrap, paired_cluster_bootstrap

COMPARED = ("f1_root", "f1_base", "f1_binary", "f1_quad", "brier", "log_score")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One member's answer to one query, its scores, and whether its model may have known."""

    query: Query
    answered: Answered
    scores: Scores
    leakage: Contamination


def mark(queries: Sequence[Query], answers: Sequence[Answered], models: Models) -> list[Marked]:
    """The scored answers of one member, in the order of the queries."""
    marked = []
    for query, answered in zip(queries, answers, strict=True):
        answer = answered.answer
        value = answer.value if isinstance(answer, Forecast) else None
        marked.append(
            Marked(
                query=query,
                answered=answered,
                scores=score_answer(value, query.answer) if answered.final else Scores({}),
                leakage=contamination(models.behind(answer.member, answer.model), query.as_of),
            )
        )
    return marked


def rows(marked: Mapping[str, Sequence[Marked]], models: Models) -> list[Row]:
    """One row per member, horizon and class of leakage; see `_row`. Members in their order, horizons ascending."""
    baseline = {item.query.key: item for item in marked.get(BASELINE, ())}
    found = []
    for member, items in marked.items():
        groups: dict[tuple[int, str], list[Marked]] = defaultdict(list)
        for item in items:
            groups[item.query.horizon_days, item.leakage].append(item)
        for (horizon, _), group in sorted(groups.items()):
            found.append(_row(member, horizon, group, baseline, models.asked_by(member)))
    return found


def _row(
    member: str,
    horizon: int,
    group: Sequence[Marked],
    baseline: Mapping[tuple[str, str], Marked],
    asked: ModelDates | None,
) -> Row:
    """Every metric is a mean over queries, or None where no answer has it; `intervals` has them with their intervals,
    resampling days.

    The divergences are means over the queries whose truth is not empty, `n_with_events`; Brier and log score over the
    answers that state probabilities, `n_probabilities`.

    A query without an answer counts 0 in the set metrics and is counted under `failed` by its reason, of which
    `invalid` and `unfinished` are two. One that could not be asked (provider, budget) says nothing about the member:
    it is counted there too, and not scored; `n_scored` are the others.
    """
    answers = [item.answered.answer for item in group]
    failed = Counter(str(answer.reason) for answer in answers if not isinstance(answer, Forecast))
    intervals = {metric: _mean(group, metric) for metric in METRICS}
    return {
        "member": member,
        "horizon_days": horizon,
        "n": len(group),
        "n_scored": sum(bool(item.scores.metrics) for item in group),
        "n_days": len(set(_days(group))),
        "n_with_events": sum(bool(item.query.answer) for item in group),
        "leakage": _leakage(group, asked),
        **{metric: None if interval is None else interval["mean"] for metric, interval in intervals.items()},
        "intervals": intervals,
        "n_probabilities": sum("brier" in item.scores.metrics for item in group),
        "diff_to_baseline": _differences(group, baseline),
        "invalid": failed[FailureReason.UNPARSEABLE],
        "unfinished": failed[FailureReason.UNFINISHED],
        "failed": dict(sorted(failed.items())),
        "unknown_codes": sum(len(item.scores.unknown_codes) for item in group),
        **_effort(group),
        "reliability": _reliability(group),
    }


def _mean(group: Iterable[Marked], metric: str) -> dict[str, float | None] | None:
    having = [item for item in group if metric in item.scores.metrics]
    if not having:
        return None
    values = [item.scores.metrics[metric] for item in having]
    return cluster_bootstrap(values, _days(having))[0].as_dict()


def _differences(group: Iterable[Marked], baseline: Mapping[tuple[str, str], Marked]) -> Row:
    """This member less the baseline on the queries that both answered or failed, and how many these are."""
    pairs = [(item, baseline[item.query.key]) for item in group if item.query.key in baseline]
    found: Row = {"baseline": BASELINE, "n": len(pairs)}
    for metric in COMPARED:
        both = [(own, other) for own, other in pairs if metric in own.scores.metrics and metric in other.scores.metrics]
        if not both:
            found[metric] = None
            continue
        left, right = ([item.scores.metrics[metric] for item in side] for side in zip(*both, strict=True))
        found[metric] = paired_cluster_bootstrap(left, right, _days([own for own, _ in both])).as_dict()
    return found


def _days(items: Iterable[Marked]) -> list[str]:
    return [item.query.question.day.isoformat() for item in items]


def _leakage(group: Sequence[Marked], asked: ModelDates | None) -> Row:
    cuts = [item.query.as_of for item in group]
    dates = dict.fromkeys(("model", "release_date", "knowledge_cutoff")) if asked is None else asdict(asked)
    return {
        "class": group[0].leakage,
        **dates,
        "answered_by": sorted({item.answered.answer.model for item in group if item.answered.answer.model}),
        "first_cut_off": min(cuts),
        "last_cut_off": max(cuts),
    }


def _effort(group: Sequence[Marked]) -> Row:
    """Totals over the group; money is None where a price is unknown, observations None where no tool was called."""
    effort = total([item.answered.effort for item in group])
    observations = {
        "n": effort.observations,
        "dated": effort.dated,
        "latest_added_at": effort.latest_added_at,
        "all_before_cut_off": effort.late == 0 if effort.dated else None,
    }
    return {
        "runs": effort.runs,
        "steps": effort.steps,
        "tool_calls": effort.tool_calls,
        "tokens": effort.tokens,
        "cost_usd": None if effort.unpriced else effort.cost_usd,
        "unpriced_calls": effort.unpriced,
        "seconds": sum(item.answered.seconds for item in group),
        "observations": observations if effort.observations else None,
    }


def _reliability(group: Iterable[Marked]) -> list[Row] | None:
    """Calibration over all (query, base code), in ten bins with their Wilson intervals; None without probabilities."""
    said, happened = [], []
    for item in group:
        answer = item.answered.answer
        p = probabilities(answer.value) if isinstance(answer, Forecast) else None
        if p is not None:
            said.append(p)
            happened.append([code in item.query.answer for code in cameo.base_codes()])
    if not said:
        return None
    bins = reliability_bins(outcome=np.array(happened, dtype=np.float64), probability=np.stack(said))
    return [asdict(found) for found in bins]
