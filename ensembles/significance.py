"""Intervals that respect clusters: questions of one day, or of one event, are not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_CHUNK = 2_000_000
"""Cluster weights held at once: 16 MB."""


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
    values: ArrayLike, clusters: ArrayLike, *, level: float = 0.95, n_boot: int = 2000, seed: int = 0
) -> list[Interval]:
    """Percentile intervals of column means, one per column, resampling whole clusters (Efron & Tibshirani 1993, ch. 8).

    `values` is (items,) or (items, columns), finite; `clusters` labels the items. All columns share the same draws, so
    columns of differences are paired. `n_boot` resamples are drawn from `seed`; `level` is between 0 and 1. With
    fewer than two clusters the bounds are NaN. Raises ValueError for values that are not finite or mismatched lengths.
    """
    matrix, labels = np.asarray(values, dtype=np.float64), np.asarray(clusters)
    if matrix.ndim not in (1, 2) or labels.ndim != 1:
        raise ValueError("values must be (items,) or (items, columns), and clusters (items,)")
    if not 0 < level < 1 or n_boot < 1:
        raise ValueError(f"level must lie between 0 and 1 and n_boot be at least 1, not {level} and {n_boot}")
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    if len(matrix) != len(labels) or not len(matrix):
        raise ValueError(f"{len(matrix)} values but {len(labels)} cluster labels: need as many, and at least one")
    if not np.isfinite(matrix).all():
        raise ValueError("values must be finite: leave out what was not scored")
    _, group = np.unique(labels, return_inverse=True)
    k = int(group.max()) + 1
    sizes = np.bincount(group).astype(np.float64)
    sums: NDArray[np.float64] = np.stack(
        [np.bincount(group, weights=column, minlength=k) for column in matrix.T], axis=1
    )
    means = matrix.mean(axis=0)
    if k < 2:
        return [Interval(float(mean), float("nan"), float("nan"), level) for mean in means]
    resampled = _resampled_means(sums, sizes, n_boot, seed)
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [Interval(float(m), float(a), float(b), level) for m, a, b in zip(means, low, high, strict=True)]


def _resampled_means(
    sums: NDArray[np.float64], sizes: NDArray[np.float64], n_boot: int, seed: int
) -> NDArray[np.float64]:
    """Means of shape (n_boot, columns): how often each cluster is drawn weighs its sums and its size."""
    totals = resampled_totals(np.column_stack([sums, sizes]), n_boot=n_boot, seed=seed)
    return totals[:, :-1] / totals[:, -1:]


def resampled_totals(columns: NDArray[np.float64], *, n_boot: int, seed: int) -> NDArray[np.float64]:
    """Column totals (n_boot, columns) of as many clusters as there are rows, drawn from them with replacement.

    Drawn in chunks, which leave the random stream as it is, so that many clusters do not fill the memory.
    """
    random = np.random.default_rng(seed)
    k = len(columns)
    chunk = max(1, _CHUNK // k)
    found = []
    for start in range(0, n_boot, chunk):
        times = random.multinomial(k, np.full(k, 1 / k), size=min(chunk, n_boot - start)).astype(np.float64)
        found.append(times @ columns)
    return np.concatenate(found)


def paired_cluster_bootstrap(
    a: ArrayLike, b: ArrayLike, clusters: ArrayLike, *, level: float = 0.95, n_boot: int = 2000, seed: int = 0
) -> Interval:
    """The interval of the mean of `a - b`, item by item, both (items,); see `cluster_bootstrap`.

    For several members against one, give `cluster_bootstrap` the columns of differences.
    """
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"a pair must be two arrays of one length, not {left.shape} and {right.shape}")
    return cluster_bootstrap(left - right, clusters, level=level, n_boot=n_boot, seed=seed)[0]
