"""Pooling probabilities of options of which exactly one comes true: (..., options, members) to (..., options)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import CLIP, Floats, checked, checked_clip
from ensembles.pooling import QUORUM, reaches
from ensembles.registry import DEFAULT_RULE, pooling_rule

_SUM = 1e-6


def pool_options(probability: ArrayLike, *, rule: str = DEFAULT_RULE, quorum: float = QUORUM) -> Floats:
    """Pool the members' distributions over the options by a registered rule; each result sums to 1.

    A rule of `registry.POOLING` pools every option by itself, as the yes of a yes-or-no question, and the result is
    divided by its sum; in place of the logit pool stands its form for many options, `log_linear_pool`. With two options
    every rule gives what it gives on the question whether the first comes true. NaN in all options is an absent
    member; a question with fewer members than the quorum pools to NaN, as does one whose options all pool to 0 (the
    medians of members that are sure of three different ones). Raises ValueError for a member that gave some options
    only, or whose probabilities do not sum to 1 within 1e-6.
    """
    if rule == "logit_pool":
        return log_linear_pool(probability, quorum=quorum)
    return _normalised(pooling_rule(rule)(_options(probability), quorum=quorum))


def log_linear_pool(probability: ArrayLike, *, quorum: float = QUORUM, clip: float = CLIP) -> Floats:
    """The normalised geometric mean (Genest & Zidek 1986), the logit pool's form for many options.

    As for the logit pool, probabilities are clipped to `clip`..1 - `clip`, so that one member cannot rule out alone
    what the others think likely. Absence, quorum and errors as in `pool_options`.
    """
    p, least = _options(probability), checked_clip(clip)
    present = ~np.isnan(p)
    n = present.sum(axis=-1)
    logs = np.log(np.clip(np.where(present, p, 1.0), least, 1 - least))
    mean = np.where(present, logs, 0.0).sum(axis=-1) / np.maximum(n, 1)
    return _normalised(np.where(reaches(quorum, n, p.shape[-1]), np.exp(mean), np.nan))


def _options(probability: ArrayLike) -> Floats:
    """The checked array (..., options, members)."""
    p = checked(probability)
    if p.ndim < 2 or p.shape[-2] < 2 or not p.shape[-1]:
        raise ValueError(f"a choice needs at least two options by one member on its last two axes, not {p.shape}")
    absent = np.isnan(p)
    if (absent.any(axis=-2) != absent.all(axis=-2)).any():
        raise ValueError("a member gave some of the options only: give all or, for an absent member, NaN for all")
    if (np.abs(np.where(absent, 1 / p.shape[-2], p).sum(axis=-2) - 1) > _SUM).any():
        raise ValueError("a member's probabilities do not sum to 1 over the options")
    return p


def _normalised(pooled: Floats) -> Floats:
    total = pooled.sum(axis=-1, keepdims=True)
    shares = np.divide(pooled, total, out=np.full_like(pooled, np.nan), where=total > 0)
    return np.asarray(shares, dtype=np.float64)
