"""Calculations for model-written code: hand-worked values, and no surprise for whoever hosts them."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from tools.inside.calculations import CALCULATIONS, STATISTICS

FUNCTIONS = {**STATISTICS, **CALCULATIONS}


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("mean", ([1, 2, 6],), 3.0),
        ("mean", ([0.1] * 10,), 0.1),
        ("median", ([3, 1, 2, 10],), 2.5),
        ("mode", (["b", "a", "a"],), "a"),
        ("variance", ([2, 4],), 2.0),
        ("pvariance", ([2, 4],), 1.0),
        ("stdev", ([1, 1, 4, 4],), 3**0.5),
        ("pstdev", ([1, 3],), 1.0),
        ("quantile", ([30, 10, 20], 0.5), 20),
        ("quantile", ([0, 10], 0.05), 0.5),
        ("quantile", ([7], 1), 7),
        ("quantiles", ([1, 2, 3], 2), [2.0]),
        ("quantiles", ([0, 10], 4, "inclusive"), [2.5, 5.0, 7.5]),
        ("correlation", ([1, 2, 3], [6, 4, 2]), -1.0),
        ("linear_fit", ([0, 1, 2], [1, 3, 5]), {"slope": 2.0, "intercept": 1.0}),
        ("count_by", (["b", "a", "b", 1],), {"b": 2, "a": 1, "1": 1}),
        ("count_by", ([{"code": "042"}, {"code": "13"}, {"code": "042"}], "code"), {"042": 2, "13": 1}),
        ("sort_by", ([["a", 2], ["b", 1]], 1), [["b", 1], ["a", 2]]),
        ("sort_by", ([{"n": 1, "at": 1}, {"n": 1, "at": 2}], "n", True), [{"n": 1, "at": 1}, {"n": 1, "at": 2}]),
        ("add_days", ("2024-02-28", 2), "2024-03-01"),
        ("add_days", (date(2025, 1, 1), -1), "2024-12-31"),
        ("days_between", ("2024-02-28", "2024-03-01"), 2),
        ("weekday", ("2025-06-01",), 6),
    ],
)
def test_value_is_as_worked_by_hand(name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    assert FUNCTIONS[name](*arguments) == (pytest.approx(expected) if isinstance(expected, float) else expected)


def _bomb() -> tuple[Any, ...]:
    """A tuple small in memory and endless to walk, hash or show."""
    bomb: tuple[Any, ...] = (1,)
    for _ in range(60):
        bomb = (bomb, bomb)
    return bomb


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mean", ([],)),
        ("mean", (["1"],)),
        ("mean", ([float("nan")],)),
        ("mean", ([float("inf")],)),
        ("mean", ([10**400],)),
        ("mean", ("123",)),
        ("mean", ([_bomb()],)),
        ("mean", ([1] * 100_001,)),
        ("stdev", ([1],)),
        ("mode", ([_bomb()] * 2,)),
        ("quantile", ([1, 2], 1.5)),
        ("quantile", ([1, 2], _bomb())),
        ("quantiles", ([1, 2], 10**9)),
        ("quantiles", ([1, 2], 4, _bomb())),
        ("correlation", ([1, 2], [1])),
        ("linear_fit", ([1, 1], [1, 2])),
        ("count_by", ([_bomb()] * 2,)),
        ("count_by", ([{"a": 1}], "b")),
        ("count_by", ([{"a": 1}], _bomb())),
        ("sort_by", ([{"a": 1}, {"a": "x"}], "a")),
        ("sort_by", ([[_bomb()]] * 2, 0)),
        ("sort_by", ([[1]], _bomb())),
        ("add_days", ("2025-01-01", 10**9)),
        ("add_days", ("1 May", 1)),
        ("weekday", (_bomb(),)),
    ],
)
def test_what_cannot_be_calculated_is_refused_at_once(name: str, arguments: tuple[Any, ...]) -> None:
    started = time.monotonic()
    with pytest.raises((ValueError, TypeError, OverflowError)):
        FUNCTIONS[name](*arguments)
    assert time.monotonic() - started < 5
