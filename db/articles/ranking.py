"""BM25 from given counts, so that only what a snapshot can see weighs in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75


@dataclass(frozen=True, slots=True)
class Postings:
    """Where one word stands: article ids, how often it stands in each, and how many words each has."""

    ids: NDArray[np.int64]
    counts: NDArray[np.float64]
    lengths: NDArray[np.float64]


def bm25(
    words: Sequence[Postings], *, articles: int, mean_length: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The ids of articles that hold any of the words, ascending, and their scores (above 0; higher is better).

    The score sums ln(1 + (N - n + 0.5) / (n + 0.5)) * f (k1 + 1) / (f + k1 (1 - b + b L / mean L)) over the words, with
    n of N articles holding the word, f times in an article of L words; k1 = 1.2, b = 0.75. Source: Robertson and
    Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), eq. 3.15; the 1 + inside the logarithm
    keeps the weight of frequent words above 0, as Lucene has it.
    """
    if not words:
        return np.array([], dtype=np.int64), np.array([])
    parts = []
    for word in words:
        rarity = np.log1p((articles - len(word.ids) + 0.5) / (len(word.ids) + 0.5))
        damping = K1 * (1 - B + B * word.lengths / mean_length)
        parts.append(rarity * word.counts * (K1 + 1) / (word.counts + damping))
    ids, places = np.unique(np.concatenate([word.ids for word in words]), return_inverse=True)
    return ids, np.bincount(places, weights=np.concatenate(parts)).astype(np.float64)
