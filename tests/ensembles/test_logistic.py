"""The penalised logistic fit: its optimality conditions on random problems, its bounds, and what needs no rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.logistic import fit_logistic
from ensembles.odds import expit


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([0.01, 1.0, 7.0]),
    ridge=st.sampled_from([1e-3, 1.0, 20.0]),
    bounds=st.sampled_from([(-np.inf, np.inf), (0.0, np.inf), (0.25, 4.0)]),
    separable=st.booleans(),
)
def test_fit_meets_the_conditions_of_the_only_optimum(
    seed: int, scale: float, ridge: float, bounds: tuple[float, float], separable: bool
) -> None:
    random = np.random.default_rng(seed)
    n, k = int(random.integers(0, 120)), int(random.integers(1, 8))
    x = random.normal(0, scale, (n, 1)) + random.normal(0, 0.2 * scale, (n, k))
    outcome = (random.random(n) < (x[:, 0] > 0 if separable else expit(x[:, 0]))).astype(float)
    weight, offset = 3 * random.random(n), random.normal(0, 1, n)
    low, high = bounds
    found = fit_logistic(
        x, outcome=outcome, weight=weight, centre=1 / k, ridge=ridge, lower=low, upper=high, offset=offset
    )
    slope = x.T @ (weight * (expit(offset + x @ found) - outcome)) + ridge * (found - 1 / k)
    small = 1e-8 * (weight @ np.abs(x) + ridge)
    assert ((found >= low) & (found <= high)).all()
    assert (slope[found > low] <= small[found > low]).all(), "no lower value would be better"
    assert (slope[found < high] >= -small[found < high]).all(), "no higher value would be better"


def test_without_rows_the_centre_is_all_that_is_known() -> None:
    none = {"outcome": np.empty(0), "weight": np.empty(0)}
    assert fit_logistic(np.empty((0, 2)), **none, centre=[0.3, -2.0], ridge=1.0).tolist() == [0.3, -2.0]
    assert fit_logistic(np.empty((0, 2)), **none, centre=[0.3, -2.0], ridge=1.0, lower=0.0).tolist() == [0.3, 0.0]


def test_a_ridge_is_needed_and_may_differ_by_column() -> None:
    x, outcome = np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([1.0, 0.0])
    free, held = fit_logistic(x, outcome=outcome, weight=np.ones(2), centre=0.0, ridge=[0.1, 1e6])
    assert free > 1 and held == pytest.approx(0, abs=1e-5)
    with pytest.raises(ValueError, match="above 0"):
        fit_logistic(x, outcome=outcome, weight=np.ones(2), centre=0.0, ridge=0.0)
