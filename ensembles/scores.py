"""Proper scores and what they are made of. Lower is better unless a function says otherwise.

Truth and forecast go by keyword, and probabilities that are not in 0..1 (NaN included) raise ValueError: a missing
forecast is not a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats

Bools = NDArray[np.bool_]

LOG_CLIP = 1e-6
"""Log scores clip probabilities to LOG_CLIP..1 - LOG_CLIP: a sure forecast that fails costs 13.8 nats, not infinity."""

KL_EPSILON = 1e-10
KL_BOUND = float(np.log(1 / KL_EPSILON))
"""No bounded divergence exceeds ln(1e10) = 23.03."""


def _pair(outcome: ArrayLike, probability: ArrayLike) -> tuple[Floats, Floats]:
    """Outcome and probability as float arrays of one shape, checked."""
    truth, forecast = np.asarray(outcome, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    if truth.shape != forecast.shape:
        raise ValueError(f"outcome has shape {truth.shape}, probability {forecast.shape}")
    for label, array in (("outcome", truth), ("probability", forecast)):
        if not ((array >= 0) & (array <= 1)).all():  # NaN compares false
            raise ValueError(f"{label} holds a value outside 0..1 (or NaN)")
    return truth, forecast


def brier(*, outcome: ArrayLike, probability: ArrayLike) -> Floats:
    """Brier score `(p - o)^2` of each forecast, 0..1 (Brier 1950). Outcomes may be fractions. Any shape."""
    truth, forecast = _pair(outcome, probability)
    result: Floats = (forecast - truth) ** 2
    return result


def brier_multi(*, outcome: ArrayLike, probability: ArrayLike) -> Floats:
    """Multi-category Brier score, summed over the last axis, 0..2; never to be averaged with the binary one.

    Shape (..., categories) to (...); both must sum to 1 over the categories within 1e-6, else ValueError.
    """
    truth, forecast = _pair(outcome, probability)
    if not truth.ndim:
        raise ValueError("the multi-category score needs an axis of categories")
    for label, array in (("outcome", truth), ("probability", forecast)):
        if (np.abs(array.sum(axis=-1) - 1) > 1e-6).any():
            raise ValueError(f"{label} does not sum to 1 over the categories")
    return np.asarray(((forecast - truth) ** 2).sum(axis=-1), dtype=np.float64)


def log_score(*, outcome: ArrayLike, probability: ArrayLike, clip: float = LOG_CLIP) -> Floats:
    """Negative log likelihood in nats, 0..-ln(clip) (Good 1952). Any shape; fractions are mixed outcomes.

    Probabilities are clipped to `clip`..1 - `clip` first; `clip` lies in 1e-15..0.5, below which 1 - clip is 1.
    """
    truth, forecast = _pair(outcome, probability)
    if not 1e-15 <= clip < 0.5:
        raise ValueError(f"clip must be at least 1e-15 and below 0.5, not {clip}")
    p = np.clip(forecast, clip, 1 - clip)
    result: Floats = -(truth * np.log(p) + (1 - truth) * np.log1p(-p))
    return result


def skill(*, score: float, reference: float) -> float:
    """Skill `1 - score / reference`: 1 is perfect, 0 is the reference, NaN where the reference is perfect itself."""
    return 1 - score / reference if reference else float("nan")


@dataclass(frozen=True, slots=True)
class Murphy:
    """Brier = reliability - discrimination + uncertainty (Murphy 1973; "resolution" means something else here).

    `discrimination` is higher the better and, grouped by bins, may fall below 0.
    """

    reliability: float
    discrimination: float
    uncertainty: float

    @property
    def brier(self) -> float:
        """The mean Brier score, put together again."""
        return self.reliability - self.discrimination + self.uncertainty


def murphy(*, outcome: ArrayLike, probability: ArrayLike, bins: int | None = None) -> Murphy:
    """The three parts of the mean Brier score; the identity is exact, up to rounding, for every grouping.

    Forecasts are grouped by distinct value, or by `bins` of equal width over 0..1. Within a bin forecasts differ: their
    variance and covariance with the outcome go to discrimination (Stephenson, Coelho & Jolliffe 2008, "generalised
    resolution"); both vanish if each bin holds one value. 1-d arrays of at least one forecast, outcomes 0 or 1.
    """
    truth, forecast = _pair(outcome, probability)
    if truth.ndim != 1 or not truth.size:
        raise ValueError("the decomposition takes one-dimensional arrays of at least one forecast")
    _refuse_fractions(truth)
    if bins is None:
        values, group = np.unique(forecast, return_inverse=True)
        n = np.bincount(group)
    else:
        _, group = np.unique(_bin(forecast, bins), return_inverse=True)  # empty bins fall out
        n = np.bincount(group)
        values = np.bincount(group, weights=forecast) / n
    rate = np.bincount(group, weights=truth) / n
    base = truth.mean()
    within = forecast - values[group]
    spread = (within**2).mean() - 2 * (within * (truth - rate[group])).mean()
    return Murphy(
        reliability=float((n * (values - rate) ** 2).sum() / n.sum()),
        discrimination=float((n * (rate - base) ** 2).sum() / n.sum() - spread),
        uncertainty=float(base * (1 - base)),
    )


def _refuse_fractions(truth: Floats) -> None:
    if not np.isin(truth, (0.0, 1.0)).all():
        raise ValueError("outcomes must be 0 or 1 here, not fractions")


def _bin(forecast: Floats, bins: int) -> NDArray[np.intp]:
    """The bin of each forecast, `bins` of equal width over 0..1, closed below, the last one closed above too."""
    if bins < 1:
        raise ValueError(f"there must be at least one bin, not {bins}")
    edges = np.arange(1, bins) / bins  # 0.29 * 100 is below 29, so multiplying would misplace edges
    return np.searchsorted(edges, forecast, side="right")


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bin of a reliability diagram: n, mean forecast, observed rate, and the rate's 95 % Wilson interval."""

    n: int
    mean_probability: float
    observed_rate: float
    low: float
    high: float


def reliability_bins(*, outcome: ArrayLike, probability: ArrayLike, bins: int = 10) -> list[ReliabilityBin]:
    """Bins of equal width over 0..1, those without forecasts left out; intervals by Wilson (1927)."""
    truth, forecast = _pair(outcome, probability)
    which = _bin(forecast.ravel(), bins)
    n = np.bincount(which, minlength=bins)
    hits = np.bincount(which, weights=truth.ravel(), minlength=bins)
    mass = np.bincount(which, weights=forecast.ravel(), minlength=bins)
    found = []
    for count, hit, total in zip(n, hits, mass, strict=True):
        if count:
            low, high = wilson(hit, count)
            found.append(ReliabilityBin(int(count), total / count, hit / count, low, high))
    return found


def wilson(hits: float, n: float, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson interval of a rate of `hits` out of `n`; raises ValueError unless 0 <= hits <= n and n > 0."""
    if not (n > 0 and 0 <= hits <= n):
        raise ValueError(f"a rate needs 0 <= hits <= n and n > 0, not {hits} of {n}")
    rate = hits / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def ece(*, outcome: ArrayLike, probability: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error over `bins` bins of equal width: the mean gap between forecast and rate, 0..1."""
    found = reliability_bins(outcome=outcome, probability=probability, bins=bins)
    total = sum(part.n for part in found)
    if not total:
        raise ValueError("no forecasts to take the calibration error of")
    return sum(part.n * abs(part.mean_probability - part.observed_rate) for part in found) / total


def auroc(*, outcome: ArrayLike, probability: ArrayLike) -> float:
    """Area under the ROC curve, 0..1, higher is better: the chance that a random yes outranks a random no, ties half.

    From ranks (Mann & Whitney 1947). Measures discrimination alone, blind to calibration. NaN where all outcomes agree;
    fractions raise ValueError.
    """
    truth, forecast = _pair(outcome, probability)
    _refuse_fractions(truth)
    yes = truth.ravel() == 1
    if yes.all() or not yes.any():
        return float("nan")
    _, place, tied = np.unique(forecast.ravel(), return_inverse=True, return_counts=True)
    rank = (np.cumsum(tied) - (tied - 1) / 2)[place]
    n_yes, n_no = int(yes.sum()), int((~yes).sum())
    return float((rank[yes].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * n_no))


@dataclass(frozen=True, slots=True)
class SetScores:
    """Precision, recall and F1 of each query's predicted set, arrays of shape (queries,); higher is better."""

    precision: Floats
    recall: Floats
    f1: Floats


def set_scores(*, outcome: Bools, predicted: Bools) -> SetScores:
    """Scores of predicted sets against true sets, both boolean of shape (queries, codes).

    Two empty sets agree (all three 1); an empty set against a non-empty one scores 0 in all three.
    """
    if outcome.dtype != np.bool_ or predicted.dtype != np.bool_:
        raise ValueError(f"sets must be boolean matrices, not {outcome.dtype} and {predicted.dtype}")
    if outcome.shape != predicted.shape or outcome.ndim != 2:
        raise ValueError(f"sets must be matrices of one shape, not {outcome.shape} and {predicted.shape}")
    hits = (outcome & predicted).sum(axis=1)
    said, true = predicted.sum(axis=1), outcome.sum(axis=1)
    agree = (said == 0) & (true == 0)

    def ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
        return np.where(agree, 1.0, np.divide(above, below, out=np.zeros(len(hits)), where=below > 0))

    return SetScores(ratio(hits, said), ratio(hits, true), ratio(2 * hits, said + true))


def bounded_kl(*, outcome: ArrayLike, predicted: ArrayLike, epsilon: float = KL_EPSILON) -> Floats:
    """KL(outcome || predicted) in nats over the last axis, 0..ln(1/epsilon), of counts or shares normalised to one.

    Shares below `epsilon` count as `epsilon`, so that the divergence cannot exceed its bound (MIRAI's metric, kept
    within it). An empty prediction has no share anywhere and is scored so, near the bound: saying nothing never pays.
    Raises ValueError for an outcome without any mass, which is no distribution, and for negative or infinite shares.
    """
    truth, forecast = np.asarray(outcome, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if truth.shape != forecast.shape or not truth.ndim:
        raise ValueError(f"the distributions must have one shape, not {truth.shape} and {forecast.shape}")
    if not 0 < epsilon < 1:
        raise ValueError(f"epsilon must lie between 0 and 1, not {epsilon}")
    for label, shares in (("outcome", truth), ("predicted", forecast)):
        if not (np.isfinite(shares) & (shares >= 0)).all():
            raise ValueError(f"{label} holds a share that is negative, infinite or NaN")
    if not (truth > 0).any(axis=-1).all():
        raise ValueError("outcome holds a distribution without any mass")
    p, q = _normalised(truth), _normalised(forecast)
    ratio = np.log(np.maximum(p, epsilon)) - np.log(np.maximum(q, epsilon))
    # Raising small shares to epsilon lifts their total a little above one, which may take the sum just below 0.
    return np.asarray(np.clip((p * ratio).sum(axis=-1), 0.0, np.log(1 / epsilon)), dtype=np.float64)


def _normalised(shares: Floats) -> Floats:
    """Shares of one, all zero where there is no mass; scaled by the largest first, so that no sum overflows."""
    top = shares.max(axis=-1, keepdims=True, initial=0.0)
    scaled = np.divide(shares, top, out=np.zeros_like(shares), where=top > 0)
    total = scaled.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(scaled, total, out=np.zeros_like(shares), where=total > 0), dtype=np.float64)
