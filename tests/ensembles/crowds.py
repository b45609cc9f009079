"""Crowds whose members' worth is known, for the rules that learn it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ensembles.odds import Floats, expit


def simulated(n: int, noise: Sequence[float], *, seed: int = 0, shared: float = 0.0) -> tuple[Floats, Floats]:
    """Probabilities (n, members) and outcomes of `n` questions whose true log-odds are normal, deviation 2.

    Each member reads the truth with normal noise of its own of the deviation in `noise`, and with noise of deviation
    `shared` that all have in common.
    """
    random = np.random.default_rng(seed)
    truth = random.normal(0, 2, n)
    common = random.normal(0, 1, (n, 1)) * shared
    own = random.normal(0, 1, (n, len(noise))) * np.asarray(noise)
    return expit(truth[:, None] + common + own), (random.random(n) < expit(truth)).astype(np.float64)
