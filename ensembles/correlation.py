"""Correlations of two scores of the same things, with bootstrap intervals over the things.

A bootstrap sample is a weight for each item (how often it was drawn), so that all three coefficients of all samples
come out of a few matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats
from ensembles.significance import Interval, percentile_interval, resamples


@dataclass(frozen=True, slots=True)
class Correlations:
    """Pearson's r, Spearman's rho and Kendall's tau-b of `n` items, each -1..1 with its interval; NaN where a score
    does not vary."""

    n: int
    pearson: Interval
    spearman: Interval
    kendall: Interval


def correlations(
    first: ArrayLike, second: ArrayLike, *, level: float = 0.95, n_boot: int = 2000, seed: int = 0
) -> Correlations:
    """Correlate two scores (items,); items where either is NaN are left out, and `n` says how many were not.

    Percentile intervals that resample items (Efron & Tibshirani 1993, ch. 13); NaN of fewer than three items. Samples
    in which a score does not vary have no correlation and do not count. Ties have their mean rank.
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (first, second))
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"scores must be two arrays of one length, not of shapes {x.shape} and {y.shape}")
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    n = len(x)
    if n < 3:
        nothing = Interval(float("nan"), float("nan"), float("nan"), level)
        return Correlations(n, nothing, nothing, nothing)
    found = _weighted(x, y, np.ones((1, n)))
    samples = np.concatenate([_weighted(x, y, times) for times in resamples(n, n_boot=n_boot, seed=seed)], axis=1)
    pearson, spearman, kendall = (
        percentile_interval(value, values, level=level)
        for value, values in zip(found[:, 0].tolist(), samples, strict=True)
    )
    return Correlations(n, pearson, spearman, kendall)


def _weighted(x: Floats, y: Floats, weights: Floats) -> Floats:
    """The three coefficients, shape (3, samples), of weights (samples, items)."""
    above_x, above_y = np.sign(x[:, None] - x), np.sign(y[:, None] - y)
    pearson = _pearson(x, y, weights)
    spearman = _pearson(weights @ above_x.T, weights @ above_y.T, weights)  # mean ranks, up to a scale and a shift

    def pairs(agreement: Floats) -> Floats:
        return np.asarray(((weights @ agreement) * weights).sum(axis=1), dtype=np.float64)

    kendall = _quotient(pairs(above_x * above_y), pairs(np.abs(above_x)), pairs(np.abs(above_y)))
    return np.stack([pearson, spearman, kendall])


def _pearson(x: Floats, y: Floats, weights: Floats) -> Floats:
    n = weights.sum(axis=1, keepdims=True)
    dx = x - (weights * x).sum(axis=1, keepdims=True) / n
    dy = y - (weights * y).sum(axis=1, keepdims=True) / n
    return _quotient((weights * dx * dy).sum(axis=1), (weights * dx**2).sum(axis=1), (weights * dy**2).sum(axis=1))


def _quotient(covariance: Floats, spread_x: Floats, spread_y: Floats) -> Floats:
    spread = np.sqrt(spread_x * spread_y)
    varies: NDArray[np.bool_] = (spread_x > 1e-18) & (spread_y > 1e-18)
    return np.asarray(np.divide(covariance, spread, out=np.full(spread.shape, np.nan), where=varies), dtype=np.float64)
