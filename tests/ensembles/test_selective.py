"""Selective answering: areas by hand and by brute force over ties, AUROC against scikit-learn, bootstrap by copies."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.scores import auroc
from ensembles.selective import Drawn, auarc, chosen, drawn, oracle_auarc, ranking_auroc, rejection_curve

ITEMS = st.lists(st.tuples(st.sampled_from([0.0, 0.25, 1.0]), st.integers(0, 3)), min_size=1, max_size=12)


def test_auarc_by_hand() -> None:
    assert auarc(accuracy=[1, 1, 0, 0], uncertainty=[1, 2, 3, 4]) == pytest.approx((1 + 1 + 2 / 3 + 1 / 2) / 4)
    assert auarc(accuracy=[0, 0, 1, 1], uncertainty=[1, 2, 3, 4]) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert auarc(accuracy=[0.4], uncertainty=[7.0]) == pytest.approx(0.4)


def test_auarc_when_all_is_tied_is_the_mean_accuracy() -> None:
    assert auarc(accuracy=[1, 0, 0, 0.5], uncertainty=np.zeros(4)) == pytest.approx(0.375)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 2)), min_size=1, max_size=6))
def test_auarc_with_ties_is_the_mean_over_all_orders_of_them(items: list[tuple[float, int]]) -> None:
    areas = []
    for order in permutations(items):
        u = [tie for _, tie in order]
        if u == sorted(u):
            right = np.array([accuracy for accuracy, _ in order])
            areas.append((np.cumsum(right) / np.arange(1, len(right) + 1)).mean())
    accuracy, uncertainty = zip(*items, strict=True)
    assert auarc(accuracy=accuracy, uncertainty=uncertainty) == pytest.approx(np.mean(areas))


@given(ITEMS)
def test_no_order_beats_the_oracle_and_the_curve_has_the_area_for_its_mean(items: list[tuple[float, int]]) -> None:
    accuracy, uncertainty = zip(*items, strict=True)
    area = auarc(accuracy=accuracy, uncertainty=uncertainty)
    assert area <= oracle_auarc(accuracy=accuracy) + 1e-12
    curve = rejection_curve(accuracy=accuracy, uncertainty=uncertainty)
    assert curve.accuracy.mean() == pytest.approx(area)
    assert curve.accuracy[-1] == pytest.approx(np.mean(accuracy))
    assert curve.coverage[-1] == 1


@settings(deadline=None)  # the first example waits for scikit-learn to be imported
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=20))
def test_ranking_auroc_is_that_of_the_scores_turned_round(items: list[tuple[bool, int]]) -> None:
    right = np.array([float(hit) for hit, _ in items])
    u = np.array([float(uncertainty) for _, uncertainty in items])
    expected = auroc(outcome=right, probability=1 - u / 5)
    assert ranking_auroc(accuracy=right, uncertainty=u) == pytest.approx(expected, nan_ok=True)
    assert ranking_auroc(accuracy=right, uncertainty=u**3 - 70) == pytest.approx(expected, nan_ok=True)


def test_ranking_auroc_of_expected_accuracy_is_that_of_the_single_answers() -> None:
    answers = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]], dtype=float)
    u = np.array([0.2, 0.9, 0.1])
    assert ranking_auroc(accuracy=answers.mean(axis=1), uncertainty=u) == pytest.approx(
        float(ranking_auroc(accuracy=answers.ravel(), uncertainty=np.repeat(u, 4)))
    )


def test_bootstrap_sample_is_scored_like_the_copies_that_it_draws() -> None:
    accuracy, uncertainty = np.array([1, 0, 1, 1, 0.0]), np.array([0.1, 0.1, 0.3, 0.2, 0.5])
    cluster = np.array([0, 0, 1, 2, 2])
    times = np.array([[1.0, 1, 1], [2, 0, 1], [0, 3, 0], [0, 1, 2]])
    samples = Drawn(times, cluster)
    for metric in (auarc, ranking_auroc):
        found = metric(accuracy=accuracy, uncertainty=uncertainty, samples=samples)
        for row, value in zip(times, found, strict=True):
            copies = np.repeat(np.arange(5), row[cluster].astype(int))
            expected = metric(accuracy=accuracy[copies], uncertainty=uncertainty[copies])
            assert value == pytest.approx(float(expected), nan_ok=True)
    assert np.isnan(found[2])  # all drawn answers are right


def test_draws_are_the_same_for_questions_and_for_their_answers() -> None:
    one, many = drawn([3, 7, 9]), drawn([3, 3, 7, 9, 9])
    assert (one.times == many.times).all() and many.cluster.tolist() == [0, 0, 1, 2, 2]
    assert (one.times.sum(axis=1) == 3).all() and one.times.shape == (1000, 3)
    with pytest.raises(ValueError, match="at least one"):
        drawn([])


def test_chosen_are_all_that_tie_up_to_rounding() -> None:
    assert chosen([[0.1 + 0.2, 0.3, 0.1], [1.0, 2.0, 3.0]]).tolist() == [[True, True, False], [False, False, True]]


@pytest.mark.parametrize("metric", [auarc, ranking_auroc, rejection_curve])
def test_metric_refuses_what_it_cannot_rank(metric: object) -> None:
    assert callable(metric)
    for accuracy, uncertainty, message in (
        ([1.0], [1.0, 2.0], "one shape"),
        ([], [], "one shape"),
        ([1.5], [0.0], "outside"),
        ([np.nan], [0.0], "NaN"),
        ([1.0], [np.nan], "NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            metric(accuracy=accuracy, uncertainty=uncertainty)
    with pytest.raises(ValueError, match="2 items"):
        auarc(accuracy=[1, 0], uncertainty=[1, 2], samples=drawn([1, 2, 3]))
