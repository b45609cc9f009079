"""The default pooling rule costs no more than a small multiple of the logarithms that it stands for."""

from __future__ import annotations

import pytest

from app.benchmark.pooling_speed import ABSENT, pooling_seconds


@pytest.mark.parametrize("absent", [0.0, ABSENT])
def test_default_rule_takes_at_most_three_times_a_bare_mean_of_logits(absent: float) -> None:
    seconds, floor = pooling_seconds(absent, questions=100_000, repeats=5)
    assert seconds <= 3 * floor
