"""How far raters agree: the six intraclass correlations of a matrix of targets by raters, with F tests and intervals.

Which of the six is meant has to be said, because they answer different questions of the same matrix: one rater or the
mean of all (k); raters drawn anew for every target (1), a sample of raters whose severity counts as error (2), or just
these raters, whose severity does not matter (3). All six are always given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats

KINDS = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")
_ROUNDING = 1e-12
"""A spread this far below the ratings themselves is what subtracting equal numbers leaves, and counts as none."""


@dataclass(frozen=True, slots=True)
class Intraclass:
    """One intraclass correlation: at most 1, below 0 where targets differ less than their ratings scatter.

    `f` tests that targets do not differ, on `df1` and `df2` degrees of freedom; `low` and `high` bound the correlation.
    NaN is what the ratings do not define: equal ratings, or so few that a total variance is estimated as 0 or less.
    """

    kind: str
    icc: float
    f: float
    df1: int
    df2: int
    p: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """The two-way analysis of variance with one rating in each cell: mean squares, of `n` targets by `k` raters.

    `within` is that of the one-way analysis: raters and residual together.
    """

    targets: float
    raters: float
    residual: float
    within: float
    n: int
    k: int


class Complete(NamedTuple):
    """Which targets and which raters a listwise deletion keeps, boolean of shapes (targets,) and (raters,)."""

    targets: NDArray[np.bool_]
    raters: NDArray[np.bool_]


def intraclass(ratings: ArrayLike, *, level: float = 0.95) -> dict[str, Intraclass]:
    """The six intraclass correlations of a complete matrix (targets, raters), by the names in `KINDS`.

    ICC(1,1), ICC(2,1), ICC(3,1) and those of the mean of all k raters (Shrout & Fleiss 1979); intervals by McGraw &
    Wong (1996, tables 4 and 7). Those of a mean follow from those of one rating by Spearman-Brown, bounds included.
    Raises ValueError for a matrix smaller than 2 by 2, or with an absent rating: see `complete`.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    squares = mean_squares(ratings)
    n, k = squares.n, squares.k
    single = (
        _by_error("ICC1", squares, error=squares.within, df2=n * (k - 1), level=level),
        _absolute(squares, level),
        _by_error("ICC3", squares, error=squares.residual, df2=(n - 1) * (k - 1), level=level),
    )
    found = (*single, *(_of_mean(one, k) for one in single))
    return {one.kind: one for one in found}


def mean_squares(ratings: ArrayLike) -> MeanSquares:
    """The analysis of variance of a complete matrix (targets, raters); raises ValueError as `intraclass` does."""
    x = np.asarray(ratings, dtype=np.float64)
    if x.ndim != 2 or min(x.shape) < 2:
        raise ValueError(f"agreement needs at least 2 targets and 2 raters, not a matrix of shape {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError(
            f"{int((~np.isfinite(x)).sum())} ratings are absent or infinite: an intraclass correlation needs every "
            "rating, so leave out targets or raters with gaps first"
        )
    n, k = x.shape
    by_target, by_rater = x.mean(axis=1, keepdims=True), x.mean(axis=0, keepdims=True)
    smallest = (_ROUNDING * np.abs(x).max()) ** 2

    def mean_square(deviations: Floats, times: int, df: int) -> float:
        found = times * float((deviations**2).sum()) / df
        return found if found > smallest else 0.0

    return MeanSquares(
        targets=mean_square(by_target - x.mean(), k, n - 1),
        raters=mean_square(by_rater - x.mean(), n, k - 1),
        residual=mean_square(x - by_target - by_rater + x.mean(), 1, (n - 1) * (k - 1)),
        within=mean_square(x - by_target, 1, n * (k - 1)),
        n=n,
        k=k,
    )


def complete(ratings: ArrayLike) -> Complete:
    """Which targets and raters form a complete matrix: without raters who rated nothing, then without targets that
    lack a rating (listwise deletion). (targets, raters), NaN for an absent rating; nothing may be left."""
    present = np.isfinite(np.asarray(ratings, dtype=np.float64))
    raters: NDArray[np.bool_] = np.any(present, axis=0)
    targets: NDArray[np.bool_] = np.all(present[:, raters], axis=1)
    return Complete(targets=targets & raters.any(), raters=raters)


def _by_error(kind: str, squares: MeanSquares, *, error: float, df2: int, level: float) -> Intraclass:
    """ICC(1,1) with the mean square within targets as the error, ICC(3,1) with the residual one."""
    from scipy.stats import f as f_distribution

    between, k, df1 = squares.targets, squares.k, squares.n - 1
    f, p = _f_test(between, error, df1, df2)
    tail = (1 - level) / 2
    most, least = float(f_distribution.isf(tail, df1, df2)), float(f_distribution.ppf(tail, df1, df2))

    def correlation(times: float) -> float:
        return _ratio(between - times * error, between + (k - 1) * times * error)

    return Intraclass(kind, correlation(1.0), f, df1, df2, p, correlation(most), correlation(least), level)


def _absolute(squares: MeanSquares, level: float) -> Intraclass:
    """ICC(2,1): raters' severity is error too; its interval takes Satterthwaite's degrees of freedom `v`."""
    from scipy.stats import f as f_distribution

    between, raters, error, n, k = squares.targets, squares.raters, squares.residual, squares.n, squares.k
    df1, df2 = n - 1, (n - 1) * (k - 1)
    f, p = _f_test(between, error, df1, df2)
    icc = _ratio(between - error, between + (k - 1) * error + k * (raters - error) / n)
    a, b = k * icc * raters, (n * (1 + (k - 1) * icc) - k * icc) * error
    v = _ratio((a + b) ** 2, a**2 / (k - 1) + b**2 / df2)
    if np.isnan(v):
        v = df2  # no error at all: the bounds are the same for any v
    elif v < 1 - _ROUNDING:
        v = np.nan  # the approximation has broken down, and its bounds need not enclose the correlation
    tail = (1 - level) / 2
    most, least = float(f_distribution.isf(tail, df1, v)), float(f_distribution.ppf(tail, df1, v))
    others = k * raters + (k * n - k - n) * error

    def correlation(times: float) -> float:
        return _ratio(n * (between - times * error), times * others + n * between)

    return Intraclass("ICC2", icc, f, df1, df2, p, correlation(most), correlation(least), level)


def _of_mean(one: Intraclass, k: int) -> Intraclass:
    """The same correlation of the mean of `k` raters (Spearman-Brown)."""
    icc, low, high = (_ratio(k * single, 1 + (k - 1) * single) for single in (one.icc, one.low, one.high))
    return replace(one, kind=f"{one.kind}k", icc=icc, low=low, high=high)


def _f_test(between: float, error: float, df1: int, df2: int) -> tuple[float, float]:
    from scipy.stats import f as f_distribution

    if not error:
        return (float("inf"), 0.0) if between else (float("nan"), float("nan"))
    f = between / error
    return f, float(f_distribution.sf(f, df1, df2))


def _ratio(above: float, below: float) -> float:
    """NaN where what is divided by is nothing, or below it, as estimates of variances can be in small samples."""
    return float(above / below) if below > _ROUNDING * abs(above) else float("nan")
