"""From probabilities per code to a set of codes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def choose_set(
    probability: NDArray[np.float64], *, caution: float = 1.0, empty: NDArray[np.float64] | None = None
) -> NDArray[np.bool_]:
    """The sets that promise the highest F1, boolean of shape (queries, codes).

    For each query the k most probable codes are taken, with k maximising `2 S_k / (k + caution * max(sum p, 1))`, an
    approximation of expected F1 (S_k is the sum of the k highest probabilities). `caution` > 0 is learnt on the past:
    higher takes more codes. `empty`, of shape (queries,), is the probability that the true set is empty; where it
    exceeds the promise of the best non-empty set, nothing is chosen. Without it every set has at least one code.
    Raises ValueError for NaN, for no code to choose from, and for a caution that is not above 0.
    """
    if probability.ndim != 2 or not probability.shape[1]:
        raise ValueError(f"probability must be a matrix of queries by at least one code, not {probability.shape}")
    if np.isnan(probability).any() or (empty is not None and np.isnan(empty).any()):
        raise ValueError("probability or empty holds NaN: a set cannot be chosen on what is unknown")
    if not caution > 0:
        raise ValueError(f"caution must be above 0, not {caution}")
    order = np.argsort(-probability, axis=1, kind="stable")
    ranked = np.take_along_axis(probability, order, axis=1)
    k = np.arange(1, probability.shape[1] + 1)
    size = np.maximum(probability.sum(axis=1, keepdims=True), 1.0)
    promise = 2 * np.cumsum(ranked, axis=1) / (k + caution * size)
    best = promise.argmax(axis=1)
    chosen = np.zeros(probability.shape, dtype=bool)
    np.put_along_axis(chosen, order, np.arange(probability.shape[1]) <= best[:, None], axis=1)
    if empty is not None:
        chosen[empty > promise.max(axis=1)] = False
    return chosen
