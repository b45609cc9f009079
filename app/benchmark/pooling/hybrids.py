"""Human and machine together, on the questions that have a human probability."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.benchmark.pooling.crowd import Crowd
from app.benchmark.pooling.learning import Applied, Fit, out_of_sample
from app.benchmark.pooling.measure import compared
from app.benchmark.pooling.standing import gated
from ensembles.hybrid import HUMAN_WEIGHT, fit_hybrid, hybrid
from ensembles.odds import Floats
from ensembles.pooling import linear_pool
from ensembles.stacking import fit_shrunk_stack

WEIGHTS = (0.9, 0.8, 0.7, 0.6, 0.5)


def hybrids(crowd: Crowd, past: Crowd | None, machine: Floats) -> list[dict[str, Any]]:
    """The hybrids of `machine`, (questions,), with the human probabilities; none where there are none.

    Fixed weights in log-odds, the plain average, and two that are learnt: slopes of both sides, and a stack of the
    members with the human as one more. As used these stand behind the gate, and are the recommended one where it is
    not on; `ungated` is what they say out of sample. `diff_to_human` and `diff_to_default` are paired.
    """
    rows = np.isfinite(crowd.human)
    if not rows.any():
        return []
    asked = crowd.where(rows)
    taught = None if past is None else past.where(np.isfinite(past.human))
    fixed = {_name(weight): hybrid(asked.human, machine[rows], human_weight=weight) for weight in WEIGHTS}
    fixed["average of probabilities"] = linear_pool(np.stack([asked.human, machine[rows]], axis=1))
    standings = {name: gated(fit, asked, taught, _recommended) for name, fit in _LEARNT.items()}
    as_used = fixed | {name: standing.probability for name, standing in standings.items()}
    to_human, to_default = (compared(as_used, asked, other) for other in (asked.human, machine[rows]))
    found = []
    for name, row in to_human.items():
        line = {
            "hybrid": name,
            "human_weight": next((weight for weight in WEIGHTS if _name(weight) == name), None),
            "recommended": name == _name(HUMAN_WEIGHT),
            "fitted": name in _LEARNT,
            "n": len(asked),
            "diff_to_default": to_default[name]["diff"],
            **_named(row),
        }
        if name in _LEARNT:
            line["gate"] = {"on": standings[name].on, "reason": standings[name].reason}
            line["ungated"] = _ungated(_LEARNT[name], asked, taught)
        found.append(line)
    return found


def _ungated(fit: Fit, asked: Crowd, taught: Crowd | None) -> dict[str, Any]:
    """What a learnt hybrid was worth on the questions that it could be learnt for, whatever the gate says."""
    found = out_of_sample(fit, asked, taught, _recommended)
    n_learnt = {"n_learnt": int(found.learnt.sum())}
    if not found.learnt.any():
        return n_learnt
    rows = asked.where(found.learnt)
    [row] = compared({"": found.probability[found.learnt]}, rows, rows.human).values()
    return n_learnt | _named(row)


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {("diff_to_human" if key == "diff" else key): value for key, value in row.items()}


def _recommended(crowd: Crowd) -> Floats:
    """The fixed hybrid, which learnt ones fall back to."""
    return hybrid(crowd.human, crowd.pooled)


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


_LEARNT: dict[str, Fit] = {"learnt slopes": _slopes, "stack with the human": _stack}
