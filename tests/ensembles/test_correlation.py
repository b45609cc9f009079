"""Correlations with intervals: the same as scipy's, item by item drawn, and honest where nothing varies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, pearsonr, spearmanr

from ensembles.correlation import correlations

scores = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=12)


@given(scores)
@settings(max_examples=50, deadline=None)
def test_coefficients_are_scipys_with_ties(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=np.float64).T
    found = correlations(x, y, n_boot=1)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(found.pearson.mean) and np.isnan(found.spearman.mean) and np.isnan(found.kendall.mean)
        return
    expected = (pearsonr(x, y)[0], spearmanr(x, y)[0], kendalltau(x, y)[0])
    assert (found.pearson.mean, found.spearman.mean, found.kendall.mean) == pytest.approx(expected, abs=1e-9)


def test_interval_is_that_of_items_drawn_with_replacement() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=20)
    y = x + random.normal(size=20)
    found = correlations(x, y, n_boot=8000, seed=5)
    drawn = random.integers(0, 20, size=(800, 20))
    for name, coefficient in (("pearson", pearsonr), ("spearman", spearmanr), ("kendall", kendalltau)):
        interval = getattr(found, name)
        low, high = np.quantile([coefficient(x[one], y[one])[0] for one in drawn], [0.025, 0.975])
        # Other draws: three standard errors, up to .02 each, of a bound of scipy's 800 samples.
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.06)


def test_order_alone_matters_to_ranks() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0])
    found = correlations(x, np.exp(5 * x))
    assert found.spearman.mean == found.kendall.mean == pytest.approx(1)
    assert found.pearson.mean < 0.9
    turned = correlations(x, -x)
    assert (turned.pearson.mean, turned.kendall.mean) == pytest.approx((-1, -1))


def test_absent_scores_are_left_out_and_counted() -> None:
    found = correlations([1.0, 2.0, np.nan, 4.0], [1.0, 2.0, 3.0, 4.0], n_boot=10)
    assert found.n == 3
    assert found.pearson.mean == pytest.approx(1)
    few = correlations([1.0, np.nan], [1.0, 2.0])
    assert few.n == 1 and np.isnan(few.pearson.mean) and np.isnan(few.kendall.high)
    with pytest.raises(ValueError, match="two arrays of one length"):
        correlations([1.0], [1.0, 2.0])
