"""A history keeps what was known apart from what was not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ensembles.history import History


def history(**changes: Any) -> History:
    columns: dict[str, Any] = {
        "members": ("a", "b"),
        "probability": np.array([[0.2, 0.3], [0.4, np.nan], [0.5, 0.6]]),
        "outcome": np.array([0.0, 1.0, 1.0]),
        "asked_at": np.array(["2025-01-01", "2025-01-01", "2025-02-01"], dtype="datetime64[D]"),
        "known_at": np.array(["2025-01-10", "2025-03-01", "2025-03-01"], dtype="datetime64[D]"),
        "cluster": np.array(["x", "x", "y"]),
        "market": np.array([True, True, False]),
    }
    return History(**(columns | changes))


def test_known_before_leaves_out_the_moment_itself() -> None:
    assert len(history().known_before(np.datetime64("2025-01-10"))) == 0
    assert history().known_before(np.datetime64("2025-01-11")).cluster.tolist() == ["x"]
    assert len(history().known_before(np.datetime64("2025-03-02"))) == 3


def test_complete_keeps_the_questions_that_every_member_answered() -> None:
    assert history().complete().outcome.tolist() == [0.0, 1.0]


def test_cluster_weight_counts_every_cluster_once() -> None:
    assert history().cluster_weight().tolist() == [0.5, 0.5, 1.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"probability": np.zeros((3, 3))}, "not \\(3 outcomes, 2 members\\)"),
        ({"market": np.array([True])}, "one row for each of its 3 outcomes"),
        ({"outcome": np.array([0.0, 0.5, 1.0])}, "outcomes must be 0 or 1"),
        ({"outcome": np.array([0.0, np.nan, 1.0])}, "outcomes must be 0 or 1"),
        ({"known_at": np.array(["2025-01-01"] * 3, dtype="datetime64[D]")}, "known when its question was asked"),
        ({"probability": np.array([[0.2, 0.3], [0.4, 1.1], [0.5, 0.6]])}, "outside 0..1"),
    ],
)
def test_history_refuses_what_nothing_can_be_learnt_from(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        history(**changes)
