"""Bootstrap intervals: coverage, pairing, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles import significance
from ensembles.significance import Interval, cluster_bootstrap, paired_cluster_bootstrap, percentile_interval


def test_bootstrap_covers_and_pairs() -> None:
    random = np.random.default_rng(1)
    covered = 0
    for trial in range(100):
        clusters = np.repeat(np.arange(40), 5)
        values = random.normal(0, 1, 40)[clusters] + random.normal(0, 0.2, 200)
        [interval] = cluster_bootstrap(values, clusters, seed=trial, n_boot=400)
        covered += interval.low <= 0 <= interval.high
    assert 85 <= covered <= 99
    same = paired_cluster_bootstrap([1.0, 2.0], [1.0, 2.0], [0, 1])
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    assert cluster_bootstrap([1.0, 2.0], [0, 0])[0].as_dict()["low"] is None
    with pytest.raises(ValueError, match="finite"):
        cluster_bootstrap([np.nan], [0])


def test_ignoring_clusters_would_make_the_interval_too_narrow() -> None:
    effect = np.random.default_rng(2).normal(0, 1, 30)
    values, clusters = np.repeat(effect, 10), np.repeat(np.arange(30), 10)
    [by_cluster], [by_item] = cluster_bootstrap(values, clusters), cluster_bootstrap(values, np.arange(300))
    assert by_cluster.high - by_cluster.low > 2.5 * (by_item.high - by_item.low)


def test_resampling_by_weights_is_resampling_the_items() -> None:
    values, clusters = np.array([1.0, 2.0, 4.0]), ["a", "a", "b"]
    [interval] = cluster_bootstrap(values, clusters, n_boot=4000)
    # a a -> 1.5, a b -> 7/3, b b -> 4, with probability 1/4, 1/2, 1/4: the quantiles are the extremes.
    assert (interval.mean, interval.low, interval.high) == pytest.approx((7 / 3, 1.5, 4.0))
    [narrow] = cluster_bootstrap(values, clusters, n_boot=4000, level=0.4)
    assert (narrow.low, narrow.high) == pytest.approx((7 / 3, 7 / 3))


def test_columns_share_their_draws() -> None:
    values = np.random.default_rng(3).normal(size=(60, 2))
    both = np.column_stack([values, values[:, 0] - values[:, 1]])
    clusters = np.arange(60) // 3
    batch = cluster_bootstrap(both, clusters, seed=7)
    assert len(batch) == 3
    alone = cluster_bootstrap(values[:, 0], clusters, seed=7)[0]
    pair = paired_cluster_bootstrap(values[:, 0], values[:, 1], clusters, seed=7)
    assert batch[0].as_dict() == pytest.approx(alone.as_dict())
    assert batch[2].as_dict() == pytest.approx(pair.as_dict())


def test_the_interval_does_not_depend_on_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    values, clusters = np.random.default_rng(4).normal(size=50), np.arange(50) // 2
    whole = cluster_bootstrap(values, clusters, seed=5)
    monkeypatch.setattr(significance, "_CHUNK", 30 * 25)
    assert cluster_bootstrap(values, clusters, seed=5)[0].as_dict() == pytest.approx(whole[0].as_dict())


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 6)), min_size=2, max_size=40))
def test_intervals_lie_within_the_values_and_swap_with_the_sign(items: list[tuple[float, int]]) -> None:
    values, clusters = np.array([item[0] for item in items]), [item[1] for item in items]
    [found], [mirrored] = (cluster_bootstrap(v, clusters, n_boot=200) for v in (values, -values))
    if np.isnan(found.low):
        assert len(set(clusters)) == 1
        return
    assert values.min() - 1e-9 <= found.low <= found.high <= values.max() + 1e-9
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))


def test_percentile_interval_leaves_out_samples_without_a_value() -> None:
    found = percentile_interval(0.5, [np.nan, np.inf, *np.linspace(0, 1, 101)])
    assert (found.low, found.high) == pytest.approx((0.025, 0.975))
    assert np.isnan(percentile_interval(0.5, [np.nan, 0.5]).low)
    assert np.isnan(percentile_interval(np.nan, [0.0, 1.0]).low)
    assert np.isnan(percentile_interval(0.5, [0.0, 1.0, np.nan, np.nan, np.nan], least=0.5).low)


def test_interval_says_what_it_is() -> None:
    assert Interval(1.0, 0.5, 1.5).as_dict() == {"mean": 1.0, "low": 0.5, "high": 1.5, "level": 0.95}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [1.0, 2.0], "clusters": [0]}, "cluster labels"),
        ({"values": [], "clusters": []}, "cluster labels"),
        ({"values": 1.0, "clusters": [0]}, "values must be"),
        ({"values": [1.0, 2.0], "clusters": [0, 1], "level": 95}, "level must"),
        ({"values": [1.0, 2.0], "clusters": [0, 1], "n_boot": 0}, "n_boot"),
    ],
)
def test_bootstrap_refuses_what_it_cannot_resample(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cluster_bootstrap(**arguments)


@pytest.mark.parametrize("other", [np.zeros(1), np.zeros((3, 2))])
def test_pairs_must_match_item_by_item(other: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    with pytest.raises(ValueError, match="one length"):
        paired_cluster_bootstrap(np.ones((3, *other.shape[1:])), other, [0, 1, 2])
