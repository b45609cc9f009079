"""Extremizing: the identity, the prior, the factors by hand, and what is learnt of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.extremizing import (
    ALPHA_BOUNDS,
    extremize,
    extremized_logit_pool,
    fit_extremized_logit_pool,
    neyman_roughgarden_factor,
    neyman_roughgarden_pool,
)
from ensembles.odds import CLIP, expit, logit
from ensembles.pooling import logit_pool
from tests.ensembles.crowds import simulated

INSIDE = st.floats(CLIP, 1 - CLIP)


@given(st.floats(0.0, 1.0), st.floats(0.01, 1000))
def test_extremize_keeps_its_side_of_one_half(p: float, alpha: float) -> None:
    found = float(extremize(p, alpha))
    assert 0 <= found <= 1
    assert float(extremize(1 - p, alpha)) == pytest.approx(1 - found, abs=1e-6)
    assert (found - 0.5) * (p - 0.5) >= 0
    assert float(extremize(p, 1.0)) == p
    if CLIP < p < 1 - CLIP and alpha > 1:
        assert abs(found - 0.5) >= abs(p - 0.5) - 1e-12


@given(INSIDE, INSIDE, st.floats(1, 10))
def test_extremize_moves_away_from_the_prior_and_leaves_it_where_it_is(p: float, prior: float, alpha: float) -> None:
    found = float(extremize(p, alpha, prior=prior))
    assert (found - p) * (p - prior) >= -1e-12
    assert float(extremize(prior, alpha, prior=prior)) == pytest.approx(prior)
    back = extremize(found, 1 / alpha, prior=prior, clip=1e-15)
    assert float(back) == pytest.approx(p, abs=1e-6) or found in (0, 1) or not 1e-12 < found < 1 - 1e-12


def test_extremize_by_hand() -> None:
    assert float(extremize(0.7, 2.0)) == pytest.approx(0.49 / (0.49 + 0.09))
    assert float(extremize(0.5, 2.0, prior=0.2)) == pytest.approx(0.8), "odds of 1 are 4 times 1/4; squared, 16 times"
    assert float(extremize(0.1, 1.5, prior=0.5)) == pytest.approx(1 / 28), "odds of 1/9 to the 1.5 are 1/27"
    assert extremize([0.5, 0.5], [1.0, 2.0], prior=[0.2, 0.2]).tolist() == pytest.approx([0.5, 0.8])
    assert np.isnan(extremize([np.nan, 0.2], 2.0)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("p", "alpha", "prior", "message"),
    [
        (1.5, 1.0, 0.5, "outside"),
        (1.5, 2.0, 0.5, "outside"),
        (0.5, 0.0, 0.5, "alpha"),
        (0.5, np.inf, 0.5, "alpha"),
        (0.5, 2.0, 1.0, "prior"),
        (0.5, 2.0, np.nan, "prior"),
    ],
)
def test_extremize_refuses(p: float, alpha: float, prior: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        extremize(p, alpha, prior=prior)


def test_factor_by_hand_grows_from_one_to_the_root_of_three() -> None:
    assert float(neyman_roughgarden_factor(1)) == 1
    assert float(neyman_roughgarden_factor(2)) == pytest.approx(2 * (np.sqrt(7) - 2))
    assert float(neyman_roughgarden_factor(5)) == pytest.approx(5 * (np.sqrt(61) - 2) / 19), "1.5290"
    assert float(neyman_roughgarden_factor(5)) == pytest.approx(1.5290, abs=5e-5)
    growing = neyman_roughgarden_factor(np.arange(1, 1000))
    assert (np.diff(growing) > 0).all() and np.sqrt(3) - 1e-2 < growing[-1] < np.sqrt(3)
    with pytest.raises(ValueError, match="one member or more"):
        neyman_roughgarden_factor(0)


def test_extremized_pools_extremize_the_logit_pool_of_those_present() -> None:
    crowd = np.array([[0.6, 0.7, 0.9], [0.6, np.nan, 0.9], [np.nan, np.nan, 0.9]])
    prior = np.array([0.5, 0.2, 0.3])
    pooled = logit_pool(crowd, quorum=0.0)
    fixed = extremized_logit_pool(crowd, alpha=2.0, prior=prior, quorum=0.0)
    assert fixed.tolist() == pytest.approx(extremize(pooled, 2.0, prior=prior).tolist())
    by_number = neyman_roughgarden_pool(crowd, prior=prior, quorum=0.0)
    factors = neyman_roughgarden_factor([3, 2, 1])
    assert by_number.tolist() == pytest.approx(extremize(pooled, factors, prior=prior).tolist())
    assert by_number[2] == pytest.approx(0.9), "one member alone is left where it is"
    assert np.isnan(extremized_logit_pool(crowd)).tolist() == [False, False, True]
    assert extremized_logit_pool(crowd[0], alpha=1.0) == pytest.approx(float(pooled[0]))


def test_fit_finds_the_factor_that_was_taken_away() -> None:
    p, outcome = simulated(20_000, [0.0])
    moderated = expit(logit(p, clip=1e-9) / 2)
    assert fit_extremized_logit_pool(moderated, outcome=outcome, clip=1e-9).alpha == pytest.approx(2, abs=0.08)
    exaggerated = expit(logit(p, clip=1e-9) / 0.5)
    assert fit_extremized_logit_pool(exaggerated, outcome=outcome, clip=1e-9).alpha == pytest.approx(0.5, abs=0.03)


def test_fitted_factor_keeps_its_bounds() -> None:
    right, wrong = np.full((5000, 2), 0.6), np.full((5000, 2), 0.4)
    assert fit_extremized_logit_pool(right, outcome=np.ones(5000)).alpha == ALPHA_BOUNDS[1]
    found = fit_extremized_logit_pool(wrong, outcome=np.ones(5000))
    assert found.alpha == ALPHA_BOUNDS[0] and found.parameters == {"alpha": ALPHA_BOUNDS[0]}
