"""Orders of options: balanced squares, averages that a liking for a place falls out of, and how much order matters."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.order import (
    average_orders,
    balanced_orders,
    cyclic_orders,
    mean_total_variation,
    order_sensitivity,
    top_changes,
)

THREE = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.3, 0.5]]
FAILED = [np.nan] * 3

rows = st.lists(st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3), min_size=2, max_size=6)


@pytest.mark.parametrize("n", range(1, 8))
def test_every_option_stands_in_every_place_equally_often(n: int) -> None:
    for orders, times in ((cyclic_orders(n), 1), (balanced_orders(n), 1 if n % 2 == 0 else 2)):
        assert orders.shape == (n * times, n)
        for place in range(n):
            assert Counter(orders[:, place].tolist()) == Counter(dict.fromkeys(range(n), times))


@pytest.mark.parametrize("n", range(2, 8))
def test_balanced_orders_put_every_option_after_every_other_equally_often(n: int) -> None:
    after = Counter((int(a), int(b)) for order in balanced_orders(n) for a, b in zip(order, order[1:], strict=False))
    assert after == Counter({(a, b): 1 if n % 2 == 0 else 2 for a in range(n) for b in range(n) if a != b})


def test_orders_by_hand() -> None:
    assert cyclic_orders(3).tolist() == [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    assert balanced_orders(4).tolist() == [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]]


@given(place=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6))
def test_liking_for_places_alone_averages_to_indifference(place: list[float]) -> None:
    n, liking = len(place), np.array(place) / sum(place)
    for orders in (cyclic_orders(n), balanced_orders(n)):
        p = np.empty(orders.shape)
        np.put_along_axis(p, orders, np.broadcast_to(liking, orders.shape), axis=1)
        assert average_orders(p) == pytest.approx(np.full(n, 1 / n))


def test_measures_by_hand() -> None:
    assert average_orders(THREE) == pytest.approx([1 / 3, 1.1 / 3, 0.3])
    assert mean_total_variation(THREE) == pytest.approx((0.6 + 0.5 + 0.3) / 3)
    assert top_changes(THREE) == 1
    assert top_changes([[0.5, 0.3, 0.2], [0.4, 0.35, 0.25]]) == 0
    assert top_changes([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]]) == 0, "the second is among the most probable in both"
    assert top_changes([[0.4, 0.4, 0.2], [0.2, 0.2, 0.6]]) == 1
    assert order_sensitivity([THREE, [[0.5, 0.3, 0.2]] * 3]) == pytest.approx(0.5)


@given(rows)
def test_total_variation_is_the_mean_over_pairs_and_no_order_of_orders_matters(found: list[list[float]]) -> None:
    p = np.array(found) / np.sum(found, axis=1, keepdims=True)
    pairs = [np.abs(a - b).sum() / 2 for a, b in combinations(p, 2)]
    assert mean_total_variation(p) == pytest.approx(np.mean(pairs))
    assert mean_total_variation(p[::-1]) == pytest.approx(float(mean_total_variation(p)))
    assert 0 <= mean_total_variation(p) <= 1 + 1e-12
    same = np.repeat(p[:1], 3, axis=0)
    assert (float(mean_total_variation(same)), float(top_changes(same))) == pytest.approx((0, 0))
    assert average_orders(same) == pytest.approx(p[0])
    assert average_orders(p).sum() == pytest.approx(1)


def test_failed_orders_are_left_out_down_to_a_quorum() -> None:
    two = [THREE[0], FAILED, THREE[1]]
    assert average_orders(two) == pytest.approx([0.4, 0.4, 0.2])
    assert mean_total_variation(two) == pytest.approx(0.6)
    assert top_changes(two) == 1
    one = [THREE[0], FAILED, FAILED]
    assert np.isnan(average_orders(one)).all()
    assert average_orders(one, quorum=0.3) == pytest.approx(THREE[0])
    assert np.isnan(mean_total_variation(one)) and np.isnan(top_changes(one))
    assert np.isnan(order_sensitivity([one])) and np.isnan(average_orders([FAILED], quorum=0.0)).all()
    assert order_sensitivity([one, THREE]) == 1, "what cannot be told is not counted"


def test_what_is_no_set_of_orders_is_refused() -> None:
    for p, message in (
        ([0.5, 0.5], "orders, options"),
        (np.zeros((0, 2)), "orders, options"),
        ([[0.5, 0.6]], "sum to 1"),
        ([[0.5, np.nan]], "some options only"),
        ([[1.5, -0.5]], "outside"),
    ):
        with pytest.raises(ValueError, match=message):
            average_orders(p)
