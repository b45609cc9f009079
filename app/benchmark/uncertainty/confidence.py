"""Is the share of agreeing answers a probability? The crowd's answer and its share, as it is and calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from app.benchmark.uncertainty.measures import Matrices
from ensembles.calibration import fit_isotonic
from ensembles.odds import Floats
from ensembles.scores import brier, ece, reliability_bins
from ensembles.selective import chosen
from ensembles.significance import cluster_bootstrap
from ensembles.uncertainty import quadratic_reward, set_share

FOLDS = 10


def set_share_confidence(column: Matrices, right: Sequence[Floats]) -> dict[str, Any]:
    """`raw`, `isotonic` and their difference: ECE, Brier score, quadratic reward and reliability of the set's share.

    One forecast per question: the first answer of the largest set, stated with the set's share of the answers.
    Isotonic regression is learnt on the other folds' questions; its ECE is of held-out questions too. `base_rate`
    always states the accuracy of the other folds.
    """
    shares = column.measured(set_share)
    best = [int(chosen(share).argmax()) for share in shares]
    said = np.array([share[at] for share, at in zip(shares, best, strict=True)])
    happened = np.array([one[at] for one, at in zip(right, best, strict=True)])
    isotonic, base_rate = _held_out(said, happened)
    stated = {"raw": said, "isotonic": isotonic, "base_rate": base_rate}
    losses = np.stack([brier(outcome=happened, probability=p) for p in stated.values()], axis=1)
    gains = cluster_bootstrap(losses - losses[:, :1], np.arange(len(losses)))
    return {
        "similarity": column.name,
        "n": len(said),
        "accuracy": float(happened.mean()),
        **{
            name: _described(p, happened) | {"brier_diff_to_raw": gain.as_dict()}
            for (name, p), gain in zip(stated.items(), gains, strict=True)
        },
    }


def _described(said: Floats, happened: Floats) -> dict[str, Any]:
    return {
        "ece": float(ece(outcome=happened, probability=said)),
        "brier": float(brier(outcome=happened, probability=said).mean()),
        "quadratic_reward": float(quadratic_reward(outcome=happened, probability=said).mean()),
        "reliability": [asdict(found) for found in reliability_bins(outcome=happened, probability=said)],
    }


def _held_out(said: Floats, happened: Floats, seed: int = 0) -> tuple[Floats, Floats]:
    """What isotonic regression and the base rate, learnt on the other folds, say of each question."""
    fold = np.random.default_rng(seed).permutation(len(said)) % min(FOLDS, len(said))
    isotonic, base_rate = np.full_like(said, np.nan), np.full_like(said, np.nan)
    for at in np.unique(fold):
        own, others = fold == at, fold != at
        if not others.any():  # a single question teaches nothing about itself
            return said, np.full_like(said, 0.5)
        isotonic[own] = fit_isotonic(said[others], outcome=happened[others])(said[own])
        base_rate[own] = happened[others].mean()
    return isotonic, base_rate
