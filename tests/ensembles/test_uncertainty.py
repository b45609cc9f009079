"""Measures of uncertainty from samples: hand-worked values, limits, and indifference to order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.scores import brier
from ensembles.similarity import similarity
from ensembles.uncertainty import (
    answers_uncertainty,
    deg,
    deg_confidence,
    ecc,
    ecc_confidence,
    eigv,
    num_sets,
    quadratic_reward,
    sample_uncertainty,
    set_share,
    sets,
    variation_ratio,
    vro,
)

OF_QUESTIONS = (deg, eigv, ecc, num_sets, variation_ratio)
OF_ANSWERS = (deg_confidence, ecc_confidence, set_share)
TWO_AND_ONE = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]])
CHAIN = np.array([[1, 0.6, 0.2], [0.6, 1, 0.6], [0.2, 0.6, 1]])
ANSWERS = st.lists(st.sampled_from(["red", "dark red", "blue", "dark blue", ""]), min_size=2, max_size=7)

Measure = Callable[..., Any]


def test_degree_by_hand_is_the_mean_over_pairs() -> None:
    assert deg_confidence(CHAIN) == pytest.approx([0.4, 0.6, 0.4])
    assert deg(CHAIN) == pytest.approx(1 - 1.4 / 3)
    assert deg(TWO_AND_ONE) == pytest.approx(2 / 3)


def test_eigv_counts_groups_without_anything_in_common() -> None:
    assert eigv(np.ones((4, 4))) == pytest.approx(1)
    assert eigv(np.eye(4)) == pytest.approx(4)
    assert eigv(TWO_AND_ONE) == pytest.approx(2)
    assert eigv(CHAIN) == pytest.approx(np.maximum(0, np.linalg.eigvals(_transition(CHAIN)).real).sum())


def _transition(w: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """D^-1 W, whose eigenvalues are those of 1 - L."""
    return np.asarray(w / w.sum(axis=1, keepdims=True))


def test_ecc_by_hand_for_two_groups() -> None:
    # Both eigenvectors of eigenvalue 0 are kept: (1, 1, 0) / sqrt 2 and (0, 0, 1), up to a rotation.
    rows = np.array([[0.5**0.5, 0], [0.5**0.5, 0], [0, 1]])
    away = np.linalg.norm(rows - rows.mean(axis=0), axis=1)
    assert ecc_confidence(TWO_AND_ONE) == pytest.approx(-away)
    assert ecc(TWO_AND_ONE) == pytest.approx(np.linalg.norm(away))
    assert ecc(np.ones((3, 3))) == pytest.approx(0, abs=1e-7)


def test_sets_take_one_pass_and_compare_with_the_first_member() -> None:
    assert sets(CHAIN).tolist() == [0, 0, 2]
    assert num_sets(CHAIN) == 2
    assert set_share(CHAIN) == pytest.approx([2 / 3, 2 / 3, 1 / 3])
    assert variation_ratio(CHAIN) == pytest.approx(1 / 3)
    assert num_sets(CHAIN, same=0.7) == 3
    with pytest.raises(ValueError, match="same"):
        sets(CHAIN, same=0.0)


def test_vro_is_the_mean_dissimilarity_to_the_answer() -> None:
    assert vro([[1.0, 0.5, 0.0], [1.0, 1.0, 1.0]]) == pytest.approx([0.5, 0])
    assert 1 - deg_confidence(CHAIN)[0] == pytest.approx(vro(CHAIN[0, 1:]))
    for bad in ([], [1.2], [np.nan], 0.5):
        with pytest.raises(ValueError, match=r"0\.\.1"):
            vro(bad)


def test_quadratic_reward_is_proper_and_one_less_two_brier() -> None:
    assert quadratic_reward(outcome=[1, 0, 1], probability=[1, 1, 0.5]) == pytest.approx([1, -1, 0.5])
    p = np.linspace(0, 1, 101)
    expected = 0.7 * quadratic_reward(outcome=np.ones(101), probability=p) + 0.3 * quadratic_reward(
        outcome=np.zeros(101), probability=p
    )
    assert p[expected.argmax()] == pytest.approx(0.7)
    assert quadratic_reward(outcome=1, probability=0.2) == pytest.approx(1 - 2 * brier(outcome=1, probability=0.2))


@given(ANSWERS, st.randoms(use_true_random=False))
def test_measures_do_not_depend_on_the_order_of_answers(answers: list[str], random: Any) -> None:
    order = list(range(len(answers)))
    random.shuffle(order)
    for name in ("exact", "jaccard"):
        same = 1.0 if name == "exact" else 0.4  # "dark red" and "dark blue" share a third: sets are no chains here
        w = similarity(answers, name)
        shuffled = w[np.ix_(order, order)]
        for measure in (deg, eigv, ecc):
            assert measure(shuffled) == pytest.approx(measure(w), abs=1e-9)
        for confidence in (deg_confidence, ecc_confidence):
            assert confidence(shuffled) == pytest.approx(confidence(w)[order], abs=1e-9)
        assert num_sets(shuffled, same=same) == num_sets(w, same=same)


@given(ANSWERS)
def test_measures_stay_within_their_bounds(answers: list[str]) -> None:
    w, m = similarity(answers, "rouge_l"), len(answers)
    assert 0 <= deg(w) <= 1
    assert 1 - 1e-9 <= eigv(w) <= m + 1e-9
    assert 0 <= ecc(w) <= m**0.5
    assert 1 <= num_sets(w) <= m
    assert 0 <= variation_ratio(w) <= 1 - 1 / m + 1e-9
    assert ((set_share(w) >= 1 / m - 1e-9) & (set_share(w) <= 1)).all()


@pytest.mark.parametrize("measure", [*OF_QUESTIONS, *OF_ANSWERS])
def test_measure_of_a_stack_is_that_of_each(measure: Measure) -> None:
    stack = np.stack([CHAIN, TWO_AND_ONE, np.eye(3)])
    assert measure(stack) == pytest.approx(np.array([measure(w) for w in stack]))
    assert measure(stack[:, None]).shape[:2] == (3, 1)


@pytest.mark.parametrize("measure", [*OF_QUESTIONS, *OF_ANSWERS])
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1.0]], "at least two"),
        ([1.0, 0.5], "shape"),
        ([[1, 0.5], [0.4, 1]], "symmetric"),
        ([[1, -0.5], [-0.5, 1]], "outside"),
        ([[1, np.nan], [np.nan, 1]], "outside"),
        ([[0.5, 0.5], [0.5, 0.5]], "diagonal"),
    ],
)
def test_measure_refuses_what_is_no_similarity_matrix(measure: Measure, matrix: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure(matrix)


def test_answers_uncertainty_chooses_the_answer_most_like_the_others() -> None:
    found = answers_uncertainty(["Rome", "Paris", "Paris, France", "paris"])
    assert (found.m, found.n_sets, found.best, found.confidence) == (4, 2, 1, 0.75)
    assert found.variation_ratio == pytest.approx(0.25)
    assert answers_uncertainty(["yes", "Yes."]).deg == 0
    with pytest.raises(ValueError, match="at least two"):
        answers_uncertainty(["yes"])
    with pytest.raises(ValueError, match="one matrix"):
        sample_uncertainty(np.ones((1, 2, 2)))
