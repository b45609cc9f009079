"""Intraclass correlations: a published table, another implementation, and what a matrix may not define."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ensembles.agreement import KINDS, complete, intraclass, mean_squares

SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
"""Six targets by four judges (Shrout & Fleiss 1979, table 2)."""
PUBLISHED: dict[str, tuple[float, float, int, int, float, float]] = {
    "ICC1": (0.17, 1.79, 5, 18, -0.133, 0.72),
    "ICC2": (0.29, 11.03, 5, 15, 0.019, 0.76),
    "ICC3": (0.71, 11.03, 5, 15, 0.342, 0.95),
    "ICC1k": (0.44, 1.79, 5, 18, -0.884, 0.91),
    "ICC2k": (0.62, 11.03, 5, 15, 0.071, 0.93),
    "ICC3k": (0.91, 11.03, 5, 15, 0.676, 0.99),
}
"""Correlations from their table 4; F, degrees of freedom and bounds as R's `psych::ICC` prints them of these data."""

ratings = st.integers(2, 6).flatmap(
    lambda n: st.integers(2, 5).flatmap(
        lambda k: st.lists(st.lists(st.integers(1, 5), min_size=k, max_size=k), min_size=n, max_size=n)
    )
)


def test_shrout_and_fleiss_example_gives_their_six_correlations() -> None:
    found = intraclass(SHROUT_FLEISS)
    assert tuple(found) == KINDS
    for kind, (icc, f, df1, df2, low, high) in PUBLISHED.items():
        one = found[kind]
        assert one.icc == pytest.approx(icc, abs=0.005)
        assert one.f == pytest.approx(f, abs=0.005)
        assert (one.df1, one.df2) == (df1, df2)
        assert one.low == pytest.approx(low, abs=0.0006)
        assert one.high == pytest.approx(high, abs=0.006)
    assert found["ICC1"].p == pytest.approx(0.165, abs=0.0005)
    assert found["ICC3"].p == pytest.approx(0.00013, abs=0.00001)


def test_mean_squares_are_those_of_the_published_analysis_of_variance() -> None:
    squares = mean_squares(SHROUT_FLEISS)
    published = {"targets": 11.24, "raters": 32.49, "residual": 1.02, "within": 6.26}
    assert {name: round(getattr(squares, name), 2) for name in published} == published


