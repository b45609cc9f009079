"""Scores of numeric forecasts, given as quantiles or as an interval; lower is better.

NaN and infinities raise ValueError. Scores are in the units of the outcome, so that questions on different scales must
not be averaged as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats
from ensembles.scores import wilson


def pinball(*, outcome: ArrayLike, quantile: ArrayLike, level: ArrayLike) -> Floats:
    """Pinball loss of quantiles at `level`, 0 < level < 1: `level` times a shortfall, 1 - `level` times an excess.

    Shapes that broadcast (Koenker & Bassett 1978; Gneiting 2011).
    """
    import scoringrules  # here, and not where `auspex --help` would wait for it

    truth, said, share = _finite(outcome=outcome, quantile=quantile, level=level)
    _refuse_levels(share)
    return np.asarray(scoringrules.quantile_score(truth, said, share, backend="numpy"), dtype=np.float64)


def crps_quantiles(*, outcome: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> Floats:
    """The continuous ranked probability score from quantiles: twice the mean pinball loss (Berrisch & Ziel 2023).

    Quantiles (..., k), rising along the last axis, at rising levels (k,), against outcomes (...). As good as the levels
    are dense and even, such as .05, .15 to .95; with the median alone it is the absolute error.
    """
    import scoringrules

    truth, said, shares = _finite(outcome=outcome, quantiles=quantiles, levels=levels)
    _refuse_levels(shares)
    if shares.ndim != 1 or said.shape != (*truth.shape, *shares.shape):
        raise ValueError(
            f"need outcomes (...), quantiles (..., k) and levels (k,), not {truth.shape}, {said.shape}, {shares.shape}"
        )
    if (np.diff(shares) <= 0).any() or (np.diff(said, axis=-1) < 0).any():
        raise ValueError("levels must rise, and quantiles must not fall, along the last axis")
    return np.asarray(scoringrules.crps_quantile(truth, said, shares, backend="numpy"), dtype=np.float64)


def interval_score(*, outcome: ArrayLike, low: ArrayLike, high: ArrayLike, level: float) -> Floats:
    """The interval score of central intervals of `level`: width plus a fine for a miss (Gneiting & Raftery 2007).

    One shape for all three; the fine is `2 / (1 - level)` times the distance by which the outcome lies outside.
    """
    import scoringrules

    truth, below, above = _interval(outcome, low, high)
    _refuse_levels(np.asarray(level))
    return np.asarray(scoringrules.interval_score(truth, below, above, 1 - level, backend="numpy"), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often n intervals held the outcome, ends included, with a 95 % Wilson interval, and how wide they were.

    Wilson's takes the questions to be independent. The mean width is the sharpness: to be read with the coverage, for
    any share is reached by intervals wide enough.
    """

    n: int
    share: float
    low: float
    high: float
    mean_width: float
    median_width: float


def interval_coverage(*, outcome: ArrayLike, low: ArrayLike, high: ArrayLike) -> Coverage:
    """The coverage and sharpness of intervals, all of one shape; raises ValueError if there is none."""
    truth, below, above = _interval(outcome, low, high)
    if not truth.size:
        raise ValueError("no intervals to take the coverage of")
    inside, width = (below <= truth) & (truth <= above), above - below
    bottom, top = wilson(int(inside.sum()), truth.size)
    return Coverage(truth.size, float(inside.mean()), bottom, top, float(width.mean()), float(np.median(width)))


def _interval(outcome: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[Floats, Floats, Floats]:
    truth, below, above = _finite(outcome=outcome, low=low, high=high)
    if not truth.shape == below.shape == above.shape:
        raise ValueError(f"outcome, low and high must have one shape, not {truth.shape}, {below.shape}, {above.shape}")
    if (below > above).any():
        raise ValueError("an interval ends below its beginning")
    return truth, below, above


def _finite(**arrays: ArrayLike) -> tuple[Floats, ...]:
    found = tuple(np.asarray(array, dtype=np.float64) for array in arrays.values())
    for name, array in zip(arrays, found, strict=True):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds NaN or an infinity: leave out what was not forecast")
    return found


def _refuse_levels(levels: Floats) -> None:
    if not ((levels > 0) & (levels < 1)).all():
        raise ValueError("levels must lie between 0 and 1")
