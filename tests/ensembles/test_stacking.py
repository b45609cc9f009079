"""Stacks: the weights that made the outcomes, an independent optimiser, and how absent members are filled in."""

from __future__ import annotations

import numpy as np
import pytest

from ensembles.odds import Floats, expit, logit
from ensembles.stacking import StackedPool, fit_nonnegative_stack, fit_ridge_stack
from tests.ensembles.crowds import simulated


def made_by(weights: list[float], n: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Members' probabilities of independent log-odds, and outcomes drawn from their weighted sum."""
    random = np.random.default_rng(seed)
    x = random.normal(0, 1.5, (n, len(weights)))
    return expit(x), (random.random(n) < expit(x @ np.array(weights))).astype(np.float64)


def test_stacks_recover_the_weights_that_made_the_outcomes() -> None:
    p, outcome = made_by([0.9, 0.4, -0.3], 30_000)
    assert fit_ridge_stack(p, outcome=outcome).weights == pytest.approx((0.9, 0.4, -0.3), abs=0.05)
    p, outcome = made_by([0.9, 0.4, 0.0], 30_000)
    assert fit_nonnegative_stack(p, outcome=outcome).weights == pytest.approx((0.9, 0.4, 0.0), abs=0.05)


def test_a_harmful_member_is_left_out_by_the_nonnegative_stack_only() -> None:
    p, outcome = made_by([1.0, -0.5], 5000)
    assert fit_nonnegative_stack(p, outcome=outcome).weights[1] == 0
    assert fit_ridge_stack(p, outcome=outcome).weights[1] < -0.3


def test_ridge_stack_is_where_the_slope_of_the_stated_objective_is_nothing() -> None:
    p, outcome = simulated(150, (0.5, 1.0, 1.5))
    weight = np.random.default_rng(0).random(150) + 0.5
    w = np.array(fit_ridge_stack(p, outcome=outcome, weight=weight, strength=10.0).weights)
    x = logit(p)
    slope = x.T @ (weight * (expit(x @ w) - outcome)) + 10.0 * (w - 1 / 3)
    assert np.abs(slope).max() < 1e-6


def test_few_outcomes_stay_near_the_plain_pool_and_more_go_farther() -> None:
    distances = []
    for n in (10, 100, 1000):
        p, outcome = made_by([1.2, 0.0], n)
        distances.append(np.abs(np.array(fit_ridge_stack(p, outcome=outcome).weights) - 0.5).max())
    assert distances[0] < 0.25 and distances == sorted(distances)


def test_absent_members_count_as_the_mean_of_those_present() -> None:
    pool = StackedPool((0.7, 0.2, 0.3))
    mean = (logit(0.9) + logit(0.6)) / 2
    expected = expit(0.7 * logit(0.9) + 0.2 * mean + 0.3 * logit(0.6))
    assert float(pool([0.9, np.nan, 0.6])) == pytest.approx(float(expected))
    assert pool.parameters == {"w0": 0.7, "w1": 0.2, "w2": 0.3}
    p, outcome = made_by([0.6, 0.6], 40)
    gaps = p.copy()
    gaps[::2, 1] = np.nan
    filled = p.copy()
    filled[::2, 1] = p[::2, 0]
    assert fit_ridge_stack(gaps, outcome=outcome).weights == pytest.approx(
        fit_ridge_stack(filled, outcome=outcome).weights
    )


def test_a_stack_needs_a_ridge() -> None:
    with pytest.raises(ValueError, match="above 0"):
        fit_ridge_stack([[0.5]], outcome=[1], strength=0.0)
