"""Intervals that respect clusters: questions of one day, or of one event, are not independent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats

_CHUNK = 100_000
"""Cluster weights held at once, under 1 MB: what fits a processor's cache is drawn several times faster."""


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
    return cluster_bootstraps([(values, clusters)], level=level, n_boot=n_boot, seed=seed)[0]


def cluster_bootstraps(
    samples: Sequence[tuple[ArrayLike, ArrayLike]], *, level: float = 0.95, n_boot: int = 2000, seed: int = 0
) -> list[list[Interval]]:
    """`cluster_bootstrap` of each sample of (values, clusters), and the same numbers: draws depend on nothing but how
    many clusters there are, so that samples with as many share them, and many samples cost little more than one."""
    found: list[list[Interval]] = []
    alike: dict[int, list[tuple[int, Floats]]] = defaultdict(list)
    for place, (values, clusters) in enumerate(samples):
        matrix = np.asarray(values, dtype=np.float64)
        if matrix.ndim not in (1, 2):
            raise ValueError("values must be (items,) or (items, columns)")
        matrix = matrix[:, None] if matrix.ndim == 1 else matrix
        sums = cluster_sums(np.column_stack([matrix, np.ones(len(matrix))]), clusters, level=level, n_boot=n_boot)
        found.append([Interval(float(mean), float("nan"), float("nan"), level) for mean in matrix.mean(axis=0)])
        if len(sums) > 1:
            alike[len(sums)].append((place, sums))
    for group in alike.values():
        drawn = resampled_totals(np.concatenate([sums for _, sums in group], axis=1), n_boot=n_boot, seed=seed)
        widths = np.cumsum([sums.shape[1] for _, sums in group])[:-1]
        for (place, _), totals in zip(group, np.split(drawn, widths, axis=1), strict=True):
            low, high = np.quantile(totals[:, :-1] / totals[:, -1:], [(1 - level) / 2, (1 + level) / 2], axis=0)
            ends = zip(found[place], low, high, strict=True)
            found[place] = [Interval(known.mean, float(a), float(b), level) for known, a, b in ends]
    return found


def cluster_sums(columns: Floats, clusters: ArrayLike, *, level: float, n_boot: int) -> Floats:
    """The sums of (items, columns) over the items of each cluster, (clusters, columns); raises as `cluster_bootstrap`
    does for what no bootstrap can be made of."""
    labels = np.asarray(clusters)
    if not 0 < level < 1 or n_boot < 1:
        raise ValueError(f"level must lie between 0 and 1 and n_boot be at least 1, not {level} and {n_boot}")
    if labels.shape != columns.shape[:1] or not len(labels):
        raise ValueError(
            f"{len(columns)} values but cluster labels of shape {labels.shape}: need as many, and at least one"
        )
    if not np.isfinite(columns).all():
        raise ValueError("values must be finite: leave out what was not scored")
    _, group = np.unique(labels, return_inverse=True)
    return np.stack([np.bincount(group, weights=column) for column in columns.T], axis=1)


def resampled_totals(columns: Floats, *, n_boot: int, seed: int) -> Floats:
    """Column totals (n_boot, columns) of as many clusters as there are rows, drawn from them with replacement."""
    return np.concatenate([times @ columns for times in resamples(len(columns), n_boot=n_boot, seed=seed)])


def resamples(k: int, *, n_boot: int, seed: int, width: int = 0) -> Iterator[Floats]:
    """How often each of `k` clusters is drawn in `n_boot` samples with replacement: arrays (draws, k), one by one.

    Drawn in chunks, which leave the random stream as it is, so that many clusters, or arrays of (draws, `width`) made
    of them, do not fill the memory. Clusters are drawn one by one and counted: the multinomial distribution, without
    the binomial variate for each count that makes numpy's own sampler several times slower.
    """
    random = np.random.default_rng(seed)
    chunk = max(1, _CHUNK // max(k, width))
    for start in range(0, n_boot, chunk):
        draws = min(chunk, n_boot - start)
        drawn = random.integers(k, size=(draws, k))
        drawn += k * np.arange(draws)[:, None]  # each sample counts in a range of its own
        yield np.bincount(drawn.ravel(), minlength=draws * k).reshape(draws, k).astype(np.float64)


def percentile_interval(value: float, drawn: ArrayLike, *, level: float = 0.95, least: float = 0.0) -> Interval:
    """The interval of `value` between the percentiles of its bootstrap samples, those NaN or infinite left out.

    The bounds are NaN where `value` is, and where fewer than two samples or the share `least` of them are left.
    """
    samples = np.asarray(drawn, dtype=np.float64)
    known = samples[np.isfinite(samples)]
    if np.isnan(value) or known.size < 2 or known.size < least * samples.size:
        return Interval(float(value), float("nan"), float("nan"), level)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(value), float(low), float(high), level)


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
