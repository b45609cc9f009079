"""From what the ledger can score to a leaderboard with intervals.

Kinds of question are never averaged together, nor are forecasts made live and back-tests. Intervals resample
clusters of questions that are not independent (`db.clusters`): those about one pair of countries, or of one series.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

import db.cameo as cameo
from db.clusters import cluster_of
from db.ledger.scorable import Scorable
from db.questions.resolver import criterion_of
from db.records import Aggregate, MultipleChoiceQuestion, NumericQuestion, Question
from db.values import CodeSetValue, CodesValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue
from ensembles.numeric_scores import crps_quantiles, interval_coverage, pinball
from ensembles.scores import brier, brier_multi, log_score, set_scores, skill
from ensembles.significance import cluster_bootstrap

REFERENCE = "climatology"
METRICS = (
    "brier",
    "log_score",
    "brier_codes",
    "log_score_codes",
    "f1_root",
    "f1_base",
    "brier_multi",
    "log_score_multi",
    "crps",
    "pinball",
    "crps_relative",
    "coverage",
)
_IN_UNITS = ("crps", "pinball")
_KINDS = {"binary": "brier", "relation": "f1_root", "multiple_choice": "brier_multi", "numeric": "crps"}
"""The kinds of question, each with a metric that every scored answer of it has."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One forecast's metrics, whose names tell the kind of its question; `unit` is that of a number, and `made` its
    `as_of` and `created_at`.

    `coverage` is 1 or 0, whether the central interval held the outcome, and `coverage_nominal` its level.
    """

    member: str
    question_id: str
    cluster: str
    live: bool
    metrics: dict[str, float]
    made: tuple[datetime, datetime]
    unit: str = ""


def score(item: Scorable) -> Scored | None:
    """The metrics of one forecast, or None where its value and the outcome are not of a kind that is scored here."""
    forecast, question = item.forecast, item.question
    metrics = _metrics(item)
    if metrics is None:
        return None
    member = f"aggregate ({forecast.rule})" if isinstance(forecast, Aggregate) else forecast.member
    unit = question.unit if isinstance(question, NumericQuestion) else ""
    return Scored(
        member, question.id, _cluster(question), item.live, metrics, (forecast.as_of, forecast.created_at), unit
    )


def _cluster(question: Question) -> str:
    criterion = criterion_of(question)
    return cluster_of(
        question.id,
        source=question.source,
        source_id=question.source_id,
        subject="" if criterion is None else criterion.subject,
        object="" if criterion is None else criterion.object,
    )


def _metrics(item: Scorable) -> dict[str, float] | None:
    value, outcome = item.forecast.value, item.resolution.outcome
    if isinstance(value, ProbabilityValue) and isinstance(outcome, bool | float):
        pair = {"outcome": float(outcome), "probability": value.probability}
        return {"brier": float(brier(**pair)), "log_score": float(log_score(**pair))}
    if isinstance(value, CodesValue) and isinstance(outcome, tuple):
        return score_codes(value, outcome)
    if isinstance(value, CodeSetValue) and isinstance(outcome, tuple):
        return score_set(value.selected, outcome)
    if isinstance(value, ProbabilitiesValue) and isinstance(item.question, MultipleChoiceQuestion):
        return score_options(value, item.question.options, outcome)
    if isinstance(value, QuantilesValue) and isinstance(outcome, float):
        return score_quantiles(value, outcome)
    return None


def score_options(value: ProbabilitiesValue, options: Sequence[str], outcome: object) -> dict[str, float] | None:
    """Multi-category Brier score, 0..2, and log score of the option that came; None unless all options have a chance
    and one of them came."""
    if set(value.probabilities) != set(options) or outcome not in options:
        return None
    truth = [float(option == outcome) for option in options]
    p = [value.probabilities[option] for option in options]
    return {
        "brier_multi": float(brier_multi(outcome=truth, probability=p)),
        "log_score_multi": float(log_score(outcome=1.0, probability=p[truth.index(1.0)])),
    }


def score_quantiles(value: QuantilesValue, outcome: float) -> dict[str, float]:
    """CRPS and mean pinball loss in the outcome's unit; where the outermost levels are those of a central interval,
    whether it held the outcome."""
    levels, quantiles = np.array(value.levels), np.array(value.values)
    found = {
        "crps": float(crps_quantiles(outcome=outcome, quantiles=quantiles, levels=levels)),
        "pinball": float(pinball(outcome=outcome, quantile=quantiles, level=levels).mean()),
    }
    if len(levels) > 1 and np.isclose(levels[0] + levels[-1], 1):
        found["coverage"] = interval_coverage(outcome=[outcome], low=quantiles[:1], high=quantiles[-1:]).share
        found["coverage_nominal"] = float(levels[-1] - levels[0])
    return found


def score_codes(value: CodesValue, outcome: Sequence[str]) -> dict[str, float]:
    """Mean Brier and log score over the 149 base codes, and F1 of the chosen set at both levels."""
    base = cameo.base_codes()
    p = np.array([value.probabilities.get(code, value.unlisted) for code in base])
    truth = np.array([code in outcome for code in base])
    return {
        "brier_codes": float(brier(outcome=truth, probability=p).mean()),
        "log_score_codes": float(log_score(outcome=truth, probability=p).mean()),
        **score_set(value.selected, outcome),
    }


def score_set(selected: Sequence[str], outcome: Sequence[str]) -> dict[str, float]:
    """F1 of a chosen set of codes against the base codes that came, over roots and over base codes."""
    roots = {code[:2] for code in outcome}
    f1 = {}
    for name, level, true in (("f1_root", cameo.root_codes(), roots), ("f1_base", cameo.base_codes(), set(outcome))):
        chosen = np.array([[code in selected for code in level]])
        f1[name] = float(set_scores(outcome=np.array([[code in true for code in level]]), predicted=chosen).f1[0])
    return f1


def leaderboard(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """One row per member and track ("live", "back-test"): n questions by kind, every metric with its interval, skill.

    Of a member's several forecasts of a question the last counts, by `as_of` and then `created_at`.
    `skill_vs` is 1 - Brier / Brier of climatology on the binary questions that both answered; None without any.
    `crps` and `pinball` are None where a member's questions have different units; `crps_relative` is the CRPS of each
    question over the mean of the members' who answered it, below 1 the better. Rows are sorted by Brier score.
    """
    groups: dict[tuple[bool, str], list[Scored]] = defaultdict(list)
    for item in _with_relative_crps(_last_said(scored)):
        groups[item.live, item.member].append(item)
    rows = [_row(member, live, items, groups.get((live, REFERENCE), [])) for (live, member), items in groups.items()]
    return ranked(rows)


def ranked(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a leaderboard in its order: each track by Brier score, then by the scores of the other kinds."""
    by = ("brier", "brier_codes", "brier_multi", "crps_relative")
    return sorted(rows, key=lambda row: (row["track"], *(_mean(row[metric]) for metric in by)))


