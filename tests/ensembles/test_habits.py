"""Habits of members: a lean to yes and a love of round numbers, by hand and in simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ensembles.habits import acquiescence, roundness

NAN = float("nan")


def test_acquiescence_by_hand() -> None:
    said = np.array([[0.8, NAN, NAN], [0.6, 0.2, NAN], [0.4, 0.1, 0.5]])
    found = acquiescence(outcome=[1, 0, NAN], probability=said, cluster=["a", "b", "c"])
    assert [member.n for member in found] == [2, 1, 0]
    assert (found[0].mean_forecast, found[0].resolution_rate) == pytest.approx((0.7, 0.5))
    # A lean of -.2 and one of +.6, which are also all that two clusters can be resampled to.
    assert (found[0].lean.mean, found[0].lean.low, found[0].lean.high) == pytest.approx((0.2, -0.2, 0.6))
    assert found[1].lean.mean == pytest.approx(0.2)
    assert np.isnan(found[1].lean.low), "one cluster has no interval"
    assert np.isnan([found[2].mean_forecast, found[2].resolution_rate, found[2].lean.mean]).all()


def test_a_lean_of_the_silicon_crowds_size_is_seen_and_honest_members_show_none() -> None:
    random = np.random.default_rng(0)
    chance = random.uniform(0.1, 0.8, 1500)
    truth = (random.random(1500) < chance).astype(float)
    said = np.stack([chance, np.minimum(chance + 0.12, 1)], axis=1)
    honest, yea_sayer = acquiescence(outcome=truth, probability=said, cluster=np.arange(1500) // 3)
    assert honest.lean.low < 0 < honest.lean.high
    assert yea_sayer.lean.low > 0.05
    swapped = acquiescence(outcome=1 - truth, probability=1 - said, cluster=np.arange(1500) // 3)
    assert swapped[1].lean.mean == pytest.approx(-yea_sayer.lean.mean)


def test_roundness_by_hand() -> None:
    said = np.array([[0.35, 0.15 + 0.2], [0.3, 0.31], [0.07, 0.7], [1.0, NAN], [0.0, NAN]])
    first, second = roundness(said)
    assert (first.n, first.share_of_fives, first.share_of_tens) == pytest.approx((5, 0.8, 0.6))
    assert (second.n, second.share_of_fives, second.share_of_tens) == pytest.approx((3, 2 / 3, 1 / 3))


def test_every_per_cent_once_is_round_as_often_as_the_docstring_says() -> None:
    [found] = roundness(np.arange(101)[:, None] / 100)
    assert (found.share_of_fives, found.share_of_tens) == pytest.approx((21 / 101, 11 / 101))
    [silent] = roundness([[NAN]])
    assert silent.n == 0
    assert np.isnan(silent.share_of_fives)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": [0.5, 0.5]}, "shapes"),
        ({"cluster": ["a"]}, "shapes"),
        ({"outcome": [1, 2]}, "outcome lies outside"),
        ({"probability": [[0.5], [1.5]]}, "outside 0..1"),
    ],
)
def test_habits_refuse_what_is_no_matrix_of_forecasts(change: dict[str, Any], message: str) -> None:
    columns: dict[str, Any] = {"outcome": [1, 0], "probability": [[0.5], [0.4]], "cluster": ["a", "b"]}
    with pytest.raises(ValueError, match=message):
        acquiescence(**(columns | change))
    with pytest.raises(ValueError, match="questions, members"):
        roundness([0.5])
