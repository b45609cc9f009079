"""Pooling rules: many probabilities of yes into one. The last axis is the members; NaN is an absent member.

A row with fewer than `quorum` of its members present pools to NaN: too few spoke for the crowd to have said anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

QUORUM = 0.6
CLIP = 1e-6
"""Where odds are needed, probabilities are clipped to CLIP..1 - CLIP, so that one sure member cannot decide alone."""


def linear_pool(probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
    """The mean of the probabilities (Stone 1961)."""
    p, present = _members(probability, quorum)
    return np.where(present, _mean(p), np.nan)


def median_pool(probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
    """The median of the probabilities."""
    p, present = _members(probability, quorum)
    filled = np.where(present[..., None], p, 0.0)
    return np.where(present, np.nanmedian(filled, axis=-1), np.nan)


def logit_pool(probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
    """The geometric mean of the odds, which is the mean of the logits (Genest & Zidek 1986)."""
    p, present = _members(probability, quorum)
    return np.where(present, _expit(_mean(_logit(p))), np.nan)


def extremize(probability: ArrayLike, alpha: float) -> Floats:
    """Odds to the power `alpha` > 0: above 1 away from one half, 1 the identity (Satopää et al. 2014, eq. 2)."""
    p = np.asarray(probability, dtype=np.float64)
    if not alpha > 0:
        raise ValueError(f"alpha must be above 0, not {alpha}")
    return p.copy() if alpha == 1 else _expit(alpha * _logit(p))


def _members(probability: ArrayLike, quorum: float) -> tuple[Floats, NDArray[np.bool_]]:
    """The checked matrix, and which rows reach the quorum."""
    p = np.asarray(probability, dtype=np.float64)
    if not p.ndim or not p.shape[-1]:
        raise ValueError("pooling needs at least one member on the last axis")
    if ((p < 0) | (p > 1)).any():
        raise ValueError("a probability lies outside 0..1")
    share = 1 - np.isnan(p).mean(axis=-1)
    return p, (share >= quorum) & (share > 0)


def _mean(values: Floats) -> Floats:
    """The mean over present members, 0 where none is."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.asarray(total / np.maximum(known.sum(axis=-1), 1), dtype=np.float64)


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, CLIP, 1 - CLIP)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float64)


def _expit(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float64)
