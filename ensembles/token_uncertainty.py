"""Uncertainty of one answer from the log-probabilities of its tokens, where the model tells them.

The single-pass measures of Huang et al., "Look Before You Leap" (2023, arXiv 2307.10236), with perplexity and the
probability of the whole answer. All in nats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats

_ROUNDING = 1e-3
"""How far the top tokens' probabilities may sum above 1, in the rounding of servers."""


@dataclass(frozen=True, slots=True)
class TokenUncertainty:
    """What an answer's tokens say of its uncertainty, in nats; higher is more uncertain, but for the last.

    `missing_mass` is the mean probability that the top tokens leave unnamed; None, like the entropies, without them.
    """

    max_negative_log_probability: float
    mean_negative_log_probability: float
    perplexity: float
    max_entropy: float | None
    mean_entropy: float | None
    missing_mass: float | None
    sequence_probability: float


def token_uncertainty(*, log_probability: ArrayLike, top: ArrayLike | None = None) -> TokenUncertainty:
    """The measures of one answer from its tokens' log-probabilities (tokens,), at least one, each at most 0.

    `top` are the log-probabilities of the likeliest tokens at each place, (tokens, k), NaN where fewer are known; see
    `token_entropy`. Perplexity is `exp(mean negative log-probability)`, the sequence probability that of all tokens.
    """
    said = np.asarray(log_probability, dtype=np.float64)
    if said.ndim != 1 or not said.size:
        raise ValueError(f"log-probabilities must be of shape (tokens,) with at least one token, not {said.shape}")
    if not ((said <= 0) & np.isfinite(said)).all():
        raise ValueError("a log-probability is above 0, or not finite")
    entropy = missing = None
    if top is not None:
        entropy, missing = token_entropy(top)
        if len(entropy) != len(said):
            raise ValueError(f"{len(said)} tokens, but top tokens of {len(entropy)}")
    return TokenUncertainty(
        max_negative_log_probability=float(-said.min()),
        mean_negative_log_probability=float(-said.mean()),
        perplexity=float(np.exp(-said.mean())),
        max_entropy=None if entropy is None else float(entropy.max()),
        mean_entropy=None if entropy is None else float(entropy.mean()),
        missing_mass=None if missing is None else float(missing.mean()),
        sequence_probability=float(np.exp(said.sum())),
    )


def token_entropy(top: ArrayLike) -> tuple[Floats, Floats]:
    """The entropy of each token in nats, and the mass that its top tokens leave unnamed, both (tokens,).

    `top` are log-probabilities (tokens, k), NaN for absent. The unnamed mass counts as one further token, so that the
    entropy is a lower bound: the true one is higher by at most that mass times the log of how many share it.
    Raises ValueError for a place without any, or whose probabilities sum above 1.
    """
    logs = np.asarray(top, dtype=np.float64)
    if logs.ndim != 2 or not logs.size:
        raise ValueError(f"top log-probabilities must be of shape (tokens, k), not {logs.shape}")
    if np.isnan(logs).all(axis=1).any():
        raise ValueError("a token has no top log-probabilities")
    p = np.exp(np.where(np.isnan(logs), -np.inf, logs))
    total = p.sum(axis=1)
    if (total > 1 + _ROUNDING).any():
        raise ValueError("the probabilities of a token's top tokens sum above 1")
    missing = np.maximum(0.0, 1 - total)
    parts = np.concatenate([p, missing[:, None]], axis=1)
    logged = np.log(parts, out=np.zeros_like(parts), where=parts > 0)
    return np.asarray(-(parts * logged).sum(axis=1), dtype=np.float64), missing
