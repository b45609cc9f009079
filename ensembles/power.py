"""What a comparison could have seen: "no difference" means little where a real one would have been missed.

The mean of paired differences is taken to be normal, with the spread that its clusters show (the usual approximation
for a ratio of sums over clusters, Cochran 1977, ch. 6), and the test is two-sided.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

EFFECT = 0.004
"""The gain in Brier score that is worth learning for, and about what learning has been seen to bring."""

TARGET = 0.8
"""The power by which a sample is called large enough (Cohen 1988)."""


def power(difference: ArrayLike, cluster: ArrayLike, *, effect: float = EFFECT, level: float = 0.95) -> float:
    """The chance, 0..1, that as many clusters as these show a true mean difference of `effect`.

    `difference` holds paired differences (n,), finite, `cluster` their labels (n,). NaN with fewer than two clusters.
    """
    spread = cluster_spread(difference, cluster)
    if math.isnan(spread):
        return math.nan
    return power_at(effect, spread=spread, n_clusters=len(np.unique(np.asarray(cluster))), level=level)


def clusters_needed(
    difference: ArrayLike, cluster: ArrayLike, *, effect: float = EFFECT, level: float = 0.95, target: float = TARGET
) -> int | None:
    """How many clusters like these it takes to show a true mean difference of `effect` with a power of `target`.

    See `power`; None with fewer than two clusters.
    """
    spread = cluster_spread(difference, cluster)
    return None if math.isnan(spread) else clusters_at(effect, spread=spread, level=level, target=target)


def cluster_spread(difference: ArrayLike, cluster: ArrayLike) -> float:
    """The standard deviation between clusters: the standard error of the mean difference times sqrt(clusters).

    With one row per cluster, the sample standard deviation. NaN with fewer than two clusters; raises ValueError for
    differences that are not finite, or not as many as labels.
    """
    values, labels = np.asarray(difference, dtype=np.float64), np.asarray(cluster)
    if values.ndim != 1 or values.shape != labels.shape:
        raise ValueError(f"difference and cluster must be (n,): they have shapes {values.shape} and {labels.shape}")
    if not np.isfinite(values).all():
        raise ValueError("differences must be finite: leave out what was not scored")
    _, group, size = np.unique(labels, return_inverse=True, return_counts=True)
    if len(size) < 2:
        return math.nan
    excess = (np.bincount(group, weights=values) - size * values.mean()) / size.mean()
    return float(np.sqrt((excess**2).sum() / (len(size) - 1)))


def power_at(effect: float, *, spread: float, n_clusters: int, level: float = 0.95) -> float:
    """The chance, 0..1, that the interval of `level` lies beyond 0, on the side of a true mean of `effect`."""
    _refuse(effect, spread, level)
    if n_clusters < 2:
        raise ValueError(f"an interval needs at least two clusters, not {n_clusters}")
    if spread == 0:
        return 1.0
    normal = NormalDist()
    return normal.cdf(effect * math.sqrt(n_clusters) / spread - normal.inv_cdf((1 + level) / 2))


def clusters_at(effect: float, *, spread: float, level: float = 0.95, target: float = TARGET) -> int:
    """The fewest clusters, two at least, with which `power_at` reaches `target`."""
    _refuse(effect, spread, level)
    if not 0 < target < 1:
        raise ValueError(f"target must lie between 0 and 1, not {target}")
    normal = NormalDist()
    errors = max(0.0, normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(target))
    return max(2, math.ceil((errors * spread / effect) ** 2))


def _refuse(effect: float, spread: float, level: float) -> None:
    if not (0 < effect < math.inf and 0 <= spread < math.inf):
        raise ValueError(f"effect must be above 0 and spread at least 0, both finite, not {effect} and {spread}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
