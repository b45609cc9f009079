"""CDFs as Metaculus takes them: its rules hold for whatever a member says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.interchange.metaculus.cdf import continuous_cdf, problems
from app.interchange.metaculus.scaling import Scaling
from db.errors import BadInput
from db.values import QuantilesValue

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def quantiles(*values: float) -> QuantilesValue:
    return QuantilesValue(levels=LEVELS, values=values)


def test_wide_quantiles_are_met_within_the_hundredth_that_is_spread() -> None:
    scaling = Scaling(range_min=0, range_max=100, open_lower=True, open_upper=True)
    cdf = continuous_cdf(quantiles(10, 30, 50, 70, 90), scaling)
    assert problems(cdf, scaling) == []
    assert np.interp([0.1, 0.3, 0.5, 0.7, 0.9], np.linspace(0, 1, 201), cdf) == pytest.approx(LEVELS, abs=0.012)


def test_a_closed_range_begins_at_nought_and_ends_at_one() -> None:
    scaling = Scaling(range_min=0, range_max=100)
    cdf = continuous_cdf(quantiles(1, 2, 3, 4, 5), scaling)
    assert (cdf[0], cdf[-1]) == (0, 1)
    assert problems(cdf, scaling) == []


def test_a_jump_is_spread_over_as_many_steps_as_the_rules_want() -> None:
    scaling = Scaling(range_min=0, range_max=100, open_upper=True)
    cdf = continuous_cdf(quantiles(50, 50, 50, 50, 50), scaling)
    assert problems(cdf, scaling) == []
    assert cdf[90] < 0.1
    assert cdf[110] > 0.9


def test_quantiles_beyond_the_range_leave_the_rest_outside() -> None:
    scaling = Scaling(range_min=0, range_max=100, open_lower=True, open_upper=True)
    cdf = continuous_cdf(quantiles(1000, 1100, 1200, 1300, 1400), scaling)
    assert problems(cdf, scaling) == []
    assert cdf[-1] < 0.05


def test_a_discrete_question_has_one_value_more_than_outcomes() -> None:
    scaling = Scaling.of(
        {
            "scaling": {"range_min": -0.5, "range_max": 10.5, "zero_point": None, "inbound_outcome_count": 11},
            "open_lower_bound": False,
            "open_upper_bound": True,
        }
    )
    cdf = continuous_cdf(quantiles(1, 2, 3, 4, 5), scaling)
    assert len(cdf) == 12
    assert problems(cdf, scaling) == []


def test_a_logarithmic_scale_goes_there_and_back() -> None:
    scaling = Scaling(range_min=1, range_max=1000, zero_point=0)
    assert scaling.value(1 / 3) == pytest.approx(10)
    assert scaling.place(100) == pytest.approx(2 / 3)


def test_one_quantile_is_no_distribution() -> None:
    with pytest.raises(BadInput, match="two quantiles"):
        continuous_cdf(QuantilesValue(levels=(0.5,), values=(1.0,)), Scaling(range_min=0, range_max=2))


def test_every_broken_rule_is_named() -> None:
    scaling = Scaling(range_min=0, range_max=1, open_upper=True)
    cdf = np.linspace(0.1, 1.0, 201)
    cdf[50:100] = cdf[50]
    found = " ".join(problems(cdf, scaling))
    assert "less than" in found
    assert "begins at 0.1 at a closed bound" in found
    assert "ends at 1 at an open bound" in found
    cdf = np.repeat([0.0, 0.9], [100, 101])
    assert any("more than" in clause for clause in problems(cdf, scaling))
    assert problems(cdf[1:], scaling) == ["it has 200 values and not 201"]


@given(
    values=st.lists(st.floats(-500, 500), min_size=5, max_size=5).map(sorted),
    lower=st.booleans(),
    upper=st.booleans(),
    steps=st.sampled_from([5, 50, 200]),
    zero=st.sampled_from([None, -101.0]),
)
def test_whatever_the_quantiles_the_rules_hold(
    values: list[float], lower: bool, upper: bool, steps: int, zero: float | None
) -> None:
    scaling = Scaling(range_min=-100, range_max=100, zero_point=zero, open_lower=lower, open_upper=upper, steps=steps)
    if zero is not None and values[0] <= zero:
        return
    assert problems(continuous_cdf(quantiles(*values), scaling), scaling) == []