def empty_row(member: str, *, live: bool) -> dict[str, Any]:
    """The row of a member that has no score yet."""
    return _row(member, live, [], [])


def _last_said(scored: Sequence[Scored]) -> list[Scored]:
    """One forecast per track, member and question: the last, of two made at once the one that is given later."""
    last = {(item.live, item.member, item.question_id): item for item in sorted(scored, key=lambda item: item.made)}
    return list(last.values())


def _with_relative_crps(scored: Sequence[Scored]) -> list[Scored]:
    """Numeric answers with their CRPS over the mean of all members' on the same track: the aggregate is not one."""
    members: dict[tuple[bool, str], list[float]] = defaultdict(list)
    for item in scored:
        if "crps" in item.metrics and not item.member.startswith("aggregate ("):
            members[item.live, item.question_id].append(item.metrics["crps"])
    found = []
    for item in scored:
        mean = float(np.mean(members.get((item.live, item.question_id), [0.0])))
        relative = {"crps_relative": item.metrics["crps"] / mean} if "crps" in item.metrics and mean else {}
        found.append(replace(item, metrics=item.metrics | relative))
    return found


def _mean(interval: dict[str, float] | None) -> float:
    return float("inf") if interval is None else interval["mean"]


def _row(member: str, live: bool, items: Sequence[Scored], reference: Sequence[Scored]) -> dict[str, Any]:
    row: dict[str, Any] = {"member": member, "track": "live" if live else "back-test", "n": len(items)}
    row |= {f"n_{kind}": sum(metric in item.metrics for item in items) for kind, metric in _KINDS.items()}
    units = {item.unit for item in items if "crps" in item.metrics}
    for metric in METRICS:
        having = [item for item in items if metric in item.metrics]
        if not having or (metric in _IN_UNITS and len(units) > 1):
            row[metric] = None
            continue
        values = [item.metrics[metric] for item in having]
        row[metric] = cluster_bootstrap(values, [item.cluster for item in having])[0].as_dict()
    nominal = [item.metrics["coverage_nominal"] for item in items if "coverage_nominal" in item.metrics]
    row["coverage_nominal"] = float(np.mean(nominal)) if nominal else None
    row["unit"] = units.pop() if len(units) == 1 else None
    row["skill_vs"] = _skill(items, reference)
    return row


def _skill(items: Sequence[Scored], reference: Sequence[Scored]) -> dict[str, Any]:
    known = {item.question_id: item.metrics["brier"] for item in reference if "brier" in item.metrics}
    shared = [item for item in items if item.question_id in known and "brier" in item.metrics]
    found: dict[str, Any] = {"reference": REFERENCE, "skill": None, "n": len(shared)}
    if shared:
        own = float(np.mean([item.metrics["brier"] for item in shared]))
        found["skill"] = skill(score=own, reference=float(np.mean([known[item.question_id] for item in shared])))
    return found
