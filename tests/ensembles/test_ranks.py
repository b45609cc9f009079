"""Ranks: ties and absent candidates, Borda's count by hand, and probabilities that only change hands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.ranks import fused_ranks, handed_out, ranks

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def test_ranks_by_hand() -> None:
    assert list(ranks([0.1, 0.9, 0.4])) == [3, 1, 2]
    assert list(ranks([0.5, 0.2, 0.5, 0.1])) == [1.5, 3, 1.5, 4]
    assert list(ranks([0.1 + 0.2, 0.3])) == [1.5, 1.5], "no order is read out of rounding"
    assert ranks([0.1, np.nan, 0.2]) == pytest.approx([2, np.nan, 1], nan_ok=True)
    assert ranks([[0.1, 0.2], [0.4, 0.3]]).tolist() == [[2, 1], [1, 2]]
    with pytest.raises(ValueError, match="candidates"):
        ranks(0.5)
    with pytest.raises(ValueError, match="fuse"):
        fused_ranks([0.5])


def test_fused_ranks_by_hand() -> None:
    """Ranks 1 2 3 and 2 1 3: the first two are equal. Scales do not count, only orders do."""
    assert list(fused_ranks([[0.9, 0.5, 0.1], [10.0, 11.0, -90.0]])) == [1.5, 1.5, 3]
    assert list(fused_ranks([[0.9, 0.5, 0.1], [0.2, 0.1, 0.3]])) == [1, 3, 2]
    assert fused_ranks([[0.9, 0.5, 0.1], [0.2, np.nan, 0.3]]) == pytest.approx([1.5, np.nan, 1.5], nan_ok=True)


def test_probabilities_are_handed_out_by_rank() -> None:
    assert handed_out([0.5, 0.3, 0.2], [3, 1, 2]) == pytest.approx([0.2, 0.5, 0.3])
    assert handed_out([0.7, 0.2, 0.1], [1.5, 1.5, 3]) == pytest.approx([0.45, 0.45, 0.1])
    assert handed_out([0.7, 0.3], [1.5, 1.5]) == pytest.approx([0.5, 0.5])


@given(SCORES)
def test_handing_out_keeps_the_sum_and_by_the_own_rank_changes_nothing(scores: list[float]) -> None:
    p = np.round(np.array(scores), 6) / len(scores)
    assert handed_out(p, ranks(p)) == pytest.approx(p, abs=1e-9)
    assert handed_out(p, ranks(p[::-1])).sum() == pytest.approx(p.sum())
    assert ranks(p).sum() == pytest.approx(len(p) * (len(p) + 1) / 2)
    assert list(fused_ranks([p, p])) == list(ranks(p))


def test_handing_out_refuses_what_is_absent() -> None:
    for p, rank, message in (
        ([0.5, np.nan], [1, 2], "one probability and one rank"),
        ([0.5, 0.5], [1, np.nan], "one probability and one rank"),
        ([0.5, 0.5], [1, 2, 3], "one probability and one rank"),
        ([1.5], [1], "outside"),
    ):
        with pytest.raises(ValueError, match=message):
            handed_out(p, rank)
