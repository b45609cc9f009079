"""Weights from the past: by hand, on simulated members of known worth, and how many members a crowd is worth."""

from __future__ import annotations

import numpy as np
import pytest

from ensembles.odds import expit, logit
from ensembles.weighting import (
    SHRINKAGE,
    WeightedPool,
    effective_number_of_members,
    fit_correlation_aware_pool,
    fit_inverse_variance_pool,
    fit_skill_weighted_logit_pool,
)
from tests.ensembles.crowds import simulated


def test_weights_by_hand() -> None:
    p, outcome = [[0.8, 0.6]], [1]  # squared errors .04 and .16, of the crowd .10
    scores = np.array([0.04 + 0.1, 0.16 + 0.1]) / 0.2  # with one question's worth of the crowd's score added
    found = fit_inverse_variance_pool(p, outcome=outcome, shrinkage=1.0)
    assert found.weights == pytest.approx(1 / scores / (1 / scores).sum())
    skilled = fit_skill_weighted_logit_pool(p, outcome=outcome, shrinkage=1.0)
    assert skilled.weights == pytest.approx(scores**-2 / (scores**-2).sum())
    assert fit_skill_weighted_logit_pool(p, outcome=outcome, sharpness=0.0).weights == pytest.approx((0.5, 0.5))


def test_weighted_pools_by_hand_and_weights_of_absent_members_fall_to_the_others() -> None:
    linear, in_odds = WeightedPool((0.5, 0.3, 0.2), in_odds=False), WeightedPool((0.5, 0.3, 0.2), in_odds=True)
    assert linear([0.2, 0.4, 0.9]) == pytest.approx(0.1 + 0.12 + 0.18)
    assert linear([np.nan, 0.4, 0.9]) == pytest.approx(0.6 * 0.4 + 0.4 * 0.9)
    assert in_odds([np.nan, 0.4, 0.9]) == pytest.approx(float(expit(0.6 * logit(0.4) + 0.4 * logit(0.9))))
    assert linear.parameters == {"w0": 0.5, "w1": 0.3, "w2": 0.2}
    trusted = WeightedPool((1.0, 0.0, 0.0), in_odds=False)
    assert np.isnan(trusted([np.nan, 0.4, 0.9])), "nobody present has any weight"


def test_skill_is_recovered_and_ranked() -> None:
    p, outcome = simulated(4000, (0.3, 1.0, 2.0))
    for fit in (fit_skill_weighted_logit_pool, fit_inverse_variance_pool, fit_correlation_aware_pool):
        best, middle, worst = fit(p, outcome=outcome).weights
        assert best > middle > worst
    score = ((p - outcome[:, None]) ** 2).mean(axis=0)
    expected = (1 / score) / (1 / score).sum()
    assert fit_inverse_variance_pool(p, outcome=outcome).weights == pytest.approx(expected, abs=0.01)


def test_answering_the_easy_questions_only_is_no_skill() -> None:
    outcome = np.tile([1.0, 1.0], 200)
    hard = np.tile([True, False], 200)
    same = np.where(hard, 0.4, 0.95)
    p = np.column_stack([same, same, np.where(hard, np.nan, same)])
    for fit in (fit_skill_weighted_logit_pool, fit_inverse_variance_pool):
        assert fit(p, outcome=outcome).weights == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_correlation_aware_weights_minimise_the_squared_error_of_the_past() -> None:
    p, outcome = simulated(3000, (0.4, 0.7, 1.1), shared=0.5, seed=1)
    weights = np.array(fit_correlation_aware_pool(p, outcome=outcome, shrinkage=1e-6).weights)
    error = p - outcome[:, None]
    least = ((error @ weights) ** 2).mean()
    for other in np.random.default_rng(0).dirichlet(np.ones(3), 300):
        assert least <= ((error @ other) ** 2).mean() + 1e-9


def test_two_members_that_err_together_share_what_one_would_get() -> None:
    random = np.random.default_rng(3)
    outcome = random.integers(0, 2, 20_000).astype(float)
    error = random.uniform(0, 0.4, (20_000, 2))[:, [0, 0, 1]] * random.uniform(0.9, 1.1, (20_000, 3))
    p = np.abs(outcome[:, None] - error)
    found = fit_correlation_aware_pool(p, outcome=outcome, shrinkage=1.0).weights
    assert found[0] + found[1] == pytest.approx(found[2], abs=0.05)
    plain = fit_inverse_variance_pool(p, outcome=outcome).weights
    assert plain == pytest.approx((1 / 3, 1 / 3, 1 / 3), abs=0.01)


