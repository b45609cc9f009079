"""Pools over options: distributions stay distributions, and two options are a yes-or-no question."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.multiple_choice import log_linear_pool, pool_options
from ensembles.registry import POOLING, pooling_rule

few = settings(max_examples=30)  # of every rule
every_rule = pytest.mark.parametrize("rule", POOLING)


@every_rule
@few
@given(members=st.lists(st.floats(0, 1), min_size=1, max_size=8), absent=st.integers(0, 2))
def test_two_options_are_a_binary_question(rule: str, members: list[float], absent: int) -> None:
    p = np.array(members + [np.nan] * absent)
    found = pool_options(np.stack([p, 1 - p]), rule=rule, quorum=0.5)
    yes = float(pooling_rule(rule)(p, quorum=0.5))
    assert found.tolist() == pytest.approx([yes, 1 - yes], abs=1e-9, nan_ok=True)


@every_rule
def test_options_sum_to_one_whatever_the_order_of_members_and_options(rule: str) -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(4), (6, 5)).swapaxes(1, 2)  # questions, options, members
    p[0, :, 0] = np.nan
    pooled = pool_options(p, rule=rule)
    assert pooled.shape == (6, 4)
    assert pooled.sum(axis=1) == pytest.approx(np.ones(6))
    moved = pool_options(p[:, [2, 0, 3, 1]][..., ::-1], rule=rule)
    assert moved == pytest.approx(pooled[:, [2, 0, 3, 1]])
    assert pool_options(p[3], rule=rule) == pytest.approx(pooled[3])
    assert pool_options(np.empty((0, 4, 5)), rule=rule).shape == (0, 4)


def test_pools_by_hand() -> None:
    p = np.array([[0.6, 0.2], [0.3, 0.3], [0.1, 0.5]])
    assert pool_options(p, rule="linear_pool") == pytest.approx([0.4, 0.3, 0.3])
    means = np.sqrt([0.12, 0.09, 0.05])
    assert log_linear_pool(p) == pytest.approx(means / means.sum())
    assert pool_options(p) == pytest.approx(means / means.sum()), "the logit pool's form for many options"
    three = np.array([[0.6, 0.2, 0.5], [0.3, 0.3, 0.5], [0.1, 0.5, 0.0]])
    assert pool_options(three, rule="median_pool") == pytest.approx(np.array([0.5, 0.3, 0.1]) / 0.9)


@pytest.mark.parametrize("rule", ["linear_pool", "median_pool", "trimmed_mean_pool", "halawi_pool", "logit_pool"])
@few
@given(
    one=st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
    n=st.integers(1, 6),
)
def test_members_that_agree_are_left_as_they_are(rule: str, one: list[float], n: int) -> None:
    p = np.array(one) / sum(one)
    assert pool_options(np.repeat(p[:, None], n, axis=1), rule=rule) == pytest.approx(p, abs=1e-9)


def test_sure_members_that_differ_on_everything_pool_to_what_they_can() -> None:
    sure = np.eye(3)
    assert np.isnan(pool_options(sure, rule="median_pool")).all(), "every option's median is 0"
    assert pool_options(sure) == pytest.approx(np.full(3, 1 / 3))
    assert pool_options(np.eye(3, dtype=int), rule="linear_pool") == pytest.approx(np.full(3, 1 / 3))


def test_the_quorum_is_of_members_who_answered_the_question() -> None:
    p = np.array([[0.6, 0.2, np.nan], [0.4, 0.8, np.nan]])
    assert np.isnan(pool_options(p, quorum=0.7)).all()
    assert not np.isnan(pool_options(p, quorum=0.6)).any()
    assert np.isnan(pool_options(np.full((2, 3), np.nan), quorum=0.0)).all()


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([[0.5, np.nan], [0.5, 0.5]], "some of the options only"),
        ([[0.5], [0.4]], "do not sum to 1"),
        ([[1.2], [-0.2]], "outside"),
        ([[1.0]], "two options"),
        ([0.5, 0.5], "two options"),
        (np.empty((2, 0)), "two options by one member"),
    ],
)
def test_pool_options_refuses_what_is_no_distribution(p: list[list[float]], message: str) -> None:
    for rule in ("linear_pool", "logit_pool"):
        with pytest.raises(ValueError, match=message):
            pool_options(p, rule=rule)
    with pytest.raises(ValueError, match="unknown pooling rule"):
        pool_options([[0.5], [0.5]], rule="magic")
