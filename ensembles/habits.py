"""What members lean to whatever the question: saying yes, and saying round numbers.

The silicon crowd of Schoenegger et al. (2024) forecast 57 % on average where 45 % came true, a lean to yes that its
authors call acquiescence. A matrix of forecasts goes in, questions by members, NaN for what was not said; each member
is judged on what it answered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats, checked
from ensembles.significance import Interval, cluster_bootstraps

_TOLERANCE = 1e-9
"""How far from a multiple a number may lie and still be round: 0.15 + 0.2 is not 0.35 in floating point."""


@dataclass(frozen=True, slots=True)
class Acquiescence:
    """A member's lean to yes on n questions: mean forecast minus resolution rate, positive for saying yes too much.

    Forecast and rate are both NaN, as is the lean, for a member that answered nothing.
    """

    n: int
    mean_forecast: float
    resolution_rate: float
    lean: Interval


def acquiescence(
    *, outcome: ArrayLike, probability: ArrayLike, cluster: ArrayLike, level: float = 0.95
) -> list[Acquiescence]:
    """Each member's lean to yes, with the interval of a bootstrap over clusters, in the order of the members.

    `probability` is (questions, members), `outcome` (questions,) in 0..1, NaN where open, `cluster` (questions,).
    """
    truth, p, labels = np.asarray(outcome, dtype=np.float64), checked(probability), np.asarray(cluster)
    if p.ndim != 2 or not p.shape[:1] == truth.shape == labels.shape:
        raise ValueError(
            "probability must be (questions, members), outcome and cluster (questions,): "
            f"they have shapes {p.shape}, {truth.shape} and {labels.shape}"
        )
    if ((truth < 0) | (truth > 1)).any():
        raise ValueError("an outcome lies outside 0..1")
    answered = [~np.isnan(said) & ~np.isnan(truth) for said in p.T]
    having = [place for place, rows in enumerate(answered) if rows.any()]
    unknown = Interval(np.nan, np.nan, np.nan, level)
    found = [Acquiescence(0, np.nan, np.nan, unknown) for _ in answered]
    leans: list[tuple[ArrayLike, ArrayLike]] = [
        (p[answered[place], place] - truth[answered[place]], labels[answered[place]]) for place in having
    ]
    for place, [lean] in zip(having, cluster_bootstraps(leans, level=level), strict=True):
        rows = answered[place]
        mean, rate = float(p[rows, place].mean()), float(truth[rows].mean())
        found[place] = Acquiescence(int(rows.sum()), mean, rate, lean)
    return found


@dataclass(frozen=True, slots=True)
class Roundness:
    """The shares of a member's n forecasts that are multiples of .05 and of .10, 0 and 1 included; NaN without any.

    Forecasts spread evenly over the whole per cent would show .21 and .11 (21 and 11 of the 101 values).
    """

    n: int
    share_of_fives: float
    share_of_tens: float


def roundness(probability: ArrayLike) -> list[Roundness]:
    """How often each member of a matrix (questions, members) says a round number, in the order of the members."""
    p = checked(probability)
    if p.ndim != 2:
        raise ValueError(f"probability must be (questions, members), not of shape {p.shape}")
    n = (~np.isnan(p)).sum(axis=0)
    fives, tens = (np.divide(_multiples(p, step), n, out=np.full(len(n), np.nan), where=n > 0) for step in (0.05, 0.1))
    return [Roundness(int(k), float(a), float(b)) for k, a, b in zip(n, fives, tens, strict=True)]


def _multiples(p: Floats, step: float) -> Floats:
    """How many of each column are multiples of `step`."""
    return np.asarray((np.abs(p - step * np.round(p / step)) <= _TOLERANCE).sum(axis=0), dtype=np.float64)
