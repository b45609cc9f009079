"""Pooling rules: many probabilities of yes into one. The last axis is the members; NaN is an absent member.

A row with a share of its members below `quorum` (0..1) present, or none, pools to NaN: too few spoke for the crowd to
have said anything. Every rule takes (..., members) and returns (...); values outside 0..1 raise ValueError.
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


def trimmed_mean_pool(probability: ArrayLike, *, quorum: float = QUORUM, trim: float = 0.2) -> Floats:
    """The mean without the lowest and the highest `trim` of the members present (Jose & Winkler 2008).

    Each end loses the whole number of members in `trim` times those present, so of four or fewer none at 0.2. `trim`
    lies in 0..0.5, 0 the linear pool, 0.5 itself refused: nobody would be left.
    """
    if not 0 <= trim < 0.5:
        raise ValueError(f"trim must be at least 0 and below 0.5, not {trim}")
    p, present = _members(probability, quorum)
    ordered = np.sort(p, axis=-1)  # NaN last
    n = (~np.isnan(p)).sum(axis=-1, keepdims=True)
    cut = np.floor(trim * n + 1e-9)  # 0.29 * 100 is below 29
    rank = np.arange(p.shape[-1])
    return np.where(present, _mean(np.where((rank >= cut) & (rank < n - cut), ordered, np.nan)), np.nan)


def logit_pool(probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
    """The geometric mean of the odds, which is the mean of the logits (Genest & Zidek 1986).

    Members are clipped to CLIP..1 - CLIP, and so is the result: a crowd agreed on 0 pools to CLIP.
    """
    p, present = _members(probability, quorum)
    return np.where(present, _expit(_mean(_logit(p))), np.nan)


def extremize(probability: ArrayLike, alpha: float) -> Floats:
    """Odds to the power `alpha` > 0: above 1 away from one half, 1 the identity (Satopää et al. 2014, eq. 2).

    Any shape; NaN stays NaN. Unless `alpha` is 1, probabilities are clipped to CLIP..1 - CLIP first.
    """
    p = _checked(probability)
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be finite and above 0, not {alpha}")
    return p.copy() if alpha == 1 else _expit(alpha * _logit(p))


def _members(probability: ArrayLike, quorum: float) -> tuple[Floats, NDArray[np.bool_]]:
    """The checked matrix, and which rows reach the quorum."""
    p = _checked(probability)
    if not p.ndim or not p.shape[-1]:
        raise ValueError("pooling needs at least one member on the last axis")
    if not 0 <= quorum <= 1:
        raise ValueError(f"quorum must lie in 0..1, not {quorum}")
    share = (~np.isnan(p)).mean(axis=-1)  # of those present: 1 - 4 / 5 falls short of a quorum of 0.2
    return p, (share >= quorum) & (share > 0)


def _checked(probability: ArrayLike) -> Floats:
    p = np.asarray(probability, dtype=np.float64)
    if ((p < 0) | (p > 1)).any():
        raise ValueError("a probability lies outside 0..1")
    return p


def _mean(values: Floats) -> Floats:
    """The mean over present members, 0 where none is."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.asarray(total / np.maximum(known.sum(axis=-1), 1), dtype=np.float64)


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, CLIP, 1 - CLIP)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float64)


def _expit(x: Floats) -> Floats:
    small = np.exp(-np.abs(x))  # at most 1, so that nothing overflows, however far out
    return np.asarray(np.where(x >= 0, 1.0, small) / (1 + small), dtype=np.float64)
