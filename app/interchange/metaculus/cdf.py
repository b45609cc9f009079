"""A number's quantiles as the distribution that Metaculus takes: a CDF on even places of its range.

Its rules: every step is at least 0.01 / n and at most 0.2 * 200 / n, n the number of steps; a closed bound has exactly
0 below or 1 up to it, an open one at least 0.001 outside (https://www.metaculus.com/api/, "Submit a forecast").
"""

from __future__ import annotations

import numpy as np

from app.interchange.metaculus.scaling import Scaling
from db.errors import BadInput
from db.values import QuantilesValue
from ensembles.odds import Floats

OUTSIDE = 0.001
"""The least probability beyond an open bound."""
_MIXED = 0.01
_MOST = 0.2 * 200
_TAIL = 0.5
_DIGITS = 10
_SLACK = 1e-9


def least_step(steps: int) -> float:
    """The least that the CDF must rise in a step."""
    return _MIXED / steps


def most_step(steps: int) -> float:
    """The most that it may rise in a step."""
    return _MOST / steps


def problems(cdf: Floats, scaling: Scaling) -> list[str]:
    """What is wrong with a CDF by those rules, a clause each."""
    found = []
    if len(cdf) != scaling.steps + 1:
        return [f"it has {len(cdf)} values and not {scaling.steps + 1}"]
    rises = np.diff(cdf)
    if rises.min() < least_step(scaling.steps) - _SLACK:
        found.append(f"it rises by {rises.min():.2g} in a step, less than {least_step(scaling.steps):.2g}")
    if rises.max() > most_step(scaling.steps) + _SLACK:
        found.append(f"it rises by {rises.max():.2g} in a step, more than {most_step(scaling.steps):.2g}")
    if cdf[0] < OUTSIDE - _SLACK if scaling.open_lower else cdf[0] != 0:
        found.append(f"it begins at {cdf[0]:.4g} at {'an open' if scaling.open_lower else 'a closed'} bound")
    if cdf[-1] > 1 - OUTSIDE + _SLACK if scaling.open_upper else cdf[-1] != 1:
        found.append(f"it ends at {cdf[-1]:.4g} at {'an open' if scaling.open_upper else 'a closed'} bound")
    return found


def continuous_cdf(value: QuantilesValue, scaling: Scaling) -> Floats:
    """The CDF (steps + 1,) of a number whose quantiles are given, by the rules of Metaculus.

    Between quantiles it is straight on the scaled range. What lies beyond the outermost quantiles falls off
    exponentially, half of it for each stretch as wide as that between the outermost two levels' places. The rest is as
    little as the rules want: a hundredth of the whole is spread evenly, and what a step has too much goes to the steps
    beside it. Raises BadInput where the quantiles say nothing about the range.
    """
    places = np.array([scaling.place(number) for number in value.values])
    if len(places) < 2 or not np.isfinite(places).all():
        raise BadInput("a distribution needs two quantiles or more, on the range's scale")
    at = np.linspace(0.0, 1.0, scaling.steps + 1)
    masses = np.diff(_between(at, places, np.array(value.levels)))
    low, high = _between(np.array([0.0, 1.0]), places, np.array(value.levels))
    return _ruled(masses, float(low), float(1 - high), scaling)


def _between(at: Floats, places: Floats, levels: Floats) -> Floats:
    """The CDF at places of the unit interval, straight between quantiles and with exponential tails."""
    width = max(float(places[-1] - places[0]), 1e-6)
    inner = np.interp(at, places, levels)
    below = levels[0] * _TAIL ** (np.maximum(places[0] - at, 0) / width)
    above = 1 - (1 - levels[-1]) * _TAIL ** (np.maximum(at - places[-1], 0) / width)
    return np.where(at < places[0], below, np.where(at > places[-1], above, inner))


def _ruled(masses: Floats, below: float, above: float, scaling: Scaling) -> Floats:
    """The CDF of these masses of the steps, and below and above the range, brought within the rules."""
    n, floor = scaling.steps, least_step(scaling.steps) * (1 + _SLACK * 1e4)
    outside = [max(below, OUTSIDE) if scaling.open_lower else 0.0, max(above, OUTSIDE) if scaling.open_upper else 0.0]
    lacking = 2 * floor * n - (1 - sum(outside))
    if lacking > 0:  # nearly all of it lies outside, and the rules want a little inside
        outside[int(np.argmax(outside))] -= lacking
    inside = 1 - sum(outside)
    share = masses / masses.sum() if masses.sum() > 0 else np.full(n, 1 / n)
    rises = _capped(floor + (inside - floor * n) * share, most_step(n))
    cdf = np.concatenate([[outside[0]], outside[0] + np.cumsum(rises)])
    cdf[-1] = 1 - outside[1]
    return np.asarray(np.round(cdf, _DIGITS), dtype=np.float64)


def _capped(rises: Floats, most: float) -> Floats:
    """Rises of which none is above `most`: what one has too much goes to the others, nearer ones first."""
    rises = rises.copy()
    for at in np.flatnonzero(rises > most):
        excess, rises[at] = rises[at] - most, most
        for near in np.argsort(np.abs(np.arange(len(rises)) - at), kind="stable")[1:]:
            moved = min(max(most - rises[near], 0.0), excess)
            rises[near] += moved
            excess -= moved
    return rises
