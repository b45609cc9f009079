"""Calibration: a map from what was said to how often such forecasts came true, learnt from outcomes.

Every map is bounded, and monotone: it never turns the order of two forecasts round. Every fit is shrunk to the identity
by a ridge that counts as much as a handful of outcomes, so that with few of them little changes and separable ones do
not explode. Whether a map is used at all is for `ensembles.gate` to decide: within one round nearly all of them look
good.

Fits take probabilities and outcomes of shape (n,), and non-negative weights, where a weight of two is the row given
twice. Outcomes are 0 or 1, or fractions. Rows with NaN, or with a weight of 0, teach nothing; where there are no other
rows, a fit raises ValueError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from ensembles.logistic import fit_logistic
from ensembles.odds import CLIP, Floats, checked, expit, logit

RIDGE = 1.0
"""The prior's precision: the identity, give or take a standard deviation of 1 in slope and in log-odds of intercept."""

ISOTONIC_PRIOR = 5.0
"""How many forecasts, spread evenly over 0..1 and perfectly calibrated, isotonic regression starts from."""


class Calibrator(Protocol):
    """A learnt map of probabilities of any shape to calibrated ones of the same shape; NaN stays NaN."""

    @property
    def parameters(self) -> dict[str, float]:
        """What was learnt, by name, as an aggregate records it."""
        ...

    def __call__(self, probability: ArrayLike) -> Floats:
        """The calibrated probabilities; raises ValueError for one outside 0..1."""
        ...


@dataclass(frozen=True, slots=True)
class LogOddsLine:
    """`logit q = intercept + slope logit p`: Platt scaling, and its special cases. Slope 1, intercept 0: the identity.

    A slope below 1 draws forecasts towards the middle; it is one over the temperature. The intercept is a bias in
    log-odds, positive where too little was said. Forecasts are clipped to CLIP..1 - CLIP first.
    """

    slope: float = 1.0
    intercept: float = 0.0

    @property
    def parameters(self) -> dict[str, float]:
        """Slope and intercept."""
        return {"slope": self.slope, "intercept": self.intercept}

    def __call__(self, probability: ArrayLike) -> Floats:
        """The calibrated probabilities."""
        return expit(self.intercept + self.slope * logit(checked(probability)))


