"""What every fitting function checks first: resolved questions, and what the members had said about them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats, checked, logit

STRENGTH = 10.0
"""Ridge of the fitted rules, chosen by cross-validation on one round of questions: about as much as what 30 questions
say about a slope, so that a few outcomes change little."""


def resolved(
    probability: ArrayLike, *, outcome: ArrayLike, weight: ArrayLike | None = None
) -> tuple[Floats, Floats, Floats]:
    """Probabilities (questions, members), outcomes and weights (questions,), without the rows that nobody answered.

    No question at all is fine: there is nothing to learn then. Raises ValueError for probabilities outside 0..1,
    outcomes that are not 0 or 1 (NaN included), weights that are negative or not finite, and shapes that do not match.
    """
    p, truth = checked(probability), np.asarray(outcome, dtype=np.float64)
    if p.ndim != 2 or not p.shape[1]:
        raise ValueError(f"a rule is fitted on a matrix of questions by at least one member, not {p.shape}")
    mass = np.ones(len(p)) if weight is None else np.asarray(weight, dtype=np.float64)
    if truth.shape != (len(p),) or mass.shape != (len(p),):
        raise ValueError(f"{len(p)} questions, but outcomes of shape {truth.shape} and weights of shape {mass.shape}")
    if not np.isin(truth, (0.0, 1.0)).all():
        raise ValueError("outcomes must be 0 or 1 to be learnt from: leave out what has not resolved")
    if not (np.isfinite(mass) & (mass >= 0)).all():
        raise ValueError("weights must be finite and not negative")
    answered = ~np.isnan(p).all(axis=1)
    return p[answered], truth[answered], mass[answered]


def filled_logits(probability: Floats, *, clip: float) -> Floats:
    """Log-odds of (..., members), an absent member's replaced by the mean of those present, NaN where none is."""
    x = logit(probability, clip=clip)
    present = ~np.isnan(x)
    n = present.sum(axis=-1, keepdims=True)
    total = np.where(present, x, 0.0).sum(axis=-1, keepdims=True)
    mean = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
    return np.where(present, x, mean)


def same_members(probability: Floats, n: int) -> None:
    """Raises ValueError unless the last axis holds the `n` members that a rule was learnt on."""
    if probability.shape[-1:] != (n,):
        raise ValueError(f"the rule was learnt on {n} members, not on an array of shape {probability.shape}")
