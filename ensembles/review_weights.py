"""Weights for members from what their peers or external benchmarks say of them.

Offered, never a default: on the one public matrix of reviews, marks go against an external ranking of the same models
(correlation -.34, see `auspex bench review`), and no weights of this kind have been shown to help on resolved
questions. Like every learnt rule they have to win on later outcomes before they are switched on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats, checked, expit, logit
from ensembles.ranks import ranks
from ensembles.weighting import WeightedPool, shares


def review_weights(score: ArrayLike, *, temperature: float = 1.0, shrinkage: float = 0.5) -> Floats:
    """Weights that sum to 1 from rater-centred review scores (members,), in marks.

    `temperature` > 0 is the difference in marks that makes a weight e times another; `shrinkage`, 0..1, is the share
    that all members get alike. Raises ValueError for an absent score: weigh only members that were reviewed.
    """
    if not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage must lie in 0..1, not {shrinkage}")
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be finite and above 0, not {temperature}")
    marks = _scores(score)
    return np.asarray((1 - shrinkage) * _softmax(marks / temperature) + shrinkage / len(marks), dtype=np.float64)


def benchmark_weights(score: ArrayLike, *, strength: float = 1.0) -> Floats:
    """Weights that sum to 1 from an external benchmark's scores (members,): the softmax of `strength` times the
    standardised scores. 0 weighs all alike, below 0 turns the benchmark round."""
    if not np.isfinite(strength):
        raise ValueError(f"strength must be finite, not {strength}")
    return _softmax(strength * _standardised(_scores(score)))


def rank_weights(score: ArrayLike, *, strength: float = 1.0) -> Floats:
    """Weights that sum to 1 from the order alone: the best of n scores weighs n, the worst 1, to the power `strength`;
    equal scores share their mean place."""
    if not np.isfinite(strength):
        raise ValueError(f"strength must be finite, not {strength}")
    values = _scores(score)
    return _softmax(strength * np.log(len(values) + 1 - ranks(values)))


def fitted_strength(score: ArrayLike, *, probability: ArrayLike, expert: float, limit: float = 10.0) -> float:
    """The strength at which the members' logit pool under `benchmark_weights` comes nearest to an expert's number.

    "AI Predicts AGI" (arXiv 2412.09385) fits weights from benchmarks to an expert's estimate in this way. One number
    fitted to one number: it says how the crowd would have to be weighed to agree with the expert, and nothing about
    who is right. The pool only moves one way as the strength grows if forecasts follow the scores, so all of
    -`limit`..`limit` is searched, on a grid of 0.01; of equal ones the strength nearest to 0 is returned.
    """
    forecasts, values = checked(probability), _standardised(_scores(score))
    if forecasts.shape != values.shape or np.isnan(forecasts).any():
        raise ValueError(f"need one probability for each of {len(values)} scores, none absent")
    if not 0 < expert < 1:
        raise ValueError(f"the expert's probability must lie between 0 and 1, not {expert}")
    steps = round(limit / 0.01)
    strengths = np.arange(-steps, steps + 1) * 0.01
    strengths = strengths[np.argsort(np.abs(strengths), kind="stable")]
    pooled = expit(_softmax(strengths[:, None] * values) @ logit(forecasts))
    gap = np.abs(pooled - expert)
    return float(strengths[gap <= gap.min() + 1e-12][0])


def weighted_pool(weights: ArrayLike) -> WeightedPool:
    """The logit pool under these weights, one a member: a learnt rule like the others, for `ensembles.gate` to judge.

    Raises ValueError for weights that are negative, infinite or all 0; they need not sum to 1.
    """
    values = np.asarray(weights, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all() or (values < 0).any() or not values.sum() > 0:
        raise ValueError("weights must be finite, not negative and not all 0, one for each member")
    return WeightedPool(shares(values), in_odds=True)


def _scores(score: ArrayLike) -> Floats:
    values = np.asarray(score, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError("weights need one finite score for each member: leave out members without one")
    return values


def _standardised(values: Floats) -> Floats:
    """Mean 0 and standard deviation 1; all 0 where the scores do not differ."""
    spread = values.std()
    return np.zeros_like(values) if spread <= 1e-12 * np.abs(values).max() else (values - values.mean()) / spread


def _softmax(values: Floats) -> Floats:
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float64)
