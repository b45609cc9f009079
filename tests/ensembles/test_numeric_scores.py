"""Numeric scores: hand-worked values, `scoringrules`, and the limits they must meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from ensembles.numeric_scores import crps_quantiles, interval_coverage, interval_score, pinball

VALUES = st.lists(st.floats(-100, 100), min_size=3, max_size=3)


def test_numeric_scores_by_hand() -> None:
    assert pinball(outcome=[3.0, 1.0], quantile=2.0, level=0.8) == pytest.approx([0.8, 0.2])
    # Pinball .25 * 2, .5 * 1 and (1 - .75) * 1, twice their mean.
    assert crps_quantiles(outcome=3.0, quantiles=[1.0, 2.0, 4.0], levels=[0.25, 0.5, 0.75]) == pytest.approx(2.5 / 3)
    # Inside: the width; .1 below an 80 % interval: 2 / .2 times that on top.
    found = interval_score(outcome=[0.5, -0.1], low=[0.0, 0.0], high=[1.0, 1.0], level=0.8)
    assert found == pytest.approx([1.0, 2.0])


@given(st.floats(-100, 100), VALUES)
def test_numeric_scores_match_scoringrules(outcome: float, values: list[float]) -> None:
    quantiles, levels = np.sort(values), np.array([0.1, 0.5, 0.9])
    crps = crps_quantiles(outcome=outcome, quantiles=quantiles, levels=levels)
    assert crps == pytest.approx(float(scoringrules.crps_quantile(outcome, quantiles, levels)))
    assert crps == pytest.approx(2 * pinball(outcome=outcome, quantile=quantiles, level=levels).mean(), abs=1e-9)
    interval = interval_score(outcome=outcome, low=quantiles[0], high=quantiles[2], level=0.8)
    assert interval == pytest.approx(float(scoringrules.interval_score(outcome, quantiles[0], quantiles[2], 0.2)))
    # The interval score is the two pinball losses in other units (Bracher et al. 2021).
    ends = pinball(outcome=outcome, quantile=quantiles[[0, 2]], level=levels[[0, 2]]).sum()
    assert interval == pytest.approx(2 / 0.2 * ends, abs=1e-6)


def test_the_median_alone_scores_its_absolute_error() -> None:
    found = crps_quantiles(outcome=[1.0, 5.0], quantiles=[[3.0], [3.0]], levels=[0.5])
    assert found == pytest.approx([2.0, 2.0])


def test_dense_quantiles_come_to_the_score_of_their_distribution() -> None:
    levels = (np.arange(2000) + 0.5) / 2000
    for outcome in (-2.0, 0.0, 0.7):
        found = crps_quantiles(outcome=outcome, quantiles=norm.ppf(levels), levels=levels)
        assert found == pytest.approx(float(scoringrules.crps_normal(outcome, 0, 1)), abs=1e-3)


def test_coverage_by_hand() -> None:
    found = interval_coverage(outcome=[0, 1, 5, 9], low=[0, 0, 0, 0], high=[2, 1, 4, 6])
    assert (found.n, found.share, found.mean_width, found.median_width) == (4, 0.5, 3.25, 3.0)
    assert (found.low, found.high) == pytest.approx((0.15004, 0.84996), abs=1e-5)


def test_calibrated_intervals_cover_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    centre = random.normal(0, 5, 4000)
    found = interval_coverage(outcome=centre + random.normal(0, 1, 4000), low=centre - 1.2816, high=centre + 1.2816)
    assert found.low < 0.8 < found.high


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pinball(outcome=np.nan, quantile=1, level=0.5), "outcome holds NaN"),
        (lambda: pinball(outcome=1, quantile=1, level=1.0), "levels must lie"),
        (lambda: crps_quantiles(outcome=1, quantiles=[2, 1], levels=[0.1, 0.9]), "must not fall"),
        (lambda: crps_quantiles(outcome=1, quantiles=[1, 2], levels=[0.9, 0.1]), "levels must rise"),
        (lambda: crps_quantiles(outcome=[1, 2], quantiles=[1, 2], levels=[0.1, 0.9]), "need outcomes"),
        (lambda: interval_score(outcome=1, low=2, high=1, level=0.8), "ends below"),
        (lambda: interval_score(outcome=1, low=0, high=1, level=1.0), "levels must lie"),
        (lambda: interval_coverage(outcome=[1, 2], low=[0], high=[1]), "one shape"),
        (lambda: interval_coverage(outcome=[], low=[], high=[]), "no intervals"),
    ],
)
def test_numeric_scores_refuse_what_they_cannot_score(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
