"""Probabilities as log-odds and back: what every rule that multiplies odds is written in."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CLIP = 1e-3
"""Where odds are needed, probabilities are clipped to CLIP..1 - CLIP, so that one sure member cannot decide alone."""


def logit(probability: ArrayLike, *, clip: float = CLIP) -> Floats:
    """The log-odds `ln(p / (1 - p))` of probabilities clipped to `clip`..1 - `clip`. Any shape; NaN stays NaN."""
    p = np.clip(np.asarray(probability, dtype=np.float64), clip, 1 - clip)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def expit(log_odds: ArrayLike) -> Floats:
    """The probability of log-odds, `1 / (1 + exp(-x))`, without overflow however far out. Any shape; NaN stays NaN."""
    x = np.asarray(log_odds, dtype=np.float64)
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1 + small), dtype=np.float64)


def checked(probability: ArrayLike) -> Floats:
    """Probabilities as an array, NaN for what is absent; raises ValueError for one outside 0..1."""
    p = np.asarray(probability, dtype=np.float64)
    if ((p < 0) | (p > 1)).any():
        raise ValueError("a probability lies outside 0..1")
    return p
