"""Human and machine together, on the questions that have a human probability."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.benchmark.pooling.crowd import Crowd
from app.benchmark.pooling.learning import Applied, out_of_sample
from app.benchmark.pooling.measure import compared
from ensembles.hybrid import HUMAN_WEIGHT, fit_hybrid, hybrid
from ensembles.odds import Floats
from ensembles.pooling import linear_pool
from ensembles.stacking import fit_shrunk_stack

WEIGHTS = (0.9, 0.8, 0.7, 0.6, 0.5)


def hybrids(crowd: Crowd, past: Crowd | None, machine: Floats) -> list[dict[str, Any]]:
    """The hybrids of `machine`, (questions,), with the human probabilities; none where there are none.

    Fixed weights in log-odds, the plain average, and two that are learnt out of sample: slopes of both sides, and a
    stack of the members with the human as one more. `diff_to_human` and `diff_to_default` are paired.
    """
    rows = np.isfinite(crowd.human)
    if not rows.any():
        return []
    asked = crowd.where(rows)
    taught = None if past is None else past.where(np.isfinite(past.human))
    fixed = {_name(weight): hybrid(asked.human, machine[rows], human_weight=weight) for weight in WEIGHTS}
    fixed["average of probabilities"] = linear_pool(np.stack([asked.human, machine[rows]], axis=1))
    learnt = {
        name: out_of_sample(fit, asked, taught).probability
        for name, fit in (("learnt slopes", _slopes), ("stack with the human", _stack))
    }
    both = fixed | learnt
    to_human = compared(both, asked, asked.human)
    to_default = compared(both, asked, machine[rows])
    return [
        {
            "hybrid": name,
            "human_weight": next((weight for weight in WEIGHTS if _name(weight) == name), None),
            "recommended": name == _name(HUMAN_WEIGHT),
            "fitted": name in learnt,
            "n": len(asked),
            **{key: row[key] for key in ("brier", "log_loss", "skill_vs_base_rate")},
            "diff_to_human": row["diff"],
            "verdict": row["verdict"],
            "power": row["power"],
            "clusters_needed": row["clusters_needed"],
            "diff_to_default": to_default[name]["diff"],
        }
        for name, row in to_human.items()
    ]


def _name(weight: float) -> str:
    return f"{100 * weight:.0f}/{100 - 100 * weight:.0f}"


def _slopes(train: Crowd) -> Applied:
    learnt = fit_hybrid(train.human, train.pooled, outcome=train.outcome, weight=train.weight)
    return lambda crowd: learnt(np.stack([crowd.human, crowd.pooled], axis=1))


def _stack(train: Crowd) -> Applied:
    def beside(crowd: Crowd) -> Floats:
        return np.column_stack([crowd.probability, crowd.human])

    learnt = fit_shrunk_stack(beside(train), outcome=train.outcome, weight=train.weight)
    return lambda crowd: learnt(beside(crowd))
