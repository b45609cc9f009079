"""Power: hand-worked numbers, simulation, and agreement of the two directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.power import cluster_spread, clusters_at, clusters_needed, power, power_at


def test_power_by_hand() -> None:
    # Effect 3 standard errors: the chance to exceed 1.96 of them is that of z > -1.04.
    assert power_at(0.03, spread=0.1, n_clusters=100) == pytest.approx(0.8508, abs=1e-4)
    # (1.959964 + 0.841621)^2 = 7.8489 squared ratios of spread to effect.
    assert clusters_at(0.1, spread=1.0) == 785
    assert clusters_at(0.1, spread=1.0, target=0.9) == 1051  # (1.959964 + 1.281552)^2 = 10.5074


def test_a_gain_of_004_takes_about_240_questions_of_the_spread_that_market_questions_show() -> None:
    assert 225 <= clusters_at(0.004, spread=0.022) <= 260


def test_spread_of_rows_by_themselves_is_their_standard_deviation() -> None:
    values = [0.1, -0.2, 0.4, 0.0]
    assert cluster_spread(values, [0, 1, 2, 3]) == pytest.approx(np.std(values, ddof=1))
    # Clusters of 2 and 1 rows, mean 2: excess (1 + 2 - 4) / 1.5 and (3 - 2) / 1.5, so sqrt(2 * (2/3)^2 / 1).
    assert cluster_spread([1.0, 2.0, 3.0], ["a", "a", "b"]) == pytest.approx(np.sqrt(8) / 3)


def test_rows_that_repeat_their_cluster_add_no_power() -> None:
    values = np.random.default_rng(0).normal(0, 0.02, 60)
    once, often = power(values, np.arange(60)), power(np.repeat(values, 5), np.repeat(np.arange(60), 5))
    assert often == pytest.approx(once)
    assert clusters_needed(np.repeat(values, 5), np.repeat(np.arange(60), 5)) == clusters_needed(values, np.arange(60))


def test_power_is_how_often_simulated_intervals_show_the_effect() -> None:
    random = np.random.default_rng(1)
    size = random.integers(1, 6, 80)
    cluster = np.repeat(np.arange(80), size)
    shown, told = 0, []
    for _ in range(600):
        values = 0.004 + random.normal(0, 0.012, 80)[cluster] + random.normal(0, 0.01, len(cluster))
        spread = cluster_spread(values, cluster)
        shown += values.mean() - 1.96 * spread / np.sqrt(80) > 0
        told.append(power_at(0.004, spread=spread, n_clusters=80))
    assert shown / 600 == pytest.approx(np.mean(told), abs=0.05)


@given(st.floats(1e-4, 1), st.floats(1e-4, 10), st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_the_clusters_needed_are_the_fewest_that_do(effect: float, spread: float, target: float, level: float) -> None:
    n = clusters_at(effect, spread=spread, target=target, level=level)
    assert power_at(effect, spread=spread, n_clusters=n, level=level) >= target - 1e-9
    if n > 2:
        assert power_at(effect, spread=spread, n_clusters=n - 1, level=level) < target + 1e-9


def test_identical_scores_show_anything_and_one_cluster_nothing() -> None:
    assert power([0.0, 0.0, 0.0], [0, 1, 2]) == 1.0
    assert clusters_needed([0.0, 0.0, 0.0], [0, 1, 2]) == 2
    assert np.isnan(power([0.1, 0.2], ["a", "a"]))
    assert clusters_needed([0.1, 0.2], ["a", "a"]) is None
    assert np.isnan(cluster_spread([], []))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"difference": [0.1], "cluster": [0, 1]}, "shapes"),
        ({"difference": [0.1, np.nan], "cluster": [0, 1]}, "finite"),
        ({"difference": [0.1, 0.2], "cluster": [0, 1], "effect": 0}, "effect"),
        ({"difference": [0.1, 0.2], "cluster": [0, 1], "level": 95}, "level"),
    ],
)
def test_power_refuses_what_has_none(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        power(**arguments)
    with pytest.raises(ValueError, match=message):
        clusters_needed(**arguments)


def test_power_is_bounded_by_its_arguments() -> None:
    with pytest.raises(ValueError, match="two clusters"):
        power_at(0.1, spread=1.0, n_clusters=1)
    with pytest.raises(ValueError, match="target"):
        clusters_at(0.1, spread=1.0, target=1.0)
