"""Pooling every kind of value: hand-worked values, quorum, bounds, and the same whatever the order of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.crowd import LearntRule, aggregate
from agents.pooled import QUANTILE_AVERAGING
from db.records import Aggregate, FailureReason, Forecast, MemberFailure
from db.values import (
    CodesValue,
    ProbabilitiesValue,
    ProbabilityValue,
    QuantilesValue,
    Value,
)
from ensembles.registry import POOLING

AS_OF = datetime(2025, 6, 1, tzinfo=UTC)
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
RULES = sorted(POOLING)


def forecast(member: str, value: Value) -> Forecast:
    return Forecast(question_id="q", member=member, as_of=AS_OF, created_at=AS_OF, value=value)


def failure(member: str) -> MemberFailure:
    return MemberFailure(question_id="q", member=member, as_of=AS_OF, created_at=AS_OF, reason=FailureReason.ERROR)


def pooled(values: Sequence[Value], *, failed: int = 0, rule: str = "logit_pool") -> Aggregate | None:
    answers = [forecast(f"m{at}", value) for at, value in enumerate(values)]
    return aggregate([*answers, *(failure(f"f{at}") for at in range(failed))], rule=rule, created_at=AS_OF)


def options(**probabilities: float) -> ProbabilitiesValue:
    return ProbabilitiesValue(probabilities=probabilities)


def quantiles(*values: float, levels: tuple[float, ...] = LEVELS) -> QuantilesValue:
    return QuantilesValue(levels=levels, values=values)


def test_options_pool_to_the_normalised_geometric_mean() -> None:
    found = pooled([options(a=0.5, b=0.3, c=0.2), options(c=0.2, a=0.8, b=0.0)])
    assert found is not None and isinstance(found.value, ProbabilitiesValue)
    means = np.sqrt(np.array([0.5 * 0.8, 0.3 * 0.001, 0.2 * 0.2]))  # 0 is clipped to .001
    assert [found.value.probabilities[name] for name in "abc"] == pytest.approx(list(means / means.sum()))
    assert found.rule == "logit_pool"
    assert found.spread == pytest.approx((0.15 + 0.15 + 0) / 3)


def test_options_by_the_linear_pool_average() -> None:
    found = pooled([options(a=0.5, b=0.5), options(a=0.8, b=0.2)], rule="linear_pool")
    assert found is not None and isinstance(found.value, ProbabilitiesValue)
    assert found.value.probabilities == pytest.approx({"a": 0.65, "b": 0.35})


def test_options_of_different_sets_are_not_pooled() -> None:
    assert pooled([options(a=0.5, b=0.5), options(a=0.5, c=0.5)]) is None


def test_quantiles_average_level_by_level() -> None:
    found = pooled([quantiles(0, 1, 2, 3, 4), quantiles(10, 11, 12, 13, 24)])
    assert found is not None
    assert found.value == quantiles(5, 6, 7, 8, 14)
    assert (found.rule, found.spread) == (QUANTILE_AVERAGING, 5.0)


def test_quantiles_by_the_linear_pool_spread_over_both_members() -> None:
    near, far = quantiles(0, 1, 2, 3, 4), quantiles(100, 101, 102, 103, 104)
    found = pooled([near, far], rule="linear_pool")
    assert found is not None and isinstance(found.value, QuantilesValue)
    assert found.rule == "linear_pool"
    assert found.value.values[1] == pytest.approx(2)  # half of the first quarter of the mixture is near's median
    assert found.value.values[3] == pytest.approx(102)


def test_quantiles_pool_at_the_levels_that_all_members_give() -> None:
    found = pooled([quantiles(0, 1, 2, 3, 4), quantiles(1, 4, 7, levels=(0.1, 0.5, 0.95))])
    assert found is not None
    assert found.value == quantiles(3, 5.5, levels=(0.5, 0.95))
    assert pooled([quantiles(1, levels=(0.4,)), quantiles(1, levels=(0.6,))]) is None


def test_rare_codes_keep_their_chance_by_every_rule_of_log_odds() -> None:
    rare = CodesValue(probabilities={"20": 1e-5, "203": 1e-5}, unlisted=1e-5)
    for rule in ("logit_pool", "extremized_logit_pool"):
        found = pooled([rare, rare], rule=rule)
        assert found is not None and isinstance(found.value, CodesValue)
        assert found.value.probabilities["203"] == pytest.approx(1e-5)
        assert (found.rule, found.parameters) == ("logit_pool", {"clip": 1e-6})


def test_kinds_of_value_do_not_mix() -> None:
    assert pooled([ProbabilityValue(probability=0.5), quantiles(0, 1, 2, 3, 4)]) is None


def test_people_markets_and_updates_are_neither_pooled_nor_missed() -> None:
    alone = aggregate([forecast("a", ProbabilityValue(probability=0.2))], created_at=AS_OF)
    beside = aggregate(
        [
            forecast("human:ada", ProbabilityValue(probability=0.9)),
            forecast("a", ProbabilityValue(probability=0.2)),
            forecast("a+shown", ProbabilityValue(probability=0.8)),
            failure("b+shown"),
            failure("supervisor:m"),
            failure("market:metaculus"),
        ],
        created_at=AS_OF,
    )
    assert alone is not None
    assert beside == alone
    assert aggregate([forecast("human:ada", ProbabilityValue(probability=0.9))], created_at=AS_OF) is None


def test_learnt_rule_weighs_members_by_name_not_by_place() -> None:
    def first_alone(p: object) -> np.ndarray:
        return np.asarray(p, dtype=np.float64)[..., 0]

    rule = LearntRule(
        name="learnt", parameters={"weight[b]": 1.0, "weight[a]": 0.0}, members=("b", "a"), pool=first_alone
    )
    answers = [forecast("a", ProbabilityValue(probability=0.1)), forecast("b", ProbabilityValue(probability=0.7))]
    for given_in in (answers, answers[::-1]):
        found = aggregate(given_in, rule=rule, created_at=AS_OF)
        assert found is not None
        assert found.value == ProbabilityValue(probability=0.7)
        assert (found.rule, found.parameters) == ("learnt", {"weight[b]": 1.0, "weight[a]": 0.0})
    assert aggregate([answers[0], failure("b")], rule=rule, created_at=AS_OF) is None
    with pytest.raises(ValueError, match="without 'c'"):
        aggregate([*answers, forecast("c", ProbabilityValue(probability=0.5))], rule=rule, created_at=AS_OF)
    choice = aggregate([forecast("a", options(x=0.4, y=0.6)), failure("b")], rule=rule, created_at=AS_OF)
    assert choice is None  # pooled by the default rule, and one of two is no quorum
    choice = aggregate([forecast("a", options(x=0.4, y=0.6))], rule=rule, created_at=AS_OF)
    assert choice is not None and choice.rule == "logit_pool"


chances = st.floats(0, 1, allow_subnormal=False)


@st.composite
def option_values(draw: st.DrawFn) -> list[Value]:
    k, n = draw(st.integers(2, 4)), draw(st.integers(1, 5))
    found: list[Value] = []
    for _ in range(n):
        shares = np.array(draw(st.lists(st.floats(0.01, 1), min_size=k, max_size=k)))
        found.append(ProbabilitiesValue(probabilities=dict(zip("abcd", shares / shares.sum(), strict=False))))
    return found


quantile_values = st.lists(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=5, max_size=5).map(
        lambda values: QuantilesValue(levels=LEVELS, values=tuple(sorted(values)))
    ),
    min_size=1,
    max_size=5,
)
code_values = st.lists(
    st.tuples(chances, chances, st.floats(0, 1e-3)).map(
        lambda p: CodesValue(probabilities={"04": p[0], "042": p[1]}, unlisted=p[2])
    ),
    min_size=1,
    max_size=5,
)
probability_values = st.lists(chances.map(lambda p: ProbabilityValue(probability=p)), min_size=1, max_size=5)
crowds = st.one_of(option_values(), quantile_values, code_values, probability_values)


@settings(deadline=None)
@given(values=crowds, failed=st.integers(0, 5), rule=st.sampled_from(RULES), data=st.data())
def test_order_of_the_answers_does_not_matter_and_failures_count_against_the_quorum(
    values: list[Value], failed: int, rule: str, data: st.DataObject
) -> None:
    answers: list[Forecast | MemberFailure] = [forecast(f"m{at}", value) for at, value in enumerate(values)]
    answers += map(failure, "abcde"[:failed])
    found = aggregate(answers, rule=rule, created_at=AS_OF)
    assert found == aggregate(data.draw(st.permutations(answers)), rule=rule, created_at=AS_OF)
    if len(values) < 0.6 * len(answers):
        assert found is None
    elif found is not None:
        assert found.n_failed == failed
        assert len(found.forecast_ids) == len(values)


def _columns(values: Sequence[Value]) -> list[list[float]]:
    """The numbers of each value, in one order for all."""
    found = []
    for value in values:
        if isinstance(value, QuantilesValue):
            found.append(list(value.values))
        elif isinstance(value, ProbabilitiesValue | CodesValue):
            found.append([value.probabilities[name] for name in sorted(value.probabilities)])
        elif isinstance(value, ProbabilityValue):
            found.append([value.probability])
    return found


@settings(deadline=None)
@given(values=crowds, rule=st.sampled_from(["linear_pool", "median_pool", "logit_pool"]))
def test_pooled_values_stay_within_their_bounds(values: list[Value], rule: str) -> None:
    found = pooled(values, rule=rule)
    if found is None:
        return
    assert type(found.value) is type(values[0])
    [column], members = _columns([found.value]), np.array(_columns(values))
    if isinstance(found.value, ProbabilitiesValue):
        assert sum(column) == pytest.approx(1) and min(column) >= 0
        return
    clipped = 1e-3 if isinstance(found.value, ProbabilityValue) else 1e-6  # codes are rounded to six digits besides
    slack = 2 * clipped * max(1.0, float(np.abs(members).max()))
    assert (np.array(column) >= members.min(axis=0) - slack).all()
    assert (np.array(column) <= members.max(axis=0) + slack).all()
