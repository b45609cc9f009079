"""Stacking: the members' log-odds as the features of a logistic regression (Wolpert 1992; Satopää et al. 2014).

The coefficients need not sum to 1, so that a stack also extremizes or moderates the crowd, and may leave its range;
there is no intercept, so that swapping yes and no swaps the answer. An absent member's log-odds are taken to be the
mean of those present, in learning as in pooling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ensembles.logistic import fit_logistic
from ensembles.odds import CLIP, Floats, expit
from ensembles.pooling import QUORUM, members
from ensembles.resolved import STRENGTH, filled_logits, resolved, same_members

LEVEL_STRENGTH = 20.0
DIFFERENCE_STRENGTH = 30.0
"""The two penalties of the shrunk stack: the prior's precision of the sum of weights, and of each weight around their
mean. The values with the least regret over simulated worlds; no real outcome was looked at for them."""


@dataclass(frozen=True, slots=True)
class StackedPool:
    """The weighted sum of the members' log-odds, `weights` as learnt, one a member in their places."""

    weights: tuple[float, ...]
    clip: float = CLIP

    @property
    def parameters(self) -> dict[str, float]:
        """The weights, `w0` for the first member and so on."""
        return {f"w{place}": weight for place, weight in enumerate(self.weights)}

    def __call__(self, probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
        """Pool (..., members) to (...); as far out as log-odds go, so that a sure stack may say 1e-9."""
        p, reached = members(probability, quorum)
        same_members(p, len(self.weights))
        return np.where(reached, expit(filled_logits(p, clip=self.clip) @ np.array(self.weights)), np.nan)


def fit_ridge_stack(
    probability: ArrayLike,
    *,
    outcome: ArrayLike,
    weight: ArrayLike | None = None,
    strength: float = STRENGTH,
    clip: float = CLIP,
) -> StackedPool:
    """A stack shrunk to the plain logit pool: minimises log loss + `strength / 2 * ||w - 1/m||^2` over m members.

    A weight below 0 is allowed: a member that says what another says, less well, corrects it.
    """
    return _fit(probability, outcome, weight, strength, clip, lowest=-np.inf)


def fit_shrunk_stack(
    probability: ArrayLike,
    *,
    outcome: ArrayLike,
    weight: ArrayLike | None = None,
    level: float = LEVEL_STRENGTH,
    differences: float = DIFFERENCE_STRENGTH,
    clip: float = CLIP,
) -> StackedPool:
    """A stack whose sum of weights is shrunk to 1, and whose weights are shrunk to each other, each as it needs.

    Minimises log loss + `level / 2 * (sum w - 1)^2 + differences / 2 * ||w - mean w||^2`. How far to extremize the
    whole crowd is soon learnt; which of several members that nearly agree is the better one is not, and a single
    penalty strong enough for the second holds back the first, or one weak enough for the first lets noise decide the
    second (`auspex bench pooling --simulate`). For one member it is `fit_ridge_stack` with a strength of `level`.
    """
    from scipy.linalg import helmert  # heavy: only where something is learnt

    p, truth, mass = resolved(probability, outcome=outcome, weight=weight)
    m = p.shape[1]
    basis = helmert(m, full=True).T  # its first column is all 1 / sqrt(m), the others are contrasts
    found = fit_logistic(
        filled_logits(p, clip=clip) @ basis,
        outcome=truth,
        weight=mass,
        centre=basis.T @ np.full(m, 1 / m),
        ridge=np.concatenate([[level * m], np.full(m - 1, differences)]),
    )
    return StackedPool(tuple((basis @ found).tolist()), clip)


def fit_nonnegative_stack(
    probability: ArrayLike,
    *,
    outcome: ArrayLike,
    weight: ArrayLike | None = None,
    strength: float = 1.0,
    clip: float = CLIP,
) -> StackedPool:
    """A stack with weights of 0 or more (Breiman 1996), which picks members rather than setting one against another.

    Its ridge towards the plain logit pool is a light one, for the fit to be finite and few outcomes to change little.
    """
    return _fit(probability, outcome, weight, strength, clip, lowest=0.0)


def _fit(
    probability: ArrayLike,
    outcome: ArrayLike,
    weight: ArrayLike | None,
    strength: float,
    clip: float,
    *,
    lowest: float,
) -> StackedPool:
    p, truth, mass = resolved(probability, outcome=outcome, weight=weight)
    m = p.shape[1]
    found = fit_logistic(
        filled_logits(p, clip=clip),
        outcome=truth,
        weight=mass,
        centre=np.full(m, 1 / m),
        ridge=strength,
        lower=lowest,
    )
    return StackedPool(tuple(found.tolist()), clip)
