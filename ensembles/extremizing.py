"""Extremizing: a pooled probability moved away from what everybody knew, because the members share that knowledge.

No safe default: a factor fitted on one round of questions made the next one worse. Unlike other pools, an extremized
one may lie outside the range of its members, and one member alone is moved too, unless the factor is 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ensembles.logistic import fit_logistic
from ensembles.odds import CLIP, Floats, checked, expit, logit, mean_logit
from ensembles.pooling import QUORUM, reaches
from ensembles.resolved import STRENGTH, resolved, same_members

ALPHA = 1.5
ALPHA_BOUNDS = (0.25, 4.0)
"""Satopää et al. (2014) found 1.16 to 3.92 on their crowds; below 1 a fitted factor moderates."""


def extremize(probability: ArrayLike, alpha: ArrayLike, *, prior: ArrayLike = 0.5, clip: float = CLIP) -> Floats:
    """Odds relative to the prior's to the power `alpha` > 0: above 1 away from the prior, 1 the identity.

    `logit p' = logit prior + alpha (logit p - logit prior)`: Satopää et al. (2014), eq. 2, with the prior at one half;
    Neyman & Roughgarden (2021) with any. `alpha` and `prior` may be arrays that broadcast. NaN stays NaN. Where `alpha`
    is not 1, probability and prior are clipped to `clip`..1 - `clip` first. Raises ValueError for an `alpha` that is
    not finite and above 0, and for a prior that is not between 0 and 1.
    """
    p, factor = checked(probability), np.asarray(alpha, dtype=np.float64)
    if not ((factor > 0) & (factor < np.inf)).all():
        raise ValueError(f"alpha must be finite and above 0, not {factor}")
    base = _prior_logit(prior, clip)
    moved = expit(base + factor * (logit(p, clip=clip) - base))
    return np.asarray(np.where(factor == 1, p, moved), dtype=np.float64)


def extremized_logit_pool(
    probability: ArrayLike,
    *,
    quorum: float = QUORUM,
    alpha: float = ALPHA,
    prior: ArrayLike = 0.5,
    clip: float = CLIP,
) -> Floats:
    """The logit pool, extremized by a fixed `alpha` away from `prior` (Baron et al. 2014; Satopää et al. 2014).

    `prior` broadcasts over the rows: what was known before anybody was asked, such as a base rate.
    """
    mean, present = mean_logit(probability, clip=clip)
    reached = reaches(quorum, present, np.shape(probability)[-1])
    return np.where(reached, extremize(expit(mean), alpha, prior=prior, clip=clip), np.nan)


def neyman_roughgarden_pool(
    probability: ArrayLike, *, quorum: float = QUORUM, prior: ArrayLike = 0.5, clip: float = CLIP
) -> Floats:
    """The logit pool, extremized away from `prior` by the factor of as many members as the row has present.

    The factor is worst-case optimal for averages of experts whose information are substitutes (Neyman & Roughgarden
    2021); on log-odds, as forecasters use it, it is a rule of thumb. `prior` broadcasts over the rows.
    """
    mean, present = mean_logit(probability, clip=clip)
    alpha = neyman_roughgarden_factor(np.maximum(present, 1))
    reached = reaches(quorum, present, np.shape(probability)[-1])
    return np.where(reached, extremize(expit(mean), alpha, prior=prior, clip=clip), np.nan)


def neyman_roughgarden_factor(n: ArrayLike) -> Floats:
    """The factor of `n` members, `n (sqrt(3 n^2 - 3 n + 1) - 2) / (n^2 - n - 1)`: 1 for one, growing to sqrt 3.

    Neyman & Roughgarden (2021), "Are You Smarter Than a Random Expert?", theorem 4.1. Any shape of numbers from 1 up,
    else ValueError.
    """
    m = np.asarray(n, dtype=np.float64)
    if not ((m >= 1) & (m < np.inf)).all():
        raise ValueError(f"there is a factor for one member or more, not for {m}")
    return np.asarray(m * (np.sqrt(3 * m * m - 3 * m + 1) - 2) / (m * m - m - 1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class ExtremizedLogitPool:
    """The logit pool of `members` members, extremized by a learnt `alpha` away from one half."""

    alpha: float
    members: int
    clip: float = CLIP

    @property
    def parameters(self) -> dict[str, float]:
        """The factor."""
        return {"alpha": self.alpha}

    def __call__(self, probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
        """Pool (..., members) to (...)."""
        same_members(np.asarray(probability), self.members)
        return extremized_logit_pool(probability, quorum=quorum, alpha=self.alpha, clip=self.clip)


def fit_extremized_logit_pool(
    probability: ArrayLike,
    *,
    outcome: ArrayLike,
    weight: ArrayLike | None = None,
    strength: float = STRENGTH,
    clip: float = CLIP,
) -> ExtremizedLogitPool:
    """Learn `alpha` by maximum likelihood on the mean logit (Satopää et al. 2014), within ALPHA_BOUNDS.

    Shrunk to 1, which changes nothing, by the ridge `strength / 2 * (alpha - 1)^2`. Logits are clipped at `clip`.
    """
    p, truth, mass = resolved(probability, outcome=outcome, weight=weight)
    mean, _ = mean_logit(p, clip=clip)
    [alpha] = fit_logistic(
        mean[:, None],
        outcome=truth,
        weight=mass,
        centre=np.ones(1),
        ridge=strength,
        lower=ALPHA_BOUNDS[0],
        upper=ALPHA_BOUNDS[1],
    )
    return ExtremizedLogitPool(float(alpha), p.shape[1], clip)


def _prior_logit(prior: ArrayLike, clip: float) -> Floats:
    p = np.asarray(prior, dtype=np.float64)
    if not ((p > 0) & (p < 1)).all():
        raise ValueError("a prior must lie between 0 and 1, both excluded")
    return logit(p, clip=clip)