def test_criteria_of_a_real_matrix_to_three_decimals(data_dir: Path) -> None:
    found = intraclass(real_matrix(data_dir))
    expected = {"ICC1": -0.008, "ICC2": 0.042, "ICC3": 0.200, "ICC1k": -0.149, "ICC2k": 0.410, "ICC3k": 0.800}
    assert {kind: round(one.icc, 3) for kind, one in found.items()} == expected
    assert found["ICC3"].f == pytest.approx(4.989, abs=0.0005)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pingouin_agrees_on_correlations_tests_and_bounds(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas
    import pingouin

    monkeypatch.setitem(pingouin.options, "round.column.CI95", None)
    random = np.random.default_rng(4)
    matrices = [random.normal(size=(n, k)) + random.normal(size=(n, 1)) for n, k in ((3, 2), (5, 4), (12, 3), (4, 9))]
    for matrix in (SHROUT_FLEISS, real_matrix(data_dir), *matrices):
        table = pandas.DataFrame([(i, j, x) for (i, j), x in np.ndenumerate(matrix)], columns=["t", "r", "x"])
        theirs = pingouin.intraclass_corr(table, targets="t", raters="r", ratings="x")
        for kind, row in zip(KINDS, theirs.to_dict("records"), strict=True):
            ours = intraclass(matrix)[kind]
            assert (ours.icc, ours.f, ours.p) == pytest.approx((row["ICC"], row["F"], row["pval"]), abs=1e-6)
            assert (ours.low, ours.high) == pytest.approx(tuple(row["CI95"]), abs=1e-6)
            assert (ours.df1, ours.df2) == (row["df1"], row["df2"])


@settings(max_examples=30, deadline=None)
@given(ratings, st.permutations(range(5)), st.floats(0.1, 10), st.floats(-5, 5))
def test_order_unit_and_origin_of_ratings_do_not_matter(
    rows: list[list[int]], order: list[int], scale: float, shift: float
) -> None:
    matrix = np.array(rows, dtype=np.float64)
    places = [place for place in order if place < matrix.shape[1]]
    other = (matrix[::-1, places] * scale) + shift
    for kind, one in intraclass(matrix).items():
        same = intraclass(other)[kind]
        assert (same.icc, same.low, same.high) == pytest.approx((one.icc, one.low, one.high), abs=1e-6, nan_ok=True)


@settings(max_examples=50, deadline=None)
@given(ratings)
def test_no_correlation_exceeds_one_and_bounds_enclose_it(rows: list[list[int]]) -> None:
    for one in intraclass(rows).values():
        assert np.isnan(one.icc) or one.icc <= 1 + 1e-9
        assert np.isnan(one.low) or np.isnan(one.icc) or one.low <= one.icc + 1e-6
        assert np.isnan(one.high) or np.isnan(one.icc) or one.icc - 1e-6 <= one.high <= 1 + 1e-9


@settings(deadline=None)
@given(ratings, st.floats(-3, 3))
def test_severity_of_a_rater_moves_only_what_counts_it(rows: list[list[int]], severity: float) -> None:
    matrix = np.array(rows, dtype=np.float64)
    harsher = matrix + np.where(np.arange(matrix.shape[1]) == 0, severity, 0.0)
    before, after = intraclass(matrix), intraclass(harsher)
    for kind in ("ICC3", "ICC3k"):
        assert after[kind].icc == pytest.approx(before[kind].icc, abs=1e-6, nan_ok=True)


def test_raters_who_agree_entirely_have_correlation_one_with_certainty() -> None:
    found = intraclass(np.arange(1.0, 5.0)[:, None] + np.zeros(3))
    assert all((one.icc, one.low, one.high, one.p) == (1, 1, 1, 0) for one in found.values())
    assert found["ICC1"].f == np.inf


def test_raters_who_differ_by_severity_alone_agree_on_the_order_and_not_on_the_mark() -> None:
    found = intraclass(np.arange(1.0, 5.0)[:, None] + np.array([0.0, 1.0, 2.0]))
    assert found["ICC3"].icc == found["ICC3k"].icc == 1
    assert found["ICC2"].icc == pytest.approx(0.625)
    assert found["ICC1"].icc < found["ICC2"].icc


def test_equal_ratings_define_nothing() -> None:
    assert all(np.isnan(one.icc) and np.isnan(one.low) for one in intraclass(np.full((3, 3), 4.1)).values())


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        ([[1.0, np.nan], [2.0, 3.0]], "1 ratings are absent"),
        ([[1.0, 2.0]], "at least 2 targets and 2 raters"),
        ([1.0, 2.0], "at least 2 targets and 2 raters"),
    ],
)
def test_matrix_with_gaps_or_too_small_is_refused(matrix: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        intraclass(matrix)
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        intraclass(SHROUT_FLEISS, level=1.0)


def test_listwise_deletion_leaves_out_silent_raters_before_targets_with_gaps() -> None:
    nan = np.nan
    kept = complete([[1, nan, 3], [nan, nan, 2], [4, nan, 5]])
    assert kept.raters.tolist() == [True, False, True]
    assert kept.targets.tolist() == [True, False, True]
    assert not complete(np.full((2, 2), nan)).targets.any()


def real_matrix(data_dir: Path) -> NDArray[np.float64]:
    """Respondents by assessors, the mean over the nine criteria."""
    path = data_dir / "forecasts" / "peer_review" / "llm_agi_evaluation_scores.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    marks = np.array([[float(row[f"criterion_{at}"]) for at in range(1, 10)] for row in rows])
    by_assessor: NDArray[np.float64] = marks.mean(axis=1).reshape(16, 16)
    return by_assessor.T
