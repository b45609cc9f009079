"""Calibration: what is learnt, what is left alone, and what no map may do to a forecast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from ensembles.calibration import (
    CALIBRATORS,
    BetaMap,
    LogOddsLine,
    Steps,
    fit_beta,
    fit_intercept,
    fit_isotonic,
    fit_platt,
    fit_temperature,
)
from ensembles.odds import Floats, expit, logit

NAMES = pytest.mark.parametrize("name", sorted(CALIBRATORS))
ROWS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30)
GRID = np.linspace(0, 1, 101)


def _columns(rows: list[tuple[float, bool]]) -> tuple[Floats, Floats]:
    return np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])


def _outcomes(n: int, *, slope: float = 1.0, intercept: float = 0.0) -> tuple[Floats, Floats]:
    """Forecasts, and outcomes that come true as often as the line on their log-odds says."""
    random = np.random.default_rng(0)
    said = random.uniform(0.02, 0.98, n)
    return said, (random.random(n) < expit(intercept + slope * logit(said))).astype(float)


@NAMES
@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_every_map_is_bounded_and_never_turns_an_order_round(name: str, rows: list[tuple[float, bool]]) -> None:
    p, outcome = _columns(rows)
    mapped = CALIBRATORS[name](p, outcome=outcome)(GRID)
    assert ((mapped > 0) & (mapped < 1)).all()
    assert (np.diff(mapped) >= -1e-12).all()


@NAMES
@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_every_map_swaps_with_yes_and_no(name: str, rows: list[tuple[float, bool]]) -> None:
    p, outcome = _columns(rows)
    straight, swapped = CALIBRATORS[name](p, outcome=outcome), CALIBRATORS[name](1 - p, outcome=1 - outcome)
    away = ~np.isin(GRID, p)  # isotonic regression may jump at what was said, where rounding decides the side
    assert straight(GRID)[away] == pytest.approx(1 - swapped(1 - GRID)[away], abs=1e-6)


def test_beta_swaps_its_two_sides_with_yes_and_no() -> None:
    p, outcome = _outcomes(300, slope=0.7, intercept=0.5)
    straight, swapped = fit_beta(p, outcome=outcome), fit_beta(1 - p, outcome=1 - outcome)
    assert (straight.a, straight.b, straight.c) == pytest.approx((swapped.b, swapped.a, -swapped.c), abs=1e-6)


@NAMES
@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 3)), min_size=1, max_size=20))
def test_a_weight_is_as_good_as_a_repetition(name: str, rows: list[tuple[float, bool, int]]) -> None:
    p, outcome = _columns([row[:2] for row in rows])
    weight = np.array([row[2] for row in rows])
    if not weight.any():
        return
    weighted = CALIBRATORS[name](p, outcome=outcome, weight=weight)
    repeated = CALIBRATORS[name](np.repeat(p, weight), outcome=np.repeat(outcome, weight))
    assert weighted(GRID) == pytest.approx(repeated(GRID), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("platt", 0.01), ("beta", 0.015), ("temperature", 0.01), ("intercept", 0.01), ("isotonic", 0.06)],
)
def test_calibrated_forecasts_are_left_as_they_are(name: str, tolerance: float) -> None:
    p, outcome = _outcomes(40_000)
    inner = GRID[5:-5]
    assert CALIBRATORS[name](p, outcome=outcome)(inner) == pytest.approx(inner, abs=tolerance)


def test_each_map_finds_the_distortion_that_it_can_undo() -> None:
    p, outcome = _outcomes(40_000, slope=0.6, intercept=0.4)
    platt = fit_platt(p, outcome=outcome)
    assert (platt.slope, platt.intercept) == pytest.approx((0.6, 0.4), abs=0.03)
    beta = fit_beta(p, outcome=outcome)
    assert (beta.a, beta.b, beta.c) == pytest.approx((0.6, 0.6, 0.4), abs=0.08)
    p, outcome = _outcomes(40_000, slope=0.6)
    assert fit_temperature(p, outcome=outcome).slope == pytest.approx(0.6, abs=0.02)
    p, outcome = _outcomes(40_000, intercept=0.4)
    assert fit_intercept(p, outcome=outcome).intercept == pytest.approx(0.4, abs=0.03)


def test_platt_without_ridge_is_the_logistic_regression_of_scikit_learn() -> None:
    p, outcome = _outcomes(300, slope=0.8, intercept=-0.3)
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(p)[:, None], outcome)
    found = fit_platt(p, outcome=outcome, ridge=1e-9)
    assert (found.slope, found.intercept) == pytest.approx((fitted.coef_[0, 0], fitted.intercept_[0]), abs=1e-4)


def test_isotonic_without_prior_is_that_of_scikit_learn() -> None:
    p, outcome = _outcomes(200)
    plain = IsotonicRegression(out_of_bounds="clip").fit(p, outcome).predict(GRID)
    assert fit_isotonic(p, outcome=outcome, prior=0)(GRID) == pytest.approx(np.clip(plain, 0.001, 0.999))


def test_isotonic_by_hand() -> None:
    # .3 happened and .6 did not: the two violate, and share the rate of one half.
    found = fit_isotonic([0.1, 0.3, 0.6, 0.9], outcome=[0, 1, 0, 1], prior=0)
    assert found([0.1, 0.3, 0.5, 0.6, 0.75, 0.95]) == pytest.approx([0.001, 0.5, 0.5, 0.5, 0.75, 0.999])


def test_maps_by_hand() -> None:
    assert LogOddsLine(slope=2.0)(0.2) == pytest.approx(1 / 17)  # odds 1:4 become 1:16
    assert LogOddsLine(intercept=np.log(2))(0.2) == pytest.approx(1 / 3)  # odds 1:4 become 1:2
    assert BetaMap(1, 1, 0)(0.2) == pytest.approx(0.2)
    assert BetaMap(2, 1, 0)(0.2) == pytest.approx(0.05 / 1.05)  # odds .2^2 : .8
    assert Steps(np.array([0.2, 0.4]), np.array([0.1, 0.5]))([0.1, 0.3, 0.9]) == pytest.approx([0.1, 0.3, 0.5])
    assert LogOddsLine().parameters == {"slope": 1.0, "intercept": 0.0}
    assert BetaMap(1, 2, 3).parameters == {"a": 1, "b": 2, "c": 3}
    assert Steps(np.array([0.2]), np.array([0.1])).parameters == {"said_0": 0.2, "rate_0": 0.1}


@NAMES
@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_like_outcomes_do_not_make_certainties(name: str, outcome: float) -> None:
    for p in ([0.3], [0.1, 0.9], [0.0, 1.0]):
        mapped = CALIBRATORS[name](p, outcome=[outcome] * len(p))([0.3, 0.5])
        assert ((mapped > 0.05) & (mapped < 0.95)).all()


@NAMES
def test_separable_outcomes_do_not_explode(name: str) -> None:
    mapped = CALIBRATORS[name]([0.4, 0.6], outcome=[0, 1])([0.4, 0.6])
    assert 0.1 < mapped[0] < 0.4 + 1e-9
    assert mapped[1] == pytest.approx(1 - mapped[0], abs=1e-9)


def test_forecasts_that_point_the_wrong_way_lose_their_say_and_not_their_order() -> None:
    found = fit_platt([0.1] * 50 + [0.9] * 50, outcome=[1.0] * 50 + [0.0] * 50)
    assert (found.slope, found.intercept) == pytest.approx((0.0, 0.0), abs=1e-9)


@NAMES
def test_nan_and_weightless_rows_teach_nothing_and_nan_stays_nan(name: str) -> None:
    whole = CALIBRATORS[name](
        [0.2, np.nan, 0.7, 0.9, 0.9], outcome=[0, 1, 1, np.nan, 0], weight=[1.0, 1.0, 1.0, 1.0, 0.0]
    )
    clean = CALIBRATORS[name]([0.2, 0.7], outcome=[0, 1])
    assert whole(GRID) == pytest.approx(clean(GRID), abs=1e-9)
    mapped = whole(np.array([[0.5, np.nan], [0.1, 0.2]]))
    assert mapped.shape == (2, 2)
    assert np.isnan(mapped).tolist() == [[False, True], [False, False]]
    assert whole(0.5).shape == ()


@NAMES
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probability": [], "outcome": []}, "nothing to calibrate on"),
        ({"probability": [np.nan], "outcome": [1.0]}, "nothing to calibrate on"),
        ({"probability": [0.5], "outcome": [1.0], "weight": [0.0]}, "nothing to calibrate on"),
        ({"probability": [0.5, 0.5], "outcome": [1.0]}, "shapes"),
        ({"probability": [1.5], "outcome": [1.0]}, "outside 0..1"),
        ({"probability": [0.5], "outcome": [2.0]}, "outside 0..1"),
        ({"probability": [0.5], "outcome": [1.0], "weight": [-1.0]}, "weights"),
    ],
)
def test_fits_refuse_what_cannot_teach(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CALIBRATORS[name](**arguments)


def test_isotonic_refuses_a_prior_that_is_no_number_of_forecasts() -> None:
    with pytest.raises(ValueError, match="prior"):
        fit_isotonic([0.5], outcome=[1], prior=-1)
