"""The stochastic process behind the demo world: synthetic countries' relations, entirely invented.

Everything here is SYNTHETIC. Countries bear real codes so that every table and parser is exercised, but who quarrels
with whom is drawn from a seed and says nothing about the real world.

The process is a day-discrete multivariate Hawkes process with exponential kernels [1]_, cut off at one event per
(day, pair, code). A day's events depend on the past only through two states, both functions of the *reported* events
of earlier days, so whoever knows the parameters and the past knows the true probabilities:

    p_t = 1 - exp(-lambda_t),  lambda_t = (base * season_t + e_t) * exp(-calm * s_t) + boost * s_t
    e_(t+1) = g e_t + (1 - g) (n_t B + r * reverse(n_t)),  s_(t+1) = d s_t + starts_t

`e` is the excitation per (pair, code), `s` the tension per pair, shared by both directions of it. A shock starts with
an event of `SHOCK_CODE`, which has a constant hazard between hostile countries and none elsewhere.

.. [1] A. G. Hawkes, "Spectra of some self-exciting and mutually exciting point processes", Biometrika 58 (1971).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

import db.cameo as cameo

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

COUNTRIES = ("ARG", "BRA", "CAN", "CHN", "DEU", "EGY", "FRA", "GBR", "IND", "JPN", "KEN", "MEX", "TUR", "USA")
"""ISO 3166 alpha-3 codes of the demo world, which are also their CAMEO codes."""

SHOCK_CODE = "191"
"""The code whose events start a shock: nothing else raises a pair's tension."""

_CODES: dict[str, tuple[float, float]] = {  # base code -> mean events a day of a pair at rest; boost at tension 1
    "010": (0.050, 0.10),
    "020": (0.025, 0.00),
    "036": (0.035, 0.00),
    "040": (0.040, 0.00),
    "042": (0.055, 0.00),
    "046": (0.025, 0.00),
    "051": (0.035, 0.00),
    "057": (0.012, 0.00),
    "061": (0.015, 0.00),
    "071": (0.010, 0.00),
    "110": (0.015, 0.35),
    "111": (0.025, 0.60),
    "112": (0.020, 0.70),
    "130": (0.006, 0.35),
    "138": (0.005, 0.25),
    "163": (0.005, 0.20),
    "172": (0.006, 0.25),
    "190": (0.004, 0.80),
    SHOCK_CODE: (0.000, 0.00),
    "193": (0.002, 0.40),
}
CODES = tuple(_CODES)
"""The base codes that occur in the demo world, sorted."""

N_DYADS, N_HOSTILE = 30, 8
SHOCK_HAZARD = 1 / 150  # a day, for each direction of a hostile dyad
EXCITATION_DECAY = 0.5 ** (1 / 4)  # half-life four days
TENSION_DECAY = 0.5 ** (1 / 8)  # half-life eight days
SELF, KINDRED, RECIPROCAL = 0.30, 0.14, 0.18  # expected offspring of one event; below one in sum, or it explodes
CALM = 0.8


