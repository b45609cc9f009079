"""Numeric pools: hand-worked mixtures, an independent inversion, and what both must keep."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from ensembles.odds import Floats
from ensembles.quantiles import interpolate_levels, linear_pool_of_cdfs, quantile_averaging

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
POOLS: tuple[Callable[..., Floats], ...] = (quantile_averaging, linear_pool_of_cdfs)
MEMBER = st.lists(st.one_of(st.floats(-100, 100), st.integers(-3, 3).map(float)), min_size=5, max_size=5).map(sorted)
CROWD = st.lists(MEMBER, min_size=1, max_size=6)
both = pytest.mark.parametrize("pool", POOLS)


@both
@given(crowd=CROWD, data=st.data())
def test_pools_grow_ignore_order_and_turn_with_the_axis(
    pool: Callable[..., Floats], crowd: list[list[float]], data: st.DataObject
) -> None:
    pooled = pool(crowd, levels=LEVELS)
    assert (np.diff(pooled) >= -1e-9).all()
    assert pool(data.draw(st.permutations(crowd)), levels=LEVELS) == pytest.approx(pooled, abs=1e-6)
    assert pool(-np.array(crowd)[:, ::-1], levels=LEVELS) == pytest.approx(-pooled[::-1], abs=1e-6)
    assert pool(2 * np.array(crowd) + 5, levels=LEVELS) == pytest.approx(2 * pooled + 5, abs=1e-6)
    assert pool(crowd[:1], levels=LEVELS) == pytest.approx(crowd[0], abs=1e-6)
    assert pool([crowd[0]] * 4, levels=LEVELS) == pytest.approx(crowd[0], abs=1e-6)


@both
def test_absent_members_count_for_the_quorum_only(pool: Callable[..., Floats]) -> None:
    crowd = np.sort(np.random.default_rng(0).normal(0, 1, (3, 4, 5)), axis=-1)
    gaps = crowd.copy()
    gaps[0, 1] = gaps[1, :2] = gaps[2] = np.nan
    pooled = pool(gaps, levels=LEVELS)
    assert pooled[0] == pytest.approx(pool(crowd[0, [0, 2, 3]], levels=LEVELS))
    assert np.isnan(pooled[1:]).all()
    assert pool(gaps, levels=LEVELS, quorum=0.5)[1] == pytest.approx(pool(crowd[1, 2:], levels=LEVELS))
    assert np.isnan(pool(gaps, levels=LEVELS, quorum=0.0)[2]).all()
    assert pool(np.empty((0, 4, 5)), levels=LEVELS).shape == (0, 5)


def test_pools_by_hand() -> None:
    quartiles = [0.25, 0.5, 0.75]
    apart = [[0, 1, 2], [10, 11, 12]]
    assert quantile_averaging(apart, levels=quartiles).tolist() == [5, 6, 7]
    # Uniform on -1..3 and on 9..13, half the mass each: all between 3 and 9 is the median, and its middle is taken.
    assert linear_pool_of_cdfs(apart, levels=quartiles) == pytest.approx([1, 6, 11])
    # Uniform on -1..3 and on 1..5: from 1 to 3 the density is a quarter, outside an eighth.
    assert linear_pool_of_cdfs([[0, 1, 2], [2, 3, 4]], levels=quartiles) == pytest.approx([1, 2, 3])
    points = [[1, 1, 1], [1, 1, 1], [3, 3, 3]]
    assert linear_pool_of_cdfs(points, levels=quartiles) == pytest.approx([1, 1, 3]), "two thirds of the mass on 1"


def test_mixture_is_the_inverse_of_the_mean_of_the_members_distributions() -> None:
    crowd = np.sort(np.random.default_rng(1).normal(0, 3, (4, 5)), axis=-1)
    pooled = linear_pool_of_cdfs(crowd, levels=LEVELS)
    step = np.diff(crowd, axis=1)
    bottom, top = crowd[:, 0] - step[:, 0] * 0.05 / 0.2, crowd[:, -1] + step[:, -1] * 0.05 / 0.2
    curves, knots = np.column_stack([bottom, crowd, top]), np.array([0, *LEVELS, 1])

    def excess(x: float, level: float) -> float:
        return float(np.mean([np.interp(x, curve, knots) for curve in curves])) - level

    for level, quantile in zip(LEVELS, pooled, strict=True):
        assert brentq(excess, -100, 100, args=(level,), xtol=1e-12) == pytest.approx(quantile, abs=1e-8)


def test_linear_pool_spreads_over_members_that_quantile_averaging_draws_together() -> None:
    apart = [[-6, -5.5, -5, -4.5, -4], [4, 4.5, 5, 5.5, 6]]
    wide, sharp = (pool(apart, levels=LEVELS) for pool in (linear_pool_of_cdfs, quantile_averaging))
    assert wide[-1] - wide[0] > 4 * (sharp[-1] - sharp[0])


def test_questions_are_pooled_in_parts_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = np.sort(np.random.default_rng(2).normal(0, 1, (7, 2, 3, 5)), axis=-1)
    whole = linear_pool_of_cdfs(crowd, levels=LEVELS)
    assert whole.shape == (7, 2, 5)
    monkeypatch.setattr("ensembles.quantiles._CELLS", 1)
    assert linear_pool_of_cdfs(crowd, levels=LEVELS).tolist() == whole.tolist()


def test_interpolate_levels_by_hand_within_what_was_said() -> None:
    q = [[0.0, 10.0, 20.0], [np.nan] * 3]
    found = interpolate_levels(q, levels=[0.1, 0.5, 0.9], to=[0.1, 0.3, 0.5, 0.8, 0.9])
    assert found[0].tolist() == pytest.approx([0, 5, 10, 17.5, 20])
    assert np.isnan(found[1]).all()
    assert interpolate_levels([3.0], levels=[0.5], to=[0.5]).tolist() == [3.0]
    for outside in ([0.05, 0.5], [0.5, 0.95]):
        with pytest.raises(ValueError, match="not within the given"):
            interpolate_levels(q, levels=[0.1, 0.5, 0.9], to=outside)


@both
@pytest.mark.parametrize(
    ("q", "levels", "message"),
    [
        ([[2.0, 1.0]], [0.2, 0.8], "must not fall"),
        ([[1.0, np.inf]], [0.2, 0.8], "finite"),
        ([[1.0, np.nan]], [0.2, 0.8], "some of the quantiles only"),
        ([[1.0, 2.0]], [0.8, 0.2], "grow"),
        ([[1.0, 2.0]], [0.0, 0.2], "between 0 and 1"),
        ([[1.0, 2.0]], [0.2, 0.5, 0.8], "levels on their last axis"),
        ([1.0, 2.0], [0.2, 0.8], "at least one member"),
        (np.empty((0, 2)), [0.2, 0.8], "at least one member"),
        ([[]], [], "grow"),
    ],
)
def test_pools_refuse(pool: Callable[..., Floats], q: list[list[float]], levels: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pool(q, levels=levels)


def test_a_median_alone_can_be_averaged_and_has_no_distribution() -> None:
    assert quantile_averaging([[1.0], [3.0]], levels=[0.5]).tolist() == [2.0]
    with pytest.raises(ValueError, match="at least two levels"):
        linear_pool_of_cdfs([[1.0], [3.0]], levels=[0.5])