def test_weights_stay_finite_where_correlations_do_not_fit_together_or_are_unknown() -> None:
    random = np.random.default_rng(5)
    p = random.random((60, 40))
    p[random.random(p.shape) < 0.8] = np.nan
    apart = np.where(np.tile([[True, False], [False, True]], (50, 1)), 0.7, np.nan)
    for matrix, n in ((p, 60), (apart, 100)):
        weights = fit_correlation_aware_pool(matrix, outcome=np.ones(n), shrinkage=1.0).weights
        assert np.isfinite(weights).all() and min(weights) >= 0 and sum(weights) == pytest.approx(1)
    assert fit_correlation_aware_pool(apart, outcome=np.ones(100)).weights == pytest.approx((0.5, 0.5))


def test_recent_questions_count_for_more() -> None:
    old, new = simulated(200, (0.2, 1.5)), simulated(200, (1.5, 0.2), seed=1)
    p, outcome = np.concatenate([old[0], new[0]]), np.concatenate([old[1], new[1]])
    age = np.repeat([365.0, 0.0], 200)
    flat = fit_skill_weighted_logit_pool(p, outcome=outcome).weights
    recent = fit_skill_weighted_logit_pool(p, outcome=outcome, age=age, half_life=30.0).weights
    assert recent[1] > flat[1] + 0.05
    halved = fit_skill_weighted_logit_pool(p, outcome=outcome, age=age, half_life=365.0).weights
    weighed = fit_skill_weighted_logit_pool(p, outcome=outcome, weight=np.repeat([0.5, 1.0], 200)).weights
    assert halved == pytest.approx(weighed)
    for ages, half_life in ((age, None), (None, 30.0), (age, 0.0), (-age, 30.0)):
        with pytest.raises(ValueError, match="age|half-life"):
            fit_skill_weighted_logit_pool(p, outcome=outcome, age=ages, half_life=half_life)
    with pytest.raises(ValueError, match="sharpness"):
        fit_skill_weighted_logit_pool(p, outcome=outcome, sharpness=-1.0)
    with pytest.raises(ValueError, match="shrinkage"):
        fit_inverse_variance_pool(p, outcome=outcome, shrinkage=0.0)


def test_shrinkage_halves_what_as_many_questions_say() -> None:
    n = int(SHRINKAGE)
    p, outcome = np.tile([[0.9, 0.7]], (n, 1)), np.ones(n)  # squared errors .01 and .09, of the crowd .05
    expected = 1 / np.array([0.03, 0.07])
    assert fit_inverse_variance_pool(p, outcome=outcome).weights == pytest.approx(expected / expected.sum())


def test_effective_number_of_members_by_hand() -> None:
    assert effective_number_of_members([[0.9, 0.9], [0.2, 0.2]], outcome=[1, 0]) == pytest.approx(1)
    assert effective_number_of_members([[0.9], [0.4]], outcome=[1, 0]) == 1
    assert effective_number_of_members([[0.9, 0.1], [0.2, 0.2]], outcome=[1, 1]) > 1
    # Errors (-.1, -.2) and (-.2, -.1): correlation .04 / .05.
    assert effective_number_of_members([[0.9, 0.8], [0.8, 0.9]], outcome=[1, 1]) == pytest.approx(2 / 1.8)
    apart = [[0.9, np.nan], [np.nan, 0.8]]
    assert np.isnan(effective_number_of_members(apart, outcome=[1, 1]))


def test_effective_number_is_what_the_mean_of_equal_members_gains() -> None:
    p, outcome = simulated(5000, (1.0,) * 6, seed=2)
    error = p - outcome[:, None]
    gain = (error**2).mean() / (error.mean(axis=1) ** 2).mean()
    assert effective_number_of_members(p, outcome=outcome) == pytest.approx(gain, rel=0.01)
    assert effective_number_of_members(p, outcome=outcome, weight=np.full(5000, 3.0)) == pytest.approx(gain, rel=0.01)
