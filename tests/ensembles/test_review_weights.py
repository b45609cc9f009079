"""Weights from review and benchmarks: what they are, and that the gate has to let them in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.gate import forward_gains, gate
from ensembles.odds import Floats, expit, logit
from ensembles.pooling import logit_pool
from ensembles.review_weights import benchmark_weights, fitted_strength, rank_weights, review_weights, weighted_pool
from ensembles.weighting import WeightedPool

scores = st.lists(st.integers(-20, 20).map(lambda mark: mark / 10), min_size=1, max_size=8)


@settings(deadline=None)
@given(scores, st.floats(0.1, 5), st.floats(0, 1))
def test_weights_sum_to_one_and_follow_the_scores(score: list[float], temperature: float, shrinkage: float) -> None:
    for weights in (
        review_weights(score, temperature=temperature, shrinkage=shrinkage),
        benchmark_weights(score),
        rank_weights(score),
    ):
        assert weights.sum() == pytest.approx(1)
        assert (weights >= 0).all()
        best, worst = int(np.argmax(score)), int(np.argmin(score))
        assert weights[best] >= weights[worst] - 1e-12


def test_hand_worked_weights() -> None:
    assert review_weights([np.log(3), 0.0], shrinkage=0.0).tolist() == pytest.approx([0.75, 0.25])
    assert review_weights([np.log(3), 0.0], shrinkage=0.5).tolist() == pytest.approx([0.625, 0.375])
    assert review_weights([5.0, 1.0], shrinkage=1.0).tolist() == [0.5, 0.5]
    assert rank_weights([1200.0, 1300.0, 1100.0]).tolist() == pytest.approx([2 / 6, 3 / 6, 1 / 6])
    assert benchmark_weights([1.0, -1.0]).tolist() == pytest.approx([np.e**2 / (1 + np.e**2), 1 / (1 + np.e**2)])


def test_strength_zero_and_equal_scores_weigh_all_alike() -> None:
    for weigh in (benchmark_weights, rank_weights):
        assert weigh([3.0, 1.0, 2.0], strength=0.0).tolist() == pytest.approx([1 / 3] * 3)
        assert weigh([2.0, 2.0]).tolist() == pytest.approx([0.5, 0.5])


def test_strength_fitted_to_an_expert_brings_the_pool_to_the_experts_number() -> None:
    elo, said = [1282.0, 1240.0, 1190.0, 1078.0], [0.05, 0.10, 0.20, 0.48]
    strength = fitted_strength(elo, probability=said, expert=0.10)
    pool = weighted_pool(benchmark_weights(elo, strength=strength))
    assert float(pool(said)) == pytest.approx(0.10, abs=0.002)
    assert strength > 0  # the models that rank higher are nearer to this expert
    assert fitted_strength(elo, probability=[0.2] * 4, expert=0.1) == 0  # nothing to choose between


def test_pool_under_equal_weights_is_the_plain_logit_pool() -> None:
    p = [0.2, 0.5, 0.9]
    pool = weighted_pool([1.0, 1.0, 1.0])
    assert float(pool(p)) == pytest.approx(float(logit_pool(p)))
    assert float(weighted_pool([3.0, 1.0])([0.9, 0.1])) == pytest.approx(
        float(expit(0.75 * logit(0.9) + 0.25 * logit(0.1)))
    )


@pytest.mark.parametrize("helps", [True, False])
def test_weights_are_switched_on_only_if_they_win_on_later_outcomes(helps: bool) -> None:
    """What a review says of members has to prove itself like everything learnt: better marks, better forecasts."""
    random = np.random.default_rng(2)
    rounds, n = 6, 60
    truth = random.integers(0, 2, size=rounds * n).astype(np.float64)
    good = np.clip(0.5 + 0.35 * (2 * truth - 1) + random.normal(0, 0.1, truth.size), 0.02, 0.98)
    poor = np.clip(0.5 + random.normal(0, 0.25, truth.size), 0.02, 0.98)
    marked_up = [1.0, -1.0] if helps else [-1.0, 1.0]
    pool = weighted_pool(review_weights(marked_up, shrinkage=0.2))

    def reviewed(probability: Floats, *, outcome: Floats, weight: Floats) -> WeightedPool:
        return pool

    asked = np.repeat(np.arange(rounds), n).astype("datetime64[M]")
    gains = forward_gains(
        reviewed,
        np.column_stack([good, poor]),
        outcome=truth,
        asked_at=asked,
        known_at=asked + np.timedelta64(20, "D"),
        without=logit_pool,
    )
    verdict = gate(gains.gain, round=gains.round, cluster=np.arange(truth.size))
    assert verdict.on is helps, verdict.reason


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="one finite score"):
        review_weights([1.0, np.nan])
    with pytest.raises(ValueError, match="shrinkage"):
        review_weights([1.0], shrinkage=2.0)
    with pytest.raises(ValueError, match="temperature"):
        review_weights([1.0], temperature=0.0)
    with pytest.raises(ValueError, match="strength"):
        benchmark_weights([1.0], strength=np.inf)
    with pytest.raises(ValueError, match="expert"):
        fitted_strength([1.0, 2.0], probability=[0.1, 0.2], expert=1.0)
    with pytest.raises(ValueError, match="one probability for each"):
        fitted_strength([1.0, 2.0], probability=[0.1], expert=0.1)
    with pytest.raises(ValueError, match="not all 0"):
        weighted_pool([0.0, 0.0])