@dataclass(frozen=True, slots=True)
class BetaMap:
    """`logit q = c + a ln p - b ln(1 - p)` (Kull, Silva Filho & Flach 2017, eq. 5); a = b = 1 and c = 0: the identity.

    Bends the two ends differently, which a line cannot. Forecasts are clipped to CLIP..1 - CLIP first.
    """

    a: float
    b: float
    c: float

    @property
    def parameters(self) -> dict[str, float]:
        """The three parameters of the paper."""
        return {"a": self.a, "b": self.b, "c": self.c}

    def __call__(self, probability: ArrayLike) -> Floats:
        """The calibrated probabilities."""
        yes, no = _log_sides(checked(probability))
        return expit(self.c + self.a * yes + self.b * no)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Linear between the knots `(said[i], rate[i])`, both ascending, and level beyond the first and the last.

    What it says is clipped to CLIP..1 - CLIP, lest a run of like outcomes claim certainty.
    """

    said: Floats = field(repr=False)
    rate: Floats = field(repr=False)

    @property
    def parameters(self) -> dict[str, float]:
        """The knots, numbered from the lowest."""
        knots = enumerate(zip(self.said, self.rate, strict=True))
        return {
            f"{name}_{i}": float(value) for i, pair in knots for name, value in zip(("said", "rate"), pair, strict=True)
        }

    def __call__(self, probability: ArrayLike) -> Floats:
        """The calibrated probabilities."""
        p = checked(probability)
        return np.asarray(np.clip(np.interp(p, self.said, self.rate), CLIP, 1 - CLIP), dtype=np.float64)


def fit_platt(
    probability: ArrayLike, *, outcome: ArrayLike, weight: ArrayLike | None = None, ridge: float = RIDGE
) -> LogOddsLine:
    """Slope, at least 0, and intercept on the log-odds (Platt 1999)."""
    return _fit_line(probability, outcome, weight, ridge, lower=(0.0, -np.inf), upper=(np.inf, np.inf))


def fit_temperature(
    probability: ArrayLike, *, outcome: ArrayLike, weight: ArrayLike | None = None, ridge: float = RIDGE
) -> LogOddsLine:
    """The slope alone, one over the temperature of Guo et al. (2017): confidence is corrected, bias is not."""
    return _fit_line(probability, outcome, weight, ridge, lower=(0.0, 0.0), upper=(np.inf, 0.0))


def fit_intercept(
    probability: ArrayLike, *, outcome: ArrayLike, weight: ArrayLike | None = None, ridge: float = RIDGE
) -> LogOddsLine:
    """The intercept alone: a lean to yes or to no is corrected, confidence is not."""
    return _fit_line(probability, outcome, weight, ridge, lower=(1.0, -np.inf), upper=(1.0, np.inf))


def _fit_line(
    probability: ArrayLike,
    outcome: ArrayLike,
    weight: ArrayLike | None,
    ridge: float,
    *,
    lower: tuple[float, float],
    upper: tuple[float, float],
) -> LogOddsLine:
    """The line whose slope and intercept lie within `lower` and `upper`."""
    p, truth, mass = taught(probability, outcome=outcome, weight=weight)
    slope, intercept = fit_logistic(
        np.column_stack([logit(p), np.ones_like(p)]),
        outcome=truth,
        weight=mass,
        centre=(1.0, 0.0),
        ridge=ridge,
        lower=lower,
        upper=upper,
    )
    return LogOddsLine(float(slope), float(intercept))


def fit_beta(
    probability: ArrayLike, *, outcome: ArrayLike, weight: ArrayLike | None = None, ridge: float = RIDGE
) -> BetaMap:
    """Beta calibration with all three parameters, a and b at least 0 (Kull, Silva Filho & Flach 2017)."""
    p, truth, mass = taught(probability, outcome=outcome, weight=weight)
    a, b, c = fit_logistic(
        np.column_stack([*_log_sides(p), np.ones_like(p)]),
        outcome=truth,
        weight=mass,
        centre=(1.0, 1.0, 0.0),
        ridge=ridge,
        lower=(0.0, 0.0, -np.inf),
    )
    return BetaMap(float(a), float(b), float(c))


def fit_isotonic(
    probability: ArrayLike, *, outcome: ArrayLike, weight: ArrayLike | None = None, prior: float = ISOTONIC_PRIOR
) -> Steps:
    """The best non-decreasing map whatever its shape, by pooling adjacent violators (Zadrozny & Elkan 2002).

    `prior` calibrated forecasts are put in as well, in equal parts at 51 places over 0..1; 0 leaves isotonic regression
    as it stands in the literature, which makes certainties of a few like outcomes.
    """
    from sklearn.isotonic import IsotonicRegression  # heavy: only where something is learnt

    p, truth, mass = taught(probability, outcome=outcome, weight=weight)
    if not 0 <= prior < np.inf:
        raise ValueError(f"prior must be a finite number of forecasts, 0 or more, not {prior}")
    if prior:
        grid = np.linspace(0, 1, 51)
        p, truth = np.concatenate([p, grid]), np.concatenate([truth, grid])
        mass = np.concatenate([mass, np.full(len(grid), prior / len(grid))])
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(p, truth, sample_weight=mass)
    return Steps(np.asarray(fitted.X_thresholds_), np.asarray(fitted.y_thresholds_))


def taught(
    probability: ArrayLike, *, outcome: ArrayLike, weight: ArrayLike | None = None
) -> tuple[Floats, Floats, Floats]:
    """Probability, outcome and weight, each (n,) and finite: a row that teaches nothing keeps its place, weight 0.

    Raises ValueError for what is no probability, outcome or weight, and where no row teaches anything.
    """
    p, truth = checked(probability), np.asarray(outcome, dtype=np.float64)
    mass = np.ones_like(p) if weight is None else np.asarray(weight, dtype=np.float64)
    if p.ndim != 1 or p.shape != truth.shape or p.shape != mass.shape:
        raise ValueError(
            f"probability, outcome and weight must be (n,): they have shapes {p.shape}, {truth.shape} and {mass.shape}"
        )
    if ((truth < 0) | (truth > 1)).any():
        raise ValueError("an outcome lies outside 0..1")
    if not (np.isfinite(mass) & (mass >= 0)).all():
        raise ValueError("weights must be finite and at least 0")
    rows = ~np.isnan(p) & ~np.isnan(truth) & (mass > 0)
    if not rows.any():
        raise ValueError("nothing to calibrate on: give at least one forecast with its outcome and a weight above 0")
    return np.where(rows, p, 0.5), np.where(rows, truth, 0.5), np.where(rows, mass, 0.0)


def _log_sides(p: Floats) -> tuple[Floats, Floats]:
    """`ln p` and `-ln(1 - p)` of clipped probabilities: the log-odds, cut in two."""
    clipped = np.clip(p, CLIP, 1 - CLIP)
    return np.asarray(np.log(clipped)), np.asarray(-np.log1p(-clipped))


CALIBRATORS: dict[str, Callable[..., Calibrator]] = {
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
    "temperature": fit_temperature,
    "intercept": fit_intercept,
}
"""The fits by name, each called `fit(probability, *, outcome, weight=None)`."""
