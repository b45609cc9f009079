"""Intervals of what is no plain mean: a difference between groups, a relative change, any function of sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats
from ensembles.significance import Interval, resampled_totals


def bootstrap_of_sums(
    columns: ArrayLike,
    clusters: ArrayLike,
    statistic: Callable[[Floats], Floats],
    *,
    level: float = 0.95,
    n_boot: int = 2000,
    seed: int = 0,
) -> Interval:
    """The percentile interval of `statistic(sums of columns)`, resampling whole clusters (Davison & Hinkley 1997, 2.4).

    `columns` is (items, columns), finite; `clusters` labels the items; `statistic` maps (..., columns) to (...). Of two
    groups, give a column of values and one of membership each: the quotients of their sums are the groups' means. Draws
    in which the statistic is NaN or infinite, such as one that holds nobody of a group, are left out; the bounds are
    NaN with fewer than two clusters or where most draws are. Raises ValueError as `cluster_bootstrap` does.
    """
    matrix, labels = np.asarray(columns, dtype=np.float64), np.asarray(clusters)
    if matrix.ndim != 2 or labels.shape != matrix.shape[:1] or not len(labels):
        raise ValueError("columns must be (items, columns), and clusters (items,), with at least one item")
    if not np.isfinite(matrix).all():
        raise ValueError("values must be finite: leave out what was not scored")
    if not 0 < level < 1 or n_boot < 1:
        raise ValueError(f"level must lie between 0 and 1 and n_boot be at least 1, not {level} and {n_boot}")
    _, group = np.unique(labels, return_inverse=True)
    k = int(group.max()) + 1
    sums: Floats = np.stack([np.bincount(group, weights=column, minlength=k) for column in matrix.T], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = float(statistic(sums.sum(axis=0)))
        whole = whole if np.isfinite(whole) else float("nan")
        drawn = np.asarray(statistic(resampled_totals(sums, n_boot=n_boot, seed=seed)), dtype=np.float64)
    drawn = drawn[np.isfinite(drawn)]
    if k < 2 or 2 * len(drawn) < n_boot:
        return Interval(whole, float("nan"), float("nan"), level)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(whole, float(low), float(high), level)
