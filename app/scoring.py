"""From what the ledger can score to a leaderboard with intervals.

Binary questions and relation questions are never averaged together, nor are forecasts made live and back-tests.
Intervals resample pairs of countries, because questions about one pair are not independent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import db.cameo as cameo
from db.ledger.ledger import Scorable
from db.questions.resolver import criterion_of
from db.records import Aggregate
from db.values import CodeSetValue, CodesValue, ProbabilityValue
from ensembles.scores import brier, log_score, set_scores, skill
from ensembles.significance import cluster_bootstrap

REFERENCE = "climatology"
METRICS = ("brier", "log_score", "brier_codes", "log_score_codes", "f1_root", "f1_base")


@dataclass(frozen=True, slots=True)
class Scored:
    """One forecast's metrics: of a binary question `brier` and `log_score`, of a relation question the others."""

    member: str
    question_id: str
    cluster: str
    live: bool
    metrics: dict[str, float]


def score(item: Scorable) -> Scored | None:
    """The metrics of one forecast, or None where its value and the outcome are not of a kind that is scored here."""
    forecast, outcome = item.forecast, item.resolution.outcome
    member = f"aggregate ({forecast.rule})" if isinstance(forecast, Aggregate) else forecast.member
    criterion = criterion_of(item.question)
    cluster = f"{criterion.subject}>{criterion.object}" if criterion else item.question.id
    if isinstance(forecast.value, ProbabilityValue) and isinstance(outcome, bool | float):
        pair = {"outcome": float(outcome), "probability": forecast.value.probability}
        metrics = {"brier": float(brier(**pair)), "log_score": float(log_score(**pair))}
    elif isinstance(forecast.value, CodesValue) and isinstance(outcome, tuple):
        metrics = score_codes(forecast.value, outcome)
    elif isinstance(forecast.value, CodeSetValue) and isinstance(outcome, tuple):
        metrics = score_set(forecast.value.selected, outcome)
    else:
        return None
    return Scored(member, item.question.id, cluster, item.live, metrics)


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
    """One row per member and track ("live", "back-test"): n, every metric with its interval, and skill.

    `skill_vs` is 1 - Brier / Brier of climatology on the binary questions that both answered; None without any.
    Rows are sorted by Brier score, members without one last.
    """
    groups: dict[tuple[bool, str], list[Scored]] = defaultdict(list)
    for item in scored:
        groups[item.live, item.member].append(item)
    rows = [_row(member, live, items, groups.get((live, REFERENCE), [])) for (live, member), items in groups.items()]
    return sorted(rows, key=lambda row: (row["track"], _mean(row["brier"]), _mean(row["brier_codes"])))


def _mean(interval: dict[str, float] | None) -> float:
    return float("inf") if interval is None else interval["mean"]


def _row(member: str, live: bool, items: Sequence[Scored], reference: Sequence[Scored]) -> dict[str, Any]:
    row: dict[str, Any] = {"member": member, "track": "live" if live else "back-test", "n": len(items)}
    row["n_binary"] = sum("brier" in item.metrics for item in items)
    row["n_relation"] = len(items) - row["n_binary"]
    for metric in METRICS:
        having = [item for item in items if metric in item.metrics]
        if not having:
            row[metric] = None
            continue
        values = [item.metrics[metric] for item in having]
        row[metric] = cluster_bootstrap(values, [item.cluster for item in having])[0].as_dict()
    known = {item.question_id: item.metrics["brier"] for item in reference if "brier" in item.metrics}
    shared = [item for item in items if item.question_id in known and "brier" in item.metrics]
    row["skill_vs"] = {"reference": REFERENCE, "skill": None, "n": len(shared)}
    if shared:
        own = float(np.mean([item.metrics["brier"] for item in shared]))
        row["skill_vs"]["skill"] = skill(score=own, reference=float(np.mean([known[i.question_id] for i in shared])))
    return row