@dataclass(frozen=True, slots=True)
class State:
    """What the past of reported events leaves behind at the start of a day.

    `excitation` has shape [..., pairs, codes], `tension` [..., pairs]; leading axes are simulated paths.
    """

    excitation: Floats
    tension: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The parameters of one synthetic world; `pairs` are ordered (subject, object), the axis of everything else.

    Shapes: `reverse` [pairs]; `base`, `boost`, `hazard` [pairs, codes]; `offspring` [codes, codes]; the rest [codes].
    """

    pairs: tuple[tuple[str, str], ...]
    reverse: NDArray[np.intp]
    base: Floats
    boost: Floats
    hazard: Floats
    offspring: Floats
    calm: Floats
    weekend: Floats
    amplitude: Floats
    phase: Floats

    def at_rest(self) -> State:
        """The state on the first day: nothing has ever happened."""
        return State(np.zeros_like(self.base), np.zeros(len(self.pairs)))

    def season(self, day: date) -> Floats:
        """The factor on the base rate of every code, shape [codes]: weekday and time of year."""
        angle = 2 * np.pi * day.timetuple().tm_yday / 365.25
        annual = 1 + self.amplitude * np.cos(angle - self.phase)
        return annual * self.weekend if day.weekday() >= 5 else annual

    def probabilities(self, state: State, day: date) -> Floats:
        """The true probability of an event of each pair and code on `day`, shape [..., pairs, codes]."""
        tension = state.tension[..., None]
        intensity = (self.base * self.season(day) + state.excitation) * np.exp(-self.calm * tension)
        intensity += self.boost * tension + self.hazard
        return -np.expm1(-intensity)

    def advance(self, state: State, present: Flags) -> State:
        """The state a day later, given which events were `present`, shape [..., pairs, codes]."""
        events = present.astype(np.float64)
        opposite = events[..., self.reverse, :]
        caused = events @ self.offspring + self._answered * opposite
        shock = CODES.index(SHOCK_CODE)
        starts = events[..., shock] + opposite[..., shock]
        return State(
            EXCITATION_DECAY * state.excitation + (1 - EXCITATION_DECAY) * caused,
            TENSION_DECAY * state.tension + starts,
        )

    @property
    def _answered(self) -> Floats:
        return np.array([0.0 if code == SHOCK_CODE else RECIPROCAL for code in CODES])


def draw_process(rng: np.random.Generator) -> Process:
    """A synthetic world's parameters, drawn at random: who deals with whom, how much, and who is hostile to whom."""
    possible = list(combinations(COUNTRIES, 2))
    dyads = [possible[index] for index in sorted(rng.choice(len(possible), N_DYADS, replace=False))]
    pairs = tuple((a, b) for dyad in dyads for a, b in (dyad, dyad[::-1]))
    hostile = np.repeat(np.isin(np.arange(N_DYADS), rng.choice(N_DYADS, N_HOSTILE, replace=False)), 2)
    activity = np.repeat(_around_one(rng, 0.7, N_DYADS), 2)[:, None]
    rate = np.array([rate for rate, _ in _CODES.values()])
    boost = np.array([boost for _, boost in _CODES.values()])
    quad_class = np.array([cameo.quad_class(code) for code in CODES])
    n_pairs, n_codes = len(pairs), len(CODES)
    return Process(
        pairs=pairs,
        reverse=np.arange(n_pairs) ^ 1,
        base=rate * activity * _around_one(rng, 0.6, (n_pairs, n_codes)),
        boost=boost * _around_one(rng, 0.3, (n_pairs, n_codes)),
        hazard=np.where(hostile[:, None] & (np.array(CODES) == SHOCK_CODE), SHOCK_HAZARD, 0.0),
        offspring=_offspring(rate, quad_class),
        calm=np.where(quad_class <= 2, CALM, 0.0),
        weekend=np.where(quad_class == 4, 0.9, 0.55),
        amplitude=rng.uniform(0.1, 0.35, n_codes),
        phase=rng.uniform(0.0, 2 * np.pi, n_codes),
    )


def _around_one(rng: np.random.Generator, sigma: float, shape: int | tuple[int, ...]) -> Floats:
    """Log-normal factors with mean one."""
    return rng.lognormal(-(sigma**2) / 2, sigma, shape)


def _offspring(rate: Floats, quad_class: NDArray[np.int_]) -> Floats:
    """Expected events caused in the same pair, [cause, effect]: the same code, and its quad class by base rate."""
    kindred = (quad_class[:, None] == quad_class) * rate
    matrix: Floats = SELF * np.eye(len(rate)) + KINDRED * kindred / kindred.sum(axis=1, keepdims=True)
    shock = CODES.index(SHOCK_CODE)
    matrix[shock, :] = matrix[:, shock] = 0.0  # a shock acts through the tension, and nothing but its hazard causes it
    return matrix
