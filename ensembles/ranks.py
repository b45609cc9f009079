"""Ranks: scores of the same candidates put together by the order that they give, since their scales have no relation.

The last axis is the candidates. NaN is an absent candidate: it has no rank, and the others are ranked without it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats, checked

_DIGITS = 9
"""Scores that agree to so many decimals are tied: no order is read out of rounding."""


def ranks(score: ArrayLike) -> Floats:
    """The rank of each candidate, 1 for the highest score; ties share their mean rank. Keeps the shape."""
    values: Floats = np.asarray(np.round(np.asarray(score, dtype=np.float64), _DIGITS), dtype=np.float64)
    if not values.ndim:
        raise ValueError("ranking needs the candidates on the last axis")
    better, tied = _compared(values)
    return np.where(np.isnan(values), np.nan, better + (tied + 1) / 2)


def fused_ranks(score: ArrayLike) -> Floats:
    """The rank of each candidate by the mean of its ranks under several scores, Borda's count.

    From (..., scores, candidates) to (..., candidates). A candidate without one of the scores is absent: by the mean of
    its other ranks it would be compared by another measure than the rest.
    """
    values = np.asarray(score, dtype=np.float64)
    if values.ndim < 2:
        raise ValueError(f"to fuse ranks, scores must be (..., scores, candidates), not {values.shape}")
    complete = np.where(np.isnan(values).any(axis=-2, keepdims=True), np.nan, values)
    return ranks(-ranks(complete).mean(axis=-2))


def handed_out(probability: ArrayLike, rank: ArrayLike) -> Floats:
    """The same probabilities handed out anew: the highest to the candidate of the best rank, and so on.

    Both are (..., candidates) without NaN. Ties share evenly what falls to them, so the sum stays as it is. A ranking
    says who is more probable and not by how much: so no number comes in that the forecaster did not state. Raises
    ValueError for shapes that differ, NaN, and a probability outside 0..1.
    """
    p, order = checked(probability), np.asarray(rank, dtype=np.float64)
    if p.shape != order.shape or not p.ndim or np.isnan(p).any() or np.isnan(order).any():
        raise ValueError("to hand probabilities out, each candidate needs one probability and one rank")
    descending = -np.sort(-p, axis=-1)
    better, tied = (count[..., None] for count in _compared(-order))
    place = np.arange(p.shape[-1])
    share = ((place >= better) & (place < better + tied)) / tied
    return np.asarray((share * descending[..., None, :]).sum(axis=-1), dtype=np.float64)


def _compared(values: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many candidates are above each one, and how many level with it, itself among them; 0 for one that is NaN."""
    other, own = values[..., None, :], values[..., :, None]
    return (other > own).sum(axis=-1), (other == own).sum(axis=-1)
