"""Spread as a triage flag: where members disagree, look twice, if disagreement has meant error on such questions.

It does so on market questions and hardly on generated data questions, so it is judged source by source. And it is
judged against what needs no members at all: a forecast of .4 expects a larger error than one of .02, and members can
differ more there, so most of what spread seems to know the aggregate has said itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.contrasts import bootstrap_of_sums
from ensembles.odds import Floats, checked
from ensembles.significance import Interval, percentile_interval, resamples

FLAGGED = 0.2
"""The share of questions, those of the widest spread, that the flag picks out."""

MIN_CLUSTERS = 10
"""Of fewer clusters a resample repeats so many that the interval of a rank correlation means nothing."""

_N_BOOT = 1000


@dataclass(frozen=True, slots=True)
class Triage:
    """How well the members' spread foretold the aggregate's squared error, on n questions of one source, or of all.

    Three of Spearman's rank correlations with the error: `by_spread`; `by_doubt`, of the aggregate's own `p (1 - p)`,
    the error that it expects; and `beyond_doubt`, the partial one of spread with doubt held fixed, which is what the
    members' disagreement adds. NaN where a side does not vary; bounds NaN below MIN_CLUSTERS clusters.

    Flagged are the `n_flagged` questions with a spread of `threshold` or more, but none at the least spread of all.
    `error_flagged` and `error_rest` are the mean squared errors, NaN where there are none, `excess` their difference.
    """

    source: str | None
    n: int
    n_clusters: int
    by_spread: Interval
    by_doubt: Interval
    beyond_doubt: Interval
    threshold: float
    n_flagged: int
    error_flagged: float
    error_rest: float
    excess: Interval


def spread(probability: ArrayLike) -> Floats:
    """The standard deviation (divisor n) of the members present: (..., members) to (...), NaN where fewer than two are.

    Of probabilities, not of log-odds: there the widest spreads are of small numbers, on which little can go wrong.
    """
    p = checked(probability)
    n = (~np.isnan(p)).sum(axis=-1)
    above = p - np.fmin.reduce(p, axis=-1, keepdims=True)  # exactly 0 where all agree, so that ties are ties
    mean = np.nansum(above, axis=-1, keepdims=True) / np.maximum(n, 1)[..., None]
    variance = np.nansum((above - mean) ** 2, axis=-1) / np.maximum(n, 1)
    return np.where(n > 1, np.sqrt(variance), np.nan)


def triage(
    *,
    outcome: ArrayLike,
    probability: ArrayLike,
    aggregate: ArrayLike,
    cluster: ArrayLike,
    source: ArrayLike | None = None,
    flagged: float = FLAGGED,
    level: float = 0.95,
) -> list[Triage]:
    """What spread told of error over all questions (source None), and then of each source, in the order of their names.

    `probability` is (questions, members), the others (questions,): `aggregate` what the members were pooled to, and
    `cluster` the labels that the bootstraps draw by. A row with NaN in outcome, aggregate or spread is left out;
    `flagged`, between 0 and 1, is the share of questions to flag, more or fewer where spreads are tied. Raises
    ValueError where no row is left.
    """
    if not 0 < flagged < 1:
        raise ValueError(f"flagged must lie between 0 and 1, not {flagged}")
    width, truth, pooled = spread(probability), np.asarray(outcome, dtype=np.float64), checked(aggregate)
    labels = np.asarray(cluster)
    names = np.full(width.shape, "") if source is None else np.asarray(source).astype(str)
    if width.ndim != 1 or not width.shape == truth.shape == pooled.shape == labels.shape == names.shape:
        raise ValueError("probability must be (questions, members), and everything else (questions,)")
    error, doubt = (pooled - truth) ** 2, pooled * (1 - pooled)
    rows = ~np.isnan(width) & ~np.isnan(error)
    if not rows.any():
        raise ValueError("no question has an outcome, an aggregate and two members: nothing to judge the spread by")
    groups: list[tuple[str | None, NDArray[np.bool_]]] = [(None, rows)]
    if source is not None:
        groups += [(str(name), rows & (names == name)) for name in np.unique(names[rows])]
    return [_triage(name, width[here], doubt[here], error[here], labels[here], flagged, level) for name, here in groups]


def _triage(
    source: str | None,
    width: Floats,
    doubt: Floats,
    error: Floats,
    cluster: NDArray[Any],
    flagged: float,
    level: float,
) -> Triage:
    threshold = float(np.quantile(width, 1 - flagged))
    inside = ((width >= threshold) & (width > width.min())).astype(np.float64)
    groups = np.column_stack([inside * error, inside, (1 - inside) * error, 1 - inside])
    error_flagged, n_flagged, error_rest, n_rest = (float(total) for total in groups.sum(axis=0))
    by_spread, by_doubt, beyond_doubt = _correlations(width, doubt, error, cluster, level)
    return Triage(
        source=source,
        n=len(width),
        n_clusters=len(np.unique(cluster)),
        by_spread=by_spread,
        by_doubt=by_doubt,
        beyond_doubt=beyond_doubt,
        threshold=threshold,
        n_flagged=int(n_flagged),
        error_flagged=error_flagged / n_flagged if n_flagged else float("nan"),
        error_rest=error_rest / n_rest if n_rest else float("nan"),
        excess=bootstrap_of_sums(groups, cluster, _excess, level=level, n_boot=_N_BOOT),
    )


def _excess(sums: Floats) -> Floats:
    """Mean inside minus mean outside, of (..., 4) sums: errors and numbers inside, errors and numbers outside."""
    return np.asarray(sums[..., 0] / sums[..., 1] - sums[..., 2] / sums[..., 3], dtype=np.float64)


def _correlations(
    width: Floats, doubt: Floats, error: Floats, cluster: NDArray[Any], level: float
) -> tuple[Interval, ...]:
    """The three rank correlations with percentile intervals that resample clusters, ties at their mean rank.

    A resample is a weight for each row. Those in which a side does not vary have no correlation and do not count.
    """
    _, group = np.unique(cluster, return_inverse=True)
    k = int(group.max()) + 1
    ranked = tuple(_Ranked.of(column) for column in (width, doubt, error))
    values = _weighted(ranked, np.ones(len(width)))
    parts = resamples(k, n_boot=_N_BOOT, seed=0) if k >= MIN_CLUSTERS else ()
    drawn = np.array([_weighted(ranked, times[group]) for part in parts for times in part]).reshape(-1, 3)
    return tuple(
        percentile_interval(value, sample, level=level, least=0.5)
        for value, sample in zip(values, drawn.T, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The order of the rows (n,) by a value: groups of ties begin at `start` and end before `end` in that order, and
    `place` is the group of each row."""

    order: NDArray[np.intp]
    start: NDArray[np.intp]
    end: NDArray[np.intp]
    place: NDArray[np.intp]

    @classmethod
    def of(cls, values: Floats) -> Self:
        _, place, size = np.unique(values, return_inverse=True, return_counts=True)
        end = np.cumsum(size)
        return cls(np.argsort(place, kind="stable"), end - size, end, place)

    def doubled(self, weights: Floats) -> Floats:
        """Twice the mean rank, up to one half and less the mean of all, of rows that are there `weights` (n,) times:
        whole numbers, which floating point adds exactly."""
        below = np.zeros(len(weights) + 1)
        np.cumsum(weights[self.order], out=below[1:])
        return np.asarray((below[self.end] + below[self.start] - below[-1])[self.place], dtype=np.float64)


def _weighted(ranked: Sequence[_Ranked], weights: Floats) -> tuple[float, float, float]:
    """The three correlations of rows that are there as often as `weights` (n,) says. One draw at a time: what it takes
    stays in the processor's cache."""
    ranks = np.stack([values.doubled(weights) for values in ranked])
    sums: list[list[float]] = ((weights * ranks) @ ranks.T).tolist()

    def correlation(a: int, b: int) -> float:
        return _quotient(sums[a][b], math.sqrt(sums[a][a] * sums[b][b]))

    spread_error, doubt_error, spread_doubt = correlation(0, 2), correlation(1, 2), correlation(0, 1)
    rest = (1 - spread_doubt**2) * (1 - doubt_error**2)
    return spread_error, doubt_error, _quotient(spread_error - spread_doubt * doubt_error, math.sqrt(max(rest, 0.0)))


def _quotient(above: float, below: float) -> float:
    """NaN where `below` is nothing but rounding."""
    return above / below if below > 1e-9 else float("nan")
