"""Proper scores and what they are made of. Lower is better unless a function says otherwise.

Truth and forecast go by keyword, and probabilities that are not in 0..1 (NaN included) raise ValueError: a missing
forecast is not a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
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
    """Multi-category Brier score, summed over the last axis, 0..2; never to be averaged with the binary one."""
    return np.asarray(brier(outcome=outcome, probability=probability).sum(axis=-1), dtype=np.float64)


def log_score(*, outcome: ArrayLike, probability: ArrayLike, clip: float = LOG_CLIP) -> Floats:
    """Negative log likelihood in nats, clipped at `clip` (Good 1952). Any shape; fractions are mixed outcomes."""
    truth, forecast = _pair(outcome, probability)
    p = np.clip(forecast, clip, 1 - clip)
    result: Floats = -(truth * np.log(p) + (1 - truth) * np.log1p(-p))
    return result


def skill(*, score: float, reference: float) -> float:
    """Skill `1 - score / reference`: 1 is perfect, 0 is the reference, NaN where the reference is perfect itself."""
    return 1 - score / reference if reference else float("nan")


@dataclass(frozen=True, slots=True)
class Murphy:
    """Brier = reliability - discrimination + uncertainty (Murphy 1973; "resolution" means something else here)."""

    reliability: float
    discrimination: float
    uncertainty: float

    @property
    def brier(self) -> float:
        """The mean Brier score, put together again."""
        return self.reliability - self.discrimination + self.uncertainty


def murphy(*, outcome: ArrayLike, probability: ArrayLike) -> Murphy:
    """The three parts of the mean Brier score, grouping by distinct forecast values, for which the identity is exact.

    1-d arrays of at least one forecast; outcomes are 0 or 1.
    """
    truth, forecast = _pair(outcome, probability)
    if truth.ndim != 1 or not truth.size:
        raise ValueError("the decomposition takes one-dimensional arrays of at least one forecast")
    if not np.isin(truth, (0.0, 1.0)).all():
        raise ValueError("the decomposition takes outcomes of 0 or 1")
    values, group = np.unique(forecast, return_inverse=True)
    n = np.bincount(group)
    rate = np.bincount(group, weights=truth) / n
    base = truth.mean()
    return Murphy(
        reliability=float((n * (values - rate) ** 2).sum() / n.sum()),
        discrimination=float((n * (rate - base) ** 2).sum() / n.sum()),
        uncertainty=float(base * (1 - base)),
    )


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
    which = np.minimum((forecast.ravel() * bins).astype(int), bins - 1)
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
    """The Wilson interval of a rate of `hits` out of `n` > 0."""
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


def discrimination(*, outcome: ArrayLike, probability: ArrayLike) -> float:
    """Area under the ROC curve, higher is better: a random yes outranks a random no. NaN where all outcomes agree."""
    truth, forecast = _pair(outcome, probability)
    yes = truth.ravel() > 0.5
    if yes.all() or not yes.any():
        return float("nan")
    from sklearn.metrics import roc_auc_score  # heavy: only where asked for

    return float(roc_auc_score(yes, forecast.ravel()))


@dataclass(frozen=True, slots=True)
class SetScores:
    """Precision, recall and F1 of each query's predicted set, arrays of shape (queries,); higher is better."""

    precision: Floats
    recall: Floats
    f1: Floats


def set_scores(*, outcome: Bools, predicted: Bools) -> SetScores:
    """Scores of predicted sets against true sets, both boolean of shape (queries, codes).

    Two empty sets agree (1); an empty set against a non-empty one scores 0.
    """
    if outcome.shape != predicted.shape or outcome.ndim != 2:
        raise ValueError(f"sets must be matrices of one shape, not {outcome.shape} and {predicted.shape}")
    hits = (outcome & predicted).sum(axis=1)
    said, true = predicted.sum(axis=1), outcome.sum(axis=1)
    agree = (said == 0) & (true == 0)

    def ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
        return np.where(agree, 1.0, np.divide(above, below, out=np.zeros(len(hits)), where=below > 0))

    return SetScores(ratio(hits, said), ratio(hits, true), ratio(2 * hits, said + true))


def bounded_kl(*, outcome: ArrayLike, predicted: ArrayLike) -> Floats:
    """KL(outcome || predicted) in nats over the last axis, 0..ln(1e10), of counts or shares normalised to one.

    Zero shares count as 1e-10, so that the divergence cannot exceed its bound (MIRAI's metric, kept within it).
    """
    truth, forecast = np.asarray(outcome, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if truth.shape != forecast.shape or (truth < 0).any() or (forecast < 0).any():
        raise ValueError("both distributions must have one shape and no negative share")
    p, q = _normalised(truth), _normalised(forecast)
    ratio = np.log(np.maximum(p, KL_EPSILON) / np.maximum(q, KL_EPSILON))
    return np.asarray(np.clip((p * ratio).sum(axis=-1), 0.0, KL_BOUND), dtype=np.float64)


def _normalised(shares: Floats) -> Floats:
    total = shares.sum(axis=-1, keepdims=True)
    uniform = np.full_like(shares, 1 / shares.shape[-1])
    return np.asarray(np.divide(shares, total, out=uniform, where=total > 0), dtype=np.float64)
