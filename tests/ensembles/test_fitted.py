"""Learnt rules: what every one of them must keep, whatever it learns."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.fitted import Pool
from ensembles.odds import Floats
from ensembles.pooling import linear_pool, logit_pool
from ensembles.registry import FITTED, fitting_function
from tests.ensembles.crowds import simulated

NOISE = (0.3, 0.8, 0.8, 1.5)
CROWD = st.lists(st.floats(0.01, 0.99), min_size=4, max_size=4)
WITHIN_RANGE = ("skill_weighted_logit_pool", "inverse_variance_pool", "correlation_aware_pool")
ON_ODDS = [name for name in FITTED if name not in ("inverse_variance_pool", "correlation_aware_pool")]
MAY_BE_NEGATIVE = ("ridge_stack", "shrunk_stack")
few = settings(max_examples=30)  # of every rule
every_rule = pytest.mark.parametrize("name", FITTED)


@cache
def past() -> tuple[Floats, Floats]:
    p, outcome = simulated(300, NOISE, shared=0.7)
    p[np.random.default_rng(1).random(p.shape) < 0.1] = np.nan
    return p, outcome


@cache
def learnt(name: str) -> Pool:
    p, outcome = past()
    return fitting_function(name)(p, outcome=outcome)


@every_rule
@few
@given(members=CROWD)
def test_swapping_yes_and_no_swaps_the_answer(name: str, members: list[float]) -> None:
    pooled, p = learnt(name), np.array(members)
    assert float(pooled(1 - p)) == pytest.approx(1 - float(pooled(p)))
    assert 0 <= float(pooled(p)) <= 1


@every_rule
def test_what_is_learnt_does_not_depend_on_order_or_on_which_outcome_is_yes(name: str) -> None:
    p, outcome = past()
    fit, random = fitting_function(name), np.random.default_rng(2)
    order, rows = random.permutation(len(NOISE)), random.permutation(len(p))
    moved = fit(p[rows][:, order], outcome=outcome[rows])
    swapped = fit(1 - p, outcome=1 - outcome)
    new, _ = simulated(50, NOISE, seed=9)
    expected = learnt(name)(new).tolist()
    assert moved(new[:, order]).tolist() == pytest.approx(expected, abs=1e-6)
    assert swapped(new).tolist() == pytest.approx(expected, abs=1e-6)


@every_rule
def test_a_weight_of_two_is_the_row_given_twice_and_none_is_a_row_left_out(name: str) -> None:
    p, outcome = past()
    weight = np.tile([1.0, 2.0, 0.0], 100)
    rows = np.repeat(np.arange(300), weight.astype(int))
    weighed = fitting_function(name)(p, outcome=outcome, weight=weight)
    repeated = fitting_function(name)(p[rows], outcome=outcome[rows])
    assert weighed.parameters == pytest.approx(repeated.parameters, abs=1e-6)


@every_rule
def test_rules_pool_each_row_by_itself_with_absent_members(name: str) -> None:
    pool, (new, _) = learnt(name), simulated(60, NOISE, seed=3)
    new[np.random.default_rng(4).random(new.shape) < 0.2] = np.nan
    new[0] = np.nan
    pooled = pool(new.reshape(6, 10, 4))
    assert pooled.shape == (6, 10)
    assert pooled.ravel().tolist() == pytest.approx([float(pool(row)) for row in new], nan_ok=True)
    present = (~np.isnan(new)).sum(axis=1)
    assert (np.isnan(pooled.ravel()) == (present < 0.6 * 4)).all()
    assert not np.isnan(pool(new[1:][present[1:] > 0], quorum=0.0)).any()
    assert pool(np.empty((0, 4))).shape == (0,)


@every_rule
def test_nothing_known_changes_nothing_and_little_changes_little(name: str) -> None:
    new, _ = simulated(50, NOISE, seed=5)
    plain = logit_pool(new) if name in ON_ODDS else linear_pool(new)
    none = fitting_function(name)(np.empty((0, 4)), outcome=[])
    assert none(new).tolist() == pytest.approx(plain.tolist())
    p, outcome = simulated(4, NOISE, seed=6)
    if name != "nonnegative_stack":  # whose ridge is a light one, on purpose
        assert np.abs(fitting_function(name)(p, outcome=outcome)(new) - plain).max() < 0.05


@every_rule
def test_members_that_say_the_same_weigh_the_same(name: str) -> None:
    p, outcome = simulated(200, [0.8])
    weights = list(fitting_function(name)(np.repeat(p, 5, axis=1), outcome=outcome).parameters.values())
    assert weights == pytest.approx([weights[0]] * len(weights), abs=1e-6)


@pytest.mark.parametrize("name", WITHIN_RANGE)
@few
@given(members=CROWD)
def test_weighted_pools_lie_among_their_members(name: str, members: list[float]) -> None:
    pool, p = learnt(name), np.array(members)
    assert p.min() - 1e-9 <= float(pool(p)) <= p.max() + 1e-9
    assert float(pool(np.full(4, p[0]))) == pytest.approx(p[0])
    assert sum(pool.parameters.values()) == pytest.approx(1)
    alone = fitting_function(name)(past()[0][:, :1], outcome=past()[1])
    assert float(alone(p[:1])) == pytest.approx(p[0])


@pytest.mark.parametrize("name", [name for name in FITTED if name not in MAY_BE_NEGATIVE])
@few
@given(members=CROWD, which=st.integers(0, 3), more=st.floats(0, 1))
def test_a_member_who_says_more_never_lowers_the_pool(name: str, members: list[float], which: int, more: float) -> None:
    pool, raised = learnt(name), np.array(members)
    raised[which] += more * (1 - raised[which])
    assert float(pool(raised)) >= float(pool(np.array(members))) - 1e-12


@every_rule
def test_outcomes_told_apart_perfectly_and_sure_members_are_no_trouble(name: str) -> None:
    outcome = np.tile([0.0, 1.0], 50)
    p = np.column_stack([outcome, np.full(100, 0.5), 0.1 + 0.8 * outcome, 1 - outcome])
    pool = fitting_function(name)(p, outcome=outcome)
    assert np.isfinite(list(pool.parameters.values())).all()
    assert np.isfinite(pool(p)).all()
    everyone_right = fitting_function(name)(np.tile(outcome[:, None], 4), outcome=outcome.astype(int))
    assert np.isfinite(everyone_right(np.eye(4))).all()


@every_rule
def test_rules_refuse_what_cannot_be_learnt_from(name: str) -> None:
    fit = fitting_function(name)
    p = np.full((2, 3), 0.5)
    for outcome, weight, message in (
        ([0, np.nan], None, "0 or 1"),
        ([0, 0.5], None, "0 or 1"),
        ([0, 1, 1], None, "2 questions, but outcomes of shape"),
        ([0, 1], [1, -1], "not negative"),
        ([0, 1], [1], "weights of shape"),
    ):
        with pytest.raises(ValueError, match=message):
            fit(p, outcome=outcome, weight=weight)
    with pytest.raises(ValueError, match="matrix of questions by at least one member"):
        fit(p[0], outcome=[0, 1, 1])
    with pytest.raises(ValueError, match="outside"):
        fit(p + 1, outcome=[0, 1])
    for other in (np.full((2, 3), 0.5), 0.5):
        with pytest.raises(ValueError, match="member"):
            learnt(name)(other)
    with pytest.raises(ValueError, match="quorum"):
        learnt(name)([0.5] * 4, quorum=2)
