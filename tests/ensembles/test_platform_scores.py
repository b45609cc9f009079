"""Platform scores against published examples, hand-worked values, and a plain regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.odds import Floats
from ensembles.platform_scores import (
    brier_index,
    difficulty_adjusted_brier,
    metaculus_baseline,
    metaculus_baseline_continuous,
    metaculus_baseline_options,
    metaculus_peer,
    question_effects,
)

INNER = st.floats(0.001, 0.999)


def test_metaculus_baseline_matches_its_published_values() -> None:
    found = metaculus_baseline(outcome=[1, 1, 1, 0], probability=[0.9, 0.5, 0.01, 0.1])
    assert found == pytest.approx([84.7997, 0, -564.3856, 84.7997], abs=5e-5)
    assert metaculus_baseline_options(outcome=0, probability=[0.6, 0.3, 0.1]) == pytest.approx(53.5026, abs=5e-5)


def _masses(place: int, mass: float, *, buckets: int = 200) -> Floats:
    masses = np.full(buckets + 2, (1 - mass) / (buckets + 1))
    masses[place] = mass
    return masses


def test_metaculus_continuous_baseline_by_hand() -> None:
    inside = metaculus_baseline_continuous(outcome=7, probability=_masses(7, 0.02), open_bounds=2)
    assert inside == pytest.approx(74.5827, abs=5e-5)
    # Beyond an open bound the base is .05, so twice that is worth 50 ln 2.
    for end in (0, 201):
        beyond = metaculus_baseline_continuous(outcome=end, probability=_masses(end, 0.1), open_bounds=2)
        assert beyond == pytest.approx(50 * np.log(2))
    # With closed bounds each of two buckets has a base of one half.
    closed = metaculus_baseline_continuous(outcome=[1, 2], probability=[[0, 0.5, 0.5, 0]] * 2, open_bounds=0)
    assert closed == pytest.approx([0, 0])


@given(INNER, st.booleans())
def test_two_options_score_as_yes_and_no_do(p: float, yes: bool) -> None:
    binary = metaculus_baseline(outcome=float(yes), probability=p)
    assert binary == pytest.approx(metaculus_baseline_options(outcome=0 if yes else 1, probability=[p, 1 - p]))
    assert binary == pytest.approx(metaculus_baseline(outcome=float(not yes), probability=1 - p), abs=1e-6)
    assert binary <= 100


def test_metaculus_peer_matches_its_published_values() -> None:
    found = metaculus_peer(outcome=1, probability=[0.9, 0.6, 0.2])
    assert found == pytest.approx([95.4771, 34.6574, -130.1345], abs=5e-5)


@given(st.lists(st.lists(INNER | st.just(float("nan")), min_size=4, max_size=4), min_size=1, max_size=6), st.booleans())
def test_peer_scores_of_those_present_sum_to_nothing(rows: list[list[float]], yes: bool) -> None:
    said = np.array(rows)
    found = metaculus_peer(outcome=np.full(len(said), float(yes)), probability=said)
    present = ~np.isnan(said)
    several = present.sum(axis=1) > 1
    assert np.nansum(found, axis=1) == pytest.approx(np.zeros(len(said)), abs=1e-6)
    assert np.array_equal(~np.isnan(found), present & several[:, None])
    for row, scores in zip(said[several], found[several], strict=True):
        alone = metaculus_peer(outcome=float(yes), probability=row[~np.isnan(row)])
        assert scores[~np.isnan(row)] == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metaculus_baseline(outcome=1, probability=0.0), "clip first"),
        (lambda: metaculus_baseline(outcome=0.5, probability=0.5), "0 or 1"),
        (lambda: metaculus_baseline(outcome=[1, 0], probability=0.5), "shape"),
        (lambda: metaculus_baseline(outcome=1, probability=1.5), "outside 0..1"),
        (lambda: metaculus_peer(outcome=[1], probability=[0.5, 0.5]), "last axis"),
        (lambda: metaculus_baseline_options(outcome=2, probability=[0.5, 0.5]), "index"),
        (lambda: metaculus_baseline_options(outcome=1.0, probability=[0.5, 0.5]), "index"),
        (lambda: metaculus_baseline_options(outcome=0, probability=[0.5, 0.4]), "sum to 1"),
        (lambda: metaculus_baseline_options(outcome=0, probability=[1.0]), "2 or more"),
        (lambda: metaculus_baseline_continuous(outcome=0, probability=[0.5, 0.5], open_bounds=1), "3 or more"),
        (lambda: metaculus_baseline_continuous(outcome=0, probability=[0.2, 0.5, 0.3], open_bounds=3), "open bounds"),
        (lambda: brier_index(-0.01), "below 0"),
    ],
)
def test_platform_scores_refuse_what_they_have_no_value_for(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_absent_forecasts_score_nan() -> None:
    assert np.isnan(metaculus_baseline(outcome=1, probability=np.nan))
    assert np.isnan(metaculus_baseline_options(outcome=0, probability=[np.nan, np.nan]))


def test_brier_index_matches_its_published_values() -> None:
    assert brier_index([0.25, 0.16, 0.10, 0.0]) == pytest.approx([50, 60, 68.377, 100], abs=5e-4)


def test_question_effects_by_hand() -> None:
    # Forecaster 1 is .1 worse on both shared questions; the third, which only it answered, is that much easier.
    found = question_effects([[0.1, 0.2], [0.3, 0.4], [np.nan, 0.2], [np.nan, np.nan]])
    assert found == pytest.approx([0.15, 0.35, 0.15, np.nan], nan_ok=True)


@given(st.integers(0, 1000))
def test_question_effects_are_those_of_a_regression_on_indicators(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.random((12, 5))
    scores[random.random((12, 5)) < 0.4] = np.nan
    scores[:, 0] = random.random(12)  # one who answers everything connects the others
    question, forecaster = np.nonzero(~np.isnan(scores))
    indicators = np.hstack([np.eye(12)[question], np.eye(5)[forecaster]])
    solved = np.linalg.lstsq(indicators, scores[question, forecaster], rcond=None)[0]
    expected = solved[:12] + solved[12:].mean() * (~np.isnan(scores).all(axis=1))
    present = ~np.isnan(scores).all(axis=0)
    expected += solved[12:][present].mean() - solved[12:].mean()
    assert question_effects(scores) == pytest.approx(expected)


def _board(seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    truth = (random.random(40) < 0.4).astype(float)
    said = random.uniform(0.05, 0.95, (40, 4))
    said[:, 0] = 0.5
    market = np.where(np.arange(40) < 15, random.uniform(0.05, 0.95, 40), np.nan)
    return {"outcome": truth, "probability": said, "market": market}


def test_always_one_half_scores_a_quarter_whatever_the_questions() -> None:
    found = difficulty_adjusted_brier(**_board())
    assert (found.data[0], found.market[0], found.overall[0]) == pytest.approx((0.25, 0.25, 0.25))
    assert found.overall == pytest.approx((found.data + found.market) / 2)
    plain = ((_board()["probability"] - _board()["outcome"][:, None]) ** 2)[15:].mean(axis=0)
    assert found.data == pytest.approx(plain), "all answered everything, so there is nothing to adjust"


def test_answering_only_easy_questions_does_not_pay() -> None:
    # Two equal forecasters on hard (.8) and easy (.1) questions; the second skips half of the hard ones.
    truth = np.zeros(8)
    said = np.array([[0.8, 0.8], [0.8, np.nan]] * 2 + [[0.1, 0.1]] * 4)
    found = difficulty_adjusted_brier(outcome=truth, probability=said, market=np.full(8, np.nan))
    assert found.data[0] == pytest.approx(found.data[1])
    assert np.nanmean(said**2, axis=0)[1] < np.nanmean(said**2, axis=0)[0]
    assert np.isnan(found.market).all()
    assert np.isnan(found.overall).all()


def test_market_questions_are_as_difficult_as_the_market_found_them() -> None:
    found = difficulty_adjusted_brier(outcome=[1, 0], probability=[[0.9], [0.2]], market=[0.7, 0.4])
    assert found.difficulty == pytest.approx([0.09, 0.16])
    # Less difficulty: -.08 and -.12; one half: .16 and .09, so the shift is .125.
    assert found.market == pytest.approx([-0.1 + 0.125])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": [[0.5, np.nan], [np.nan, 0.5]]}, "share no question"),
        ({"probability": [0.5, 0.5]}, "questions"),
        ({"outcome": [1, np.nan]}, "outcome holds"),
    ],
)
def test_adjusted_scores_refuse_what_cannot_be_compared(change: dict[str, Any], message: str) -> None:
    columns: dict[str, Any] = {
        "outcome": [1, 0],
        "probability": [[0.5, 0.4], [0.3, 0.5]],
        "market": [np.nan, np.nan],
    }
    with pytest.raises(ValueError, match=message):
        difficulty_adjusted_brier(**(columns | change))
