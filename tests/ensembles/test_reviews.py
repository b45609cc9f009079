"""Peer review in numbers: what centring takes out, and what gaps and constant marks leave undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ensembles.reviews import centred, halo, mean_interval, overall, received, self_preference, severity

NAN = np.nan
MARKS = np.array([[5.0, 3.0, 4.0], [2.0, 2.0, 2.0], [4.0, 1.0, 1.0]])
"""Three assessors, who are the respondents too: means given 4, 2, 2."""
OWN = np.eye(3, dtype=bool)

matrices = st.tuples(st.integers(2, 6), st.integers(2, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(1, 5).map(lambda mark: round(mark, 2)))
)


def test_centred_marks_are_the_marks_minus_the_assessors_own_mean() -> None:
    assert centred(MARKS).tolist() == [[1, -1, 0], [0, 0, 0], [2, -1, -1]]
    assert received(centred(MARKS)).tolist() == [1, pytest.approx(-2 / 3), pytest.approx(-1 / 3)]
    assert received(MARKS)[0] == pytest.approx(11 / 3)
    assert received(centred(MARKS), leave_out=OWN).tolist() == [1, -1, 0]


def test_gap_counts_for_nothing() -> None:
    marks = np.array([[5.0, NAN, 4.0], [NAN, NAN, NAN]])
    assert centred(marks)[0].tolist() == pytest.approx([0.5, NAN, -0.5], nan_ok=True)
    assert received(marks).tolist() == pytest.approx([5, NAN, 4], nan_ok=True)


def test_severity_is_the_mean_given_minus_the_grand_mean() -> None:
    found = severity(MARKS)
    grand = MARKS.mean()
    assert [one.mean for one in found] == pytest.approx([4 - grand, 2 - grand, 2 - grand])
    assert all(one.low <= one.mean <= one.high for one in found)


def test_severity_compares_on_the_same_respondents_where_marks_are_absent() -> None:
    fair, lucky = [5.0, 5.0, 1.0, 1.0], [5.0, 5.0, NAN, NAN]
    first, second = severity(np.array([fair, lucky]))
    assert first.mean == second.mean == 0
    [alone, nobody] = severity(np.array([[3.0, 4.0], [NAN, NAN]]))
    assert np.isnan([alone.mean, alone.low, nobody.mean]).all()


def test_self_preference_is_own_mark_minus_what_others_gave_both_centred() -> None:
    # centred: own 1, 0, -1; by others (0 + 2) / 2, (-1 - 1) / 2, (0 + 0) / 2
    assert self_preference(MARKS, OWN).tolist() == [0, 1, -1]


def test_self_preference_is_unknown_without_own_work_or_without_others() -> None:
    nobodys = np.zeros((3, 3), dtype=bool)
    assert np.isnan(self_preference(MARKS, nobodys)).all()
    assert np.isnan(self_preference(MARKS[:1], OWN[:1])).all()
    with pytest.raises(ValueError, match="own must be a boolean matrix"):
        self_preference(MARKS, OWN[:2])


def test_model_with_two_works_is_judged_on_both() -> None:
    marks, own = np.array([[5.0, 3.0, 1.0], [3.0, 3.0, 3.0]]), np.array([[True, True, False], [False, False, True]])
    assert self_preference(marks, own).tolist() == [1, 2]


def test_halo_is_the_mean_correlation_between_criteria() -> None:
    one_opinion = np.array([[1, 2, 3], [2, 3, 4], [3, 4, 5], [1, 2, 3]], dtype=np.float64)
    opposed = np.array([[1, 5, 3], [2, 4, 3], [3, 3, 3], [4, 2, 3]], dtype=np.float64)
    random = np.random.default_rng(3).integers(1, 6, size=(4, 3)).astype(np.float64)
    found = halo(np.stack([one_opinion, opposed, np.full((4, 3), 4.0), random]))
    assert found[:2].tolist() == pytest.approx([1, -1])  # the constant third criterion does not count
    assert np.isnan(found[2])
    between = np.atleast_2d(np.corrcoef(random, rowvar=False))
    assert found[3] == pytest.approx(between[np.triu_indices(3, 1)].mean())


def test_halo_leaves_out_respondents_marked_in_part() -> None:
    marks = np.array([[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [5.0, NAN]]])
    assert halo(marks).tolist() == pytest.approx([1])


def test_overall_mark_is_the_mean_of_the_criteria_given() -> None:
    assert overall([[[1.0, NAN, 3.0], [NAN, NAN, NAN]]]).tolist() == [[2, pytest.approx(NAN, nan_ok=True)]]
    with pytest.raises(ValueError, match="assessors, respondents, criteria"):
        overall([[1.0]])


def test_mean_interval_of_nothing_known_is_unknown() -> None:
    assert np.isnan(mean_interval([NAN, NAN]).mean)
    assert mean_interval([1.0, NAN, 3.0]).mean == 2


@settings(deadline=None)
@given(matrices, st.floats(-2, 2))
def test_severity_changes_no_centred_mark_and_no_self_preference(marks: np.ndarray, shift: float) -> None:
    harsher = marks.copy()
    harsher[0] += shift
    own = np.eye(*marks.shape, dtype=np.bool_)
    assert np.allclose(centred(harsher), centred(marks))
    assert np.allclose(self_preference(harsher, own), self_preference(marks, own), equal_nan=True)


@settings(deadline=None)
@given(matrices)
def test_centred_marks_sum_to_nothing_and_severities_too(marks: np.ndarray) -> None:
    assert np.allclose(centred(marks).sum(axis=1), 0)
    assert sum(one.mean for one in severity(marks, n_boot=1)) == pytest.approx(0, abs=1e-9)
