"""Numbers in tables."""

from __future__ import annotations

import pytest

from app.numbers import short


@pytest.mark.parametrize(
    ("value", "sign", "said"),
    [
        (0.1234, False, ".123"),
        (-0.1234, True, "-.123"),
        (0.5, True, "+.500"),
        (10.5, False, "10.500"),
        (1, True, "+1.000"),
    ],
)
def test_only_a_zero_before_the_point_is_left_out(value: float, sign: bool, said: str) -> None:
    assert short(value, sign=sign) == said


def test_what_rounds_to_nothing_has_no_minus() -> None:
    assert short(-0.0004) == ".000" and short(-0.0, 2, sign=True) == "+.00"
