"""What a rule's probabilities were worth, and whether the difference to another's means anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.benchmark.pooling.crowd import Crowd
from ensembles.odds import Floats
from ensembles.power import clusters_needed, power
from ensembles.scores import brier, log_score, skill
from ensembles.significance import Interval, cluster_bootstrap
from ensembles.triage import MIN_CLUSTERS


def summary(probability: Floats, crowd: Crowd) -> dict[str, Any]:
    """Brier score, log loss in nats, and skill against always saying the questions' own rate of yes, in hindsight."""
    score = float(brier(outcome=crowd.outcome, probability=probability).mean())
    rate = crowd.outcome.mean()
    always = float(brier(outcome=crowd.outcome, probability=np.full(len(crowd), rate)).mean())
    return {
        "brier": score,
        "log_loss": float(log_score(outcome=crowd.outcome, probability=probability).mean()),
        "skill_vs_base_rate": skill(score=score, reference=always),
    }


def compared(probabilities: Mapping[str, Floats], crowd: Crowd, against: Floats) -> dict[str, dict[str, Any]]:
    """Each rule's `summary`, and under `diff` its Brier score less that of `against`, paired, clusters resampled.

    `verdict` says in words what the interval says; `power` is the chance to see a difference of `power.EFFECT` with
    so many questions, `clusters_needed` how many it takes for a chance of 80 %, both None where nothing differs. All
    rules share the same draws.
    """
    reference = brier(outcome=crowd.outcome, probability=against)
    columns = [brier(outcome=crowd.outcome, probability=p) - reference for p in probabilities.values()]
    intervals = differences(np.stack(columns, axis=1), crowd)
    found = {}
    for (name, p), column, interval in zip(probabilities.items(), columns, intervals, strict=True):
        said, same = verdict(interval), not column.any()
        found[name] = summary(p, crowd) | {
            "diff": interval.as_dict(),
            "verdict": said,
            "power": None if same or few(crowd) else power(column, crowd.cluster),
            "clusters_needed": None if same or few(crowd) else clusters_needed(column, crowd.cluster),
        }
    return found


def differences(columns: Floats, crowd: Crowd) -> list[Interval]:
    """The mean of each of the columns (questions, columns), with its interval unless there are too few clusters."""
    intervals = cluster_bootstrap(columns, crowd.cluster)
    return [Interval(one.mean, np.nan, np.nan, one.level) if few(crowd) else one for one in intervals]


def few(crowd: Crowd) -> bool:
    """Whether there are so few clusters that resampling them says nothing: of five, 95 % intervals cover 80 %."""
    return len(np.unique(crowd.cluster)) < MIN_CLUSTERS


def verdict(difference: Interval) -> str:
    """A difference in a score where lower is better in words: "better", "worse", "no difference", or "the same"."""
    if np.isnan(difference.low):
        return "too few clusters to tell"
    if difference.mean == difference.low == difference.high == 0:
        return "the same"
    if difference.high < 0:
        return "better"
    if difference.low > 0:
        return "worse"
    return "no difference"
