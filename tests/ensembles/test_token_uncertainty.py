"""Uncertainty from tokens: hand-worked values, the mass that nobody names, and what is no log-probability."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.token_uncertainty import token_entropy, token_uncertainty


def test_measures_by_hand() -> None:
    found = token_uncertainty(log_probability=np.log([0.5, 0.25]), top=np.log([[0.5, 0.5], [0.5, 0.25]]))
    assert found.max_negative_log_probability == pytest.approx(np.log(4))
    assert found.mean_negative_log_probability == pytest.approx(1.5 * np.log(2))
    assert found.perplexity == pytest.approx(2**1.5)
    assert found.sequence_probability == pytest.approx(0.125)
    assert found.max_entropy == pytest.approx(1.5 * np.log(2))  # of 1/2, 1/4 and a missing 1/4
    assert found.mean_entropy == pytest.approx(1.25 * np.log(2))
    assert found.missing_mass == pytest.approx(0.125)


def test_measures_without_top_tokens_have_no_entropy() -> None:
    found = token_uncertainty(log_probability=[0.0])
    assert (found.max_entropy, found.mean_entropy, found.missing_mass) == (None, None, None)
    assert (found.perplexity, found.sequence_probability) == (1.0, 1.0)


def test_entropy_with_fewer_top_tokens_counts_those_that_are_there() -> None:
    entropy, missing = token_entropy([[0.0, np.nan], [np.log(0.5), np.log(0.5)]])
    assert entropy == pytest.approx([0, np.log(2)])
    assert missing == pytest.approx([0, 0])


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=8), st.integers(1, 8))
def test_entropy_of_some_top_tokens_is_a_lower_bound(shares: list[float], k: int) -> None:
    p = np.sort(np.array(shares) / sum(shares))[::-1]
    entropy, missing = token_entropy(np.log(p)[None, :k])
    full = -(p * np.log(p)).sum()
    assert entropy[0] <= full + 1e-9
    assert full <= entropy[0] + missing[0] * np.log(max(len(p) - k, 1)) + 1e-9


@pytest.mark.parametrize(
    ("said", "top", "message"),
    [
        ([], None, "at least one token"),
        ([0.1], None, "above 0"),
        ([np.nan], None, "finite"),
        ([-1.0], [[-0.1], [-0.1]], "1 tokens, but top tokens of 2"),
        ([-1.0], [[0.0, 0.0]], "sum above 1"),
        ([-1.0], [[np.nan]], "no top"),
        ([-1.0], [-1.0], "shape"),
    ],
)
def test_what_is_no_log_probability_is_refused(said: list[float], top: list[list[float]] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        token_uncertainty(log_probability=said, top=top)
