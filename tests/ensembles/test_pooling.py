"""Pooling rules: what every rule must keep, each rule's own value, and the registry that names them."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.pooling import CLIP, extremize, linear_pool, logit_pool, median_pool, trimmed_mean_pool
from ensembles.registry import DEFAULT_RULE, POOLING, pooling_rule

MEMBERS = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=12)
every_rule = pytest.mark.parametrize("name", POOLING)


@every_rule
@given(members=MEMBERS, data=st.data())
def test_pooling_rules_keep_what_every_rule_must(name: str, members: list[float], data: st.DataObject) -> None:
    rule = pooling_rule(name)
    p = np.array(members)
    pooled = float(rule(p))
    assert p.min() - 1e-9 <= pooled <= p.max() + 1e-9
    assert float(rule(np.array(data.draw(st.permutations(members))))) == pytest.approx(pooled)
    assert float(rule(1 - p)) == pytest.approx(1 - pooled)
    assert float(rule(p[:1])) == pytest.approx(p[0])
    assert float(rule(np.full(5, p[0]))) == pytest.approx(p[0])


@every_rule
@given(members=MEMBERS, data=st.data())
def test_a_member_who_says_more_never_lowers_the_pool(name: str, members: list[float], data: st.DataObject) -> None:
    rule, which = pooling_rule(name), data.draw(st.integers(0, len(members) - 1))
    raised = np.array(members)
    raised[which] = data.draw(st.floats(members[which], 1.0))
    assert float(rule(raised)) >= float(rule(np.array(members))) - 1e-12


@every_rule
@given(members=MEMBERS, absent=st.integers(0, 4))
def test_absent_members_count_for_the_quorum_only(name: str, members: list[float], absent: int) -> None:
    rule = pooling_rule(name)
    some = np.array(members + [np.nan] * absent)
    assert float(rule(some, quorum=0.0)) == pytest.approx(float(rule(np.array(members))))
    assert np.isnan(rule(some, quorum=1.0)) == (absent > 0)
    assert np.isnan(rule(np.full(3, np.nan), quorum=0.0))


@every_rule
def test_rules_pool_the_last_axis(name: str) -> None:
    p = np.random.default_rng(0).random((2, 3, 5))
    assert pooling_rule(name)(p).shape == (2, 3)
    assert pooling_rule(name)(p)[1, 2] == pytest.approx(float(pooling_rule(name)(p[1, 2])))


@every_rule
@pytest.mark.parametrize("n", range(1, 13))
def test_a_share_that_equals_the_quorum_reaches_it(name: str, n: int) -> None:
    for present in range(1, n + 1):
        some = np.array([0.3] * present + [np.nan] * (n - present))
        assert float(pooling_rule(name)(some, quorum=present / n)) == pytest.approx(0.3)


@every_rule
def test_rules_refuse_what_is_no_crowd(name: str) -> None:
    rule = pooling_rule(name)
    for bad, message in (([1.5], "outside"), ([-0.1], "outside"), ([], "at least one member"), (0.5, "at least one")):
        with pytest.raises(ValueError, match=message):
            rule(bad)
    with pytest.raises(ValueError, match="quorum"):
        rule([0.5], quorum=60)


def test_each_rule_by_hand() -> None:
    crowd = [0.1, 0.2, 0.3, 0.4, 1.0]
    assert linear_pool(crowd) == pytest.approx(0.4)
    assert median_pool(crowd) == pytest.approx(0.3)
    assert trimmed_mean_pool(crowd) == pytest.approx(0.3)
    assert trimmed_mean_pool(crowd, trim=0.0) == pytest.approx(0.4)
    assert trimmed_mean_pool(np.linspace(0, 1, 100) ** 2, trim=0.29) == pytest.approx(
        np.mean(np.linspace(0, 1, 100)[29:71] ** 2)
    )
    assert trimmed_mean_pool([0.9, np.nan, 0.1, 0.2, 0.3, 0.4]) == pytest.approx(0.3), "trims those present"
    assert logit_pool([0.2, 0.8]) == pytest.approx(0.5)
    assert logit_pool([0.5, 0.9]) == pytest.approx(0.75), "odds 1 and 9, their mean 3"
    assert logit_pool([0.0, 0.0]) == pytest.approx(CLIP)
    assert logit_pool([0.0, 1.0]) == pytest.approx(0.5), "two sure members cancel"
    with pytest.raises(ValueError, match="trim"):
        trimmed_mean_pool(crowd, trim=0.5)


def test_too_few_members_pool_to_nothing() -> None:
    some = np.array([[0.2, 0.4, np.nan], [0.2, np.nan, np.nan]])
    for name in POOLING:
        pooled = pooling_rule(name)(some)
        assert 0.2 < pooled[0] < 0.4
        assert np.isnan(pooled[1])


@given(st.floats(0.0, 1.0), st.floats(0.01, 1000))
def test_extremize_keeps_its_side_of_one_half(p: float, alpha: float) -> None:
    found = float(extremize(p, alpha))
    assert 0 <= found <= 1
    assert float(extremize(1 - p, alpha)) == pytest.approx(1 - found, abs=1e-6)
    assert (found - 0.5) * (p - 0.5) >= 0
    assert float(extremize(p, 1.0)) == p
    if CLIP < p < 1 - CLIP and alpha > 1:
        assert abs(found - 0.5) >= abs(p - 0.5) - 1e-12


def test_extremize_by_hand() -> None:
    assert float(extremize(0.7, 2.0)) == pytest.approx(0.49 / (0.49 + 0.09))
    assert np.isnan(extremize([np.nan, 0.2], 2.0)).tolist() == [True, False]
    for p, alpha, message in (
        (1.5, 1.0, "outside"),
        (1.5, 2.0, "outside"),
        (0.5, 0.0, "alpha"),
        (0.5, np.inf, "alpha"),
    ):
        with pytest.raises(ValueError, match=message):
            extremize(p, alpha)


@every_rule
def test_registered_rules_resolve_with_one_signature_and_a_docstring(name: str) -> None:
    rule = pooling_rule(name)
    parameters = list(inspect.signature(rule).parameters.values())
    assert [p.name for p in parameters[:2]] == ["probability", "quorum"]
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in parameters[1:])
    assert rule.__doc__ and rule.__name__ == name


def test_pooling_rule_names_the_rules_for_one_it_does_not_know() -> None:
    assert DEFAULT_RULE in POOLING
    with pytest.raises(ValueError, match="unknown pooling rule 'magic': choose one of .*median_pool"):
        pooling_rule("magic")
