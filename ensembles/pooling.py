"""Pooling rules: many probabilities of yes into one. The last axis is the members; NaN is an absent member.

A row with a share of its members below `quorum` (0..1) present, or none, pools to NaN: too few spoke for the crowd to
have said anything. Every rule takes (..., members) and returns (...); values outside 0..1 raise ValueError. Rows are
pooled each by itself, so that the codes of a CAMEO question, which do not exclude each other, are so many rows;
options that do are pooled by `ensembles.multiple_choice`, quantiles by `ensembles.quantiles`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import CLIP, Floats, checked, expit, mean_logit

QUORUM = 0.6

SURE = 0.75
"""Between the middle and the highest of the three grades of confidence (0, 0.5, 1) that a supervisor reports."""

_SAME = 1e-12
"""Distances from the median that differ by less are the same: 0.3 - 0.2 and 0.4 - 0.3 are not, to a computer."""


def linear_pool(probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
    """The mean of the probabilities (Stone 1961)."""
    p, reached = members(probability, quorum)
    return np.where(reached, _mean(p), np.nan)


def median_pool(probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
    """The median of the probabilities."""
    p, reached = members(probability, quorum)
    return np.where(reached, _median(p), np.nan)


def trimmed_mean_pool(probability: ArrayLike, *, quorum: float = QUORUM, trim: float = 0.2) -> Floats:
    """The mean without the lowest and the highest `trim` of the members present (Jose & Winkler 2008).

    Each end loses the whole number of members in `trim` times those present, so of four or fewer none at 0.2. `trim`
    lies in 0..0.5, 0 the linear pool, 0.5 itself refused: nobody would be left.
    """
    if not 0 <= trim < 0.5:
        raise ValueError(f"trim must be at least 0 and below 0.5, not {trim}")
    p, reached = members(probability, quorum)
    ordered = np.sort(p, axis=-1)  # NaN last
    n = (~np.isnan(p)).sum(axis=-1, keepdims=True)
    cut = np.floor(trim * n + 1e-9)  # 0.29 * 100 is below 29
    rank = np.arange(p.shape[-1])
    return np.where(reached, _mean(np.where((rank >= cut) & (rank < n - cut), ordered, np.nan)), np.nan)


def halawi_pool(probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
    """The mean with half the weight for the member farthest from the median (Halawi et al. 2024, "trimmed mean").

    As in the authors' code the others share what is taken away. Members that are equally far share the halving, so
    that the order of the members does not matter; one or two are always equally far, and their mean is the plain one.
    The weights jump when another member becomes the farthest: alone among the rules this one is not monotone.
    """
    p, reached = members(probability, quorum)
    distance = np.abs(p - _median(p)[..., None])
    farthest = distance >= np.fmax.reduce(distance, axis=-1, keepdims=True) - _SAME
    others = ~farthest & ~np.isnan(p)
    n_farthest, n_others = farthest.sum(axis=-1, keepdims=True), others.sum(axis=-1, keepdims=True)
    loss = np.where(n_others > 0, 0.5, 0.0)  # nobody is farther than the others: no halving
    gain = loss / np.maximum(n_others, 1)
    weight = np.where(farthest, 1 - loss / np.maximum(n_farthest, 1), 1 + gain)  # sums to the number of those present
    return np.where(reached, _mean(weight * p), np.nan)


def logit_pool(probability: ArrayLike, *, quorum: float = QUORUM, clip: float = CLIP) -> Floats:
    """The geometric mean of the odds, which is the mean of the logits (Genest & Zidek 1986).

    Members are clipped to `clip`..1 - `clip`, and so is the result: a crowd agreed on 0 pools to `clip`.
    """
    mean, present = mean_logit(probability, clip=clip)
    return np.where(reaches(quorum, present, np.shape(probability)[-1]), expit(mean), np.nan)


def supervised_pool(
    pooled: ArrayLike, *, supervisor: ArrayLike, confidence: ArrayLike, threshold: float = SURE
) -> Floats:
    """The supervisor's probability where its `confidence` reaches `threshold`, else the crowd's (AIA Forecaster 2025).

    The supervisor is a member that has read what the others said. All arrays broadcast; NaN in `supervisor` or
    `confidence` leaves the crowd's, and where the crowd lacked its quorum there was nothing to supervise: NaN stays.
    Raises ValueError for a probability or a confidence outside 0..1.
    """
    crowd, theirs, sure = checked(pooled), checked(supervisor), checked(confidence)
    replaced = (sure >= threshold) & ~np.isnan(theirs) & ~np.isnan(crowd)
    return np.asarray(np.where(replaced, theirs, crowd), dtype=np.float64)


def members(probability: ArrayLike, quorum: float) -> tuple[Floats, NDArray[np.bool_]]:
    """The checked matrix (..., members), and which rows (...) reach the quorum."""
    p = checked(probability)
    if not p.ndim or not p.shape[-1]:
        raise ValueError("pooling needs at least one member on the last axis")
    return p, reaches(quorum, (~np.isnan(p)).sum(axis=-1), p.shape[-1])


def reaches(quorum: float, present: ArrayLike, asked: int) -> NDArray[np.bool_]:
    """Whether `present` of the `asked` members, any shape, are a quorum: at least that share of them, and somebody."""
    if not 0 <= quorum <= 1:
        raise ValueError(f"quorum must lie in 0..1, not {quorum}")
    count = np.asarray(present)
    return np.asarray((count / asked >= quorum) & (count > 0))  # 1 - 4 / 5 falls short of a quorum of 0.2


def _mean(values: Floats) -> Floats:
    """The mean over present members, 0 where none is."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.asarray(total / np.maximum(known.sum(axis=-1), 1), dtype=np.float64)


def _median(p: Floats) -> Floats:
    """The median over present members, NaN where none is; in a third of `nanmedian`'s time and without its warning."""
    ordered = np.sort(p, axis=-1)  # NaN last
    n = (~np.isnan(p)).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(n - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, n // 2, axis=-1)
    return np.asarray((low + high)[..., 0] / 2, dtype=np.float64)
