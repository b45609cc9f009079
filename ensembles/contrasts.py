"""Intervals of what is no plain mean: a difference between groups, a relative change, any function of sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats
from ensembles.significance import Interval, cluster_sums, percentile_interval, resampled_totals


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
    matrix = np.asarray(columns, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError("columns must be (items, columns), and clusters (items,), with at least one item")
    sums = cluster_sums(matrix, clusters, level=level, n_boot=n_boot)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = float(statistic(sums.sum(axis=0)))
        whole = whole if np.isfinite(whole) else float("nan")
        drawn = np.asarray(statistic(resampled_totals(sums, n_boot=n_boot, seed=seed)), dtype=np.float64)
    return percentile_interval(whole, drawn if len(sums) > 1 else (), level=level, least=0.5)
