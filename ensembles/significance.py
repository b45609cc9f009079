"""Intervals that respect clusters: questions of one day, or of one event, are not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its interval; `low` and `high` are NaN where there are too few clusters to tell."""

    mean: float
    low: float
    high: float
    level: float = 0.95

    def as_dict(self) -> dict[str, float | None]:
        """The interval as JSON wants it: what is not known is None."""
        pairs = {"mean": self.mean, "low": self.low, "high": self.high, "level": self.level}
        return {key: None if np.isnan(value) else float(value) for key, value in pairs.items()}


def cluster_bootstrap(
    values: ArrayLike, clusters: ArrayLike, *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> list[Interval]:
    """Percentile intervals of column means, resampling whole clusters (Efron & Tibshirani 1993, ch. 8).

    `values` is (items,) or (items, columns), finite; `clusters` labels the items. All columns share the same draws, so
    columns of differences are paired. With fewer than two clusters the bounds are NaN. Raises ValueError for NaN values
    or mismatched lengths.
    """
    matrix = np.asarray(values, dtype=np.float64)
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    labels = np.asarray(clusters)
    if len(matrix) != len(labels) or not len(matrix):
        raise ValueError(f"{len(matrix)} values but {len(labels)} cluster labels: need as many, and at least one")
    if not np.isfinite(matrix).all():
        raise ValueError("values must be finite: leave out what was not scored")
    _, group = np.unique(labels, return_inverse=True)
    k = int(group.max()) + 1
    sizes = np.bincount(group).astype(np.float64)
    sums = np.stack([np.bincount(group, weights=column, minlength=k) for column in matrix.T], axis=1)
    means = matrix.mean(axis=0)
    if k < 2:
        return [Interval(float(mean), float("nan"), float("nan"), level) for mean in means]
    random = np.random.default_rng(seed)
    weights: NDArray[np.float64] = random.multinomial(k, np.full(k, 1 / k), size=draws).astype(np.float64)
    resampled = (weights @ sums) / (weights @ sizes)[:, None]
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [Interval(float(m), float(a), float(b), level) for m, a, b in zip(means, low, high, strict=True)]


def paired_cluster_bootstrap(
    a: ArrayLike, b: ArrayLike, clusters: ArrayLike, *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval:
    """The interval of the mean of `a - b`, item by item; see `cluster_bootstrap`."""
    difference = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    return cluster_bootstrap(difference, clusters, level=level, draws=draws, seed=seed)[0]
