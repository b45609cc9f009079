"""Calculations given to model-written code: summary statistics, a line through points, counting, sorting, days.

Values are at most 100,000; what is no number, or too few, is refused with a sentence.
"""

from __future__ import annotations

import collections
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

_MAX_VALUES = 100_000
_MAX_QUANTILES = 1_000


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    return statistics.fmean(_numbers(values))


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones."""
    return statistics.median(_numbers(values))


def mode(values: Sequence[Any]) -> Any:
    """The most frequent value, the first of them on a tie."""
    return statistics.mode([_scalar(value) for value in _listed(values)])


def variance(values: Sequence[float]) -> float:
    """The sample variance (n - 1)."""
    return statistics.variance(_numbers(values, at_least=2))


def pvariance(values: Sequence[float]) -> float:
    """The variance of a whole population (n)."""
    return statistics.pvariance(_numbers(values))


def stdev(values: Sequence[float]) -> float:
    """The sample standard deviation (n - 1)."""
    return statistics.stdev(_numbers(values, at_least=2))


def pstdev(values: Sequence[float]) -> float:
    """The standard deviation of a whole population (n)."""
    return statistics.pstdev(_numbers(values))


def quantile(values: Sequence[float], level: float) -> float:
    """The `level` quantile (0 to 1), interpolated linearly between the sorted values."""
    if not _is_number(level) or not 0 <= level <= 1:
        raise ValueError("a level is a number from 0 to 1")
    ordered = sorted(_numbers(values))
    place = level * (len(ordered) - 1)
    low = math.floor(place)
    high = math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def quantiles(values: Sequence[float], n: int = 4, method: str = "exclusive") -> list[float]:
    """The n - 1 cut points that divide the values into n parts of equal probability."""
    if not 1 <= n <= _MAX_QUANTILES:
        raise ValueError(f"n must be from 1 to {_MAX_QUANTILES}")
    if method not in ("exclusive", "inclusive"):
        raise ValueError("the method is exclusive or inclusive")
    exclusive = method == "exclusive"
    return statistics.quantiles(_numbers(values, at_least=2), n=n, method="exclusive" if exclusive else "inclusive")


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Pearson's correlation."""
    return statistics.correlation(*_pairs(xs, ys))


def linear_fit(xs: Sequence[float], ys: Sequence[float]) -> dict[str, float]:
    """The least-squares line y = slope * x + intercept, as {"slope": ..., "intercept": ...}."""
    slope, intercept = statistics.linear_regression(*_pairs(xs, ys))
    return {"slope": slope, "intercept": intercept}


def count_by(rows: Sequence[Any], key: str | int | None = None) -> dict[str, int]:
    """How many rows have each value of `key` (of the rows themselves without), as text, most frequent first."""
    counts = collections.Counter(str(_scalar(_part(row, key))) for row in _listed(rows))
    return dict(counts.most_common())


def sort_by(rows: Sequence[Any], key: str | int, descending: bool = False) -> list[Any]:
    """The rows sorted by their value of `key` (numbers or text), ties as they were."""
    keyed = [(_part(row, key), row) for row in _listed(rows)]
    if not all(_is_number(value) for value, _ in keyed) and not all(isinstance(value, str) for value, _ in keyed):
        raise ValueError(f"rows sort by {key!r} only where it is a number in all, or text in all")
    return [row for _, row in sorted(keyed, key=lambda pair: pair[0], reverse=descending)]


def add_days(day: str, days: int) -> str:
    """The day (YYYY-MM-DD) that many days after `day`, or before it where negative."""
    return (_day(day) + timedelta(days=days)).isoformat()


def days_between(first_day: str, last_day: str) -> int:
    """How many days after `first_day` (YYYY-MM-DD) `last_day` is."""
    return (_day(last_day) - _day(first_day)).days


def weekday(day: str) -> int:
    """The day of the week of `day` (YYYY-MM-DD): 0 is Monday, 6 is Sunday."""
    return _day(day).weekday()


CALCULATIONS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (mean, median, stdev, quantile, linear_fit, count_by, sort_by, add_days, days_between, weekday)
}
"""What is given by name."""

STATISTICS: Mapping[str, Callable[..., Any]] = {"fmean": mean} | {
    function.__name__: function
    for function in (mean, median, mode, variance, pvariance, stdev, pstdev, quantiles, correlation)
}
"""What stands in for the module `statistics` where there is none."""


def _listed(values: Sequence[Any]) -> list[Any]:
    if not isinstance(values, Sequence | set | frozenset) or isinstance(values, str | bytes):
        raise ValueError(f"a list is needed, not a {type(values).__name__}")
    if len(values) > _MAX_VALUES:
        raise ValueError(f"{len(values):,} values are more than {_MAX_VALUES:,}")
    return list(values)


def _numbers(values: Sequence[float], at_least: int = 1) -> list[float]:
    listed = _listed(values)
    if len(listed) < at_least:
        raise ValueError(f"at least {at_least} values are needed, not {len(listed)}")
    for value in listed:
        if not _is_number(value):
            raise ValueError(f"a list of finite numbers is needed, and one is a {type(value).__name__}")
    return [float(value) for value in listed]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e300


def _scalar(value: Any) -> Any:
    if value is not None and not isinstance(value, str | int | float):
        raise ValueError(f"texts or numbers are needed, and one is a {type(value).__name__}")
    return value


def _pairs(xs: Sequence[float], ys: Sequence[float]) -> tuple[list[float], list[float]]:
    first, second = _numbers(xs, at_least=2), _numbers(ys, at_least=2)
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} values are no pairs")
    return first, second


def _part(row: Any, key: str | int | None) -> Any:
    if key is None:
        return row
    if not isinstance(key, str | int):
        raise ValueError("a key is a text or a number")
    try:
        return row[key]
    except (LookupError, TypeError) as error:
        raise ValueError(f"a row has no {key!r}") from error


def _day(day: str) -> date:
    """A day from its text; model-written code may hand over a date itself."""
    return day if isinstance(day, date) else date.fromisoformat(day)
