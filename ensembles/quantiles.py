"""Pooling numeric forecasts given as quantiles: (..., members, levels) to (..., levels). NaN is an absent member.

Levels are probabilities between 0 and 1, growing, the same for all members (`interpolate_levels` brings them there).
Between its levels a member's quantile function is taken to be linear.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats
from ensembles.pooling import QUORUM, reaches

_CELLS = 4_000_000
"""Comparisons of places with quantiles held at once: 4 MB."""

_SAME = 1e-12
"""Levels closer than this are the same. Where a whole interval has one level, its middle is the quantile."""


def quantile_averaging(values: ArrayLike, *, levels: ArrayLike, quorum: float = QUORUM) -> Floats:
    """The mean of the members' quantiles, level by level (Vincent 1912; Lichtendahl, Grushka-Cockayne & Winkler 2013).

    Sharper than the linear pool: where members disagree about the place, the result does not spread over all of them.
    Raises ValueError for levels that are not between 0 and 1 and growing, quantiles that fall or are infinite, and a
    member that gave some levels only.
    """
    q, _, present = _members(values, levels)
    n = present.sum(axis=-1)
    total = np.where(present[..., None], q, 0.0).sum(axis=-2)
    reached = reaches(quorum, n, q.shape[-2])
    return np.where(reached[..., None], total / np.maximum(n, 1)[..., None], np.nan)


def linear_pool_of_cdfs(values: ArrayLike, *, levels: ArrayLike, quorum: float = QUORUM) -> Floats:
    """The quantiles of the mean of the members' cumulative distributions (Stone 1961), at the same levels.

    Beyond its outermost levels a member's quantile function goes on as straight as in its outermost interval, down to
    level 0 and up to 1: tails are finite. At least two levels. Raises ValueError as `quantile_averaging` does.
    """
    q, at, present = _members(values, levels)
    if len(at) < 2:
        raise ValueError("the tails of a distribution need at least two levels")
    curves, knots = _with_tails(q, at), np.concatenate([[0.0], at, [1.0]])
    flat = curves.reshape(-1, *curves.shape[-2:])
    chunk = max(1, _CELLS // (flat.shape[1] * flat.shape[2] ** 2))
    parts = [_pool_cdfs(flat[start : start + chunk], knots) for start in range(0, len(flat), chunk)]
    pooled = np.concatenate([np.empty((0, len(at))), *parts]).reshape(*q.shape[:-2], len(at))
    reached = reaches(quorum, present.sum(axis=-1), q.shape[-2])
    return np.where(reached[..., None], pooled, np.nan)


def interpolate_levels(values: ArrayLike, *, levels: ArrayLike, to: ArrayLike) -> Floats:
    """Quantiles at the levels `to`, of quantiles (..., levels) at `levels`: straight lines between those given.

    NaN stays NaN. Raises ValueError for a level of `to` outside the given ones: what lies there was not said.
    """
    q, at = _quantiles(values, levels)
    wanted = _levels(to)
    if wanted[0] < at[0] or wanted[-1] > at[-1]:
        raise ValueError(f"levels {wanted[0]}..{wanted[-1]} are not within the given {at[0]}..{at[-1]}")
    right = np.clip(np.searchsorted(at, wanted), 1, len(at) - 1) if len(at) > 1 else np.zeros(1, dtype=np.intp)
    left = np.maximum(right - 1, 0)
    share = (wanted - at[left]) / np.where(right > left, at[right] - at[left], 1.0)
    return np.asarray(q[..., left] + share * (q[..., right] - q[..., left]), dtype=np.float64)


def _with_tails(q: Floats, levels: Floats) -> Floats:
    """Quantiles at level 0, `levels` and 1: the outermost intervals go on."""
    bottom = q[..., :1] - levels[0] * (q[..., 1:2] - q[..., :1]) / (levels[1] - levels[0])
    top = q[..., -1:] + (1 - levels[-1]) * (q[..., -1:] - q[..., -2:-1]) / (levels[-1] - levels[-2])
    return np.concatenate([bottom, q, top], axis=-1)


def _pool_cdfs(curves: Floats, knots: Floats) -> Floats:
    """The mixture's quantiles (rows, inner knots), of members' quantiles (rows, members, knots) at levels 0..1.

    The mixture's distribution is straight between the places where a member's bends, and jumps where members put a
    mass on one point: it is followed through its limits from the left and from the right at each of those places.
    """
    present = ~np.isnan(curves[..., 0])
    places = np.sort(curves.reshape(len(curves), -1), axis=1)
    last = np.nan_to_num(np.fmax.reduce(places, axis=1, keepdims=True))
    places = np.where(np.isnan(places), last, places)
    share = present / np.maximum(present.sum(axis=1, keepdims=True), 1)
    height = np.zeros((*places.shape, 2))
    for member in range(curves.shape[1]):
        q = np.where(present[:, member, None], curves[:, member], 0.0)
        for side, below in enumerate((np.less, np.less_equal)):
            passed = below(q[:, None, :], places[:, :, None]).sum(axis=2)
            height[..., side] += share[:, member, None] * _cdf(q, knots, places, passed)
    path, along = height.reshape(len(curves), -1), np.repeat(places, 2, axis=1)
    return (_inverse(path, along, knots[1:-1] - _SAME) + _inverse(path, along, knots[1:-1] + _SAME)) / 2


def _cdf(q: Floats, knots: Floats, places: Floats, passed: NDArray[np.intp]) -> Floats:
    """The level at `places` (rows, places) of the line between the last knot passed and the next one."""
    left, right = np.maximum(passed - 1, 0), np.minimum(passed, len(knots) - 1)
    from_, to = np.take_along_axis(q, left, axis=1), np.take_along_axis(q, right, axis=1)
    share = np.divide(places - from_, to - from_, out=np.zeros_like(places), where=to > from_)
    return np.asarray(knots[left] + share * (knots[right] - knots[left]), dtype=np.float64)


def _inverse(path: Floats, along: Floats, levels: Floats) -> Floats:
    """Where a growing `path` (rows, points) of places `along` first reaches each of the levels: (rows, levels)."""
    reached = (path[:, None, :] < levels[:, None]).sum(axis=2)
    right = np.clip(reached, 1, path.shape[1] - 1)
    low, high = np.take_along_axis(path, right - 1, axis=1), np.take_along_axis(path, right, axis=1)
    start, end = np.take_along_axis(along, right - 1, axis=1), np.take_along_axis(along, right, axis=1)
    share = np.divide(levels - low, high - low, out=np.zeros_like(low), where=high > low)
    return np.asarray(start + np.clip(share, 0, 1) * (end - start), dtype=np.float64)


def _members(values: ArrayLike, levels: ArrayLike) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """The checked quantiles, their levels, and which members (..., members) are present."""
    q, at = _quantiles(values, levels)
    if q.ndim < 2 or not q.shape[-2]:
        raise ValueError("pooling needs at least one member on the last axis but one")
    absent = np.isnan(q)
    if (absent.any(axis=-1) != absent.all(axis=-1)).any():
        raise ValueError("a member gave some of the quantiles only: interpolate, or leave the member out")
    return q, at, ~absent[..., 0]


def _quantiles(values: ArrayLike, levels: ArrayLike) -> tuple[Floats, Floats]:
    q, at = np.asarray(values, dtype=np.float64), _levels(levels)
    if not q.ndim or q.shape[-1] != len(at):
        raise ValueError(f"quantiles of shape {q.shape} do not have the {len(at)} levels on their last axis")
    if np.isinf(q).any() or (np.diff(q, axis=-1) < 0).any():
        raise ValueError("quantiles must be finite and must not fall from level to level")
    return q, at


def _levels(levels: ArrayLike) -> Floats:
    at = np.asarray(levels, dtype=np.float64)
    if at.ndim != 1 or not at.size or not ((at > 0) & (at < 1)).all() or (np.diff(at) <= 0).any():
        raise ValueError("levels must lie between 0 and 1 and grow")
    return at
