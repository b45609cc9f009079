"""The crowd: sets without probabilities vote, and are never taken for probabilities."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agents.crowd import aggregate
from db.records import FailureReason, Forecast, MemberFailure
from db.values import CodeSetValue, CodesValue, ProbabilityValue, Value

AS_OF = datetime(2025, 6, 1, tzinfo=UTC)


def forecasts(*values: Value) -> list[Forecast | MemberFailure]:
    return [
        Forecast(question_id="q", member=f"m{at}", as_of=AS_OF, created_at=AS_OF, value=value)
        for at, value in enumerate(values)
    ]


def failed(n: int) -> list[MemberFailure]:
    return [
        MemberFailure(question_id="q", member=f"f{at}", as_of=AS_OF, created_at=AS_OF, reason=FailureReason.ERROR)
        for at in range(n)
    ]


def test_set_votes_on_the_set_and_leaves_the_probabilities_alone() -> None:
    codes = CodesValue(probabilities={"04": 0.4, "042": 0.4, "13": 0.2}, selected=("04", "042"))
    with_set = aggregate(forecasts(codes, CodeSetValue(selected=("13", "130"))), rule="linear_pool", created_at=AS_OF)
    alone = aggregate(forecasts(codes), rule="linear_pool", created_at=AS_OF)
    assert with_set is not None
    assert alone is not None
    assert isinstance(with_set.value, CodesValue)
    assert isinstance(alone.value, CodesValue)
    assert with_set.value.probabilities == {**alone.value.probabilities, "130": 0.0}
    assert with_set.value.selected == ("04", "042", "13", "130")  # one of two is half
    assert alone.value.selected == ("04", "042")
    three = aggregate(forecasts(codes, codes, CodeSetValue(selected=("13",))), rule="linear_pool", created_at=AS_OF)
    assert three is not None
    assert isinstance(three.value, CodesValue)
    assert three.value.selected == ("04", "042")


def test_sets_alone_make_a_set_and_only_with_a_quorum() -> None:
    sets = forecasts(*(CodeSetValue(selected=chosen) for chosen in (("04", "042"), ("04",), ("13",))))
    found = aggregate([*sets, *failed(2)], created_at=AS_OF)
    assert found is not None
    assert found.value == CodeSetValue(selected=("04",))
    assert found.n_failed == 2
    assert found.spread == pytest.approx(2**0.5 / 3)  # each of the three codes: votes of one or two in three
    assert aggregate([*sets, *failed(3)], created_at=AS_OF) is None


def test_sets_and_probabilities_of_yes_are_not_pooled() -> None:
    mixed = forecasts(CodeSetValue(selected=("04",)), ProbabilityValue(probability=0.5))
    assert aggregate(mixed, created_at=AS_OF) is None


def test_empty_sets_pool_to_the_empty_set() -> None:
    found = aggregate(forecasts(CodeSetValue(selected=()), CodeSetValue(selected=())), created_at=AS_OF)
    assert found is not None
    assert (found.value, found.spread) == (CodeSetValue(selected=()), 0.0)
