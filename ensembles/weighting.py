"""Members weighted by their past: how well each did, and how much of what it says the others say too.

Weights are 0 or more and sum to 1, so that no weighted pool leaves the range of its members; those of absent members
fall to the others in proportion. Past errors are compared with the crowd's on the same questions, so that nobody gains
by having answered the easy ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import CLIP, Floats, expit, logit
from ensembles.pooling import QUORUM, members
from ensembles.resolved import resolved, same_members

SHRINKAGE = 100.0
"""Questions' worth of belief that all members are alike. The variance of paired Brier scores over that of the members'
true differences is 20 to 60 in three of six groups of five frontier models; in the others there was no difference."""

SHARPNESS = 2.0
"""Weights are relative scores to minus this power: three quarters of the crowd's score is 1.8 times the weight."""


@dataclass(frozen=True, slots=True)
class WeightedPool:
    """The weighted mean of the members' log-odds (`in_odds`, clipped) or probabilities, one weight a member."""

    weights: tuple[float, ...]
    in_odds: bool
    clip: float = CLIP

    @property
    def parameters(self) -> dict[str, float]:
        """The weights, `w0` for the first member and so on."""
        return {f"w{place}": weight for place, weight in enumerate(self.weights)}

    def __call__(self, probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
        """Pool (..., members) to (...); NaN also where nobody present has any weight."""
        p, reached = members(probability, quorum)
        same_members(p, len(self.weights))
        values = logit(p, clip=self.clip) if self.in_odds else p
        present = ~np.isnan(p)
        weight = np.where(present, np.array(self.weights), 0.0)
        total, mass = (weight * np.where(present, values, 0.0)).sum(axis=-1), weight.sum(axis=-1)
        mean = np.divide(total, mass, out=np.full_like(total, np.nan), where=reached & (mass > 0))
        return expit(mean) if self.in_odds else mean


def fit_skill_weighted_logit_pool(
    probability: ArrayLike,
    *,
    outcome: ArrayLike,
    weight: ArrayLike | None = None,
    age: ArrayLike | None = None,
    half_life: float | None = None,
    shrinkage: float = SHRINKAGE,
    sharpness: float = SHARPNESS,
    clip: float = CLIP,
) -> WeightedPool:
    """Weight members by their past Brier score relative to the crowd's, to the power -`sharpness`.

    The relative score is a member's sum over the questions it answered, divided by that of the mean score of those
    present there, both with `shrinkage` questions of the average score added (Atanasov et al. 2017 weight people so).
    With `half_life`, questions count half as much for every such span in `age` (questions,), of the same unit. Raises
    ValueError for one of the two without the other, and for negative values.
    """
    p, truth, mass = resolved(probability, outcome=outcome, weight=_decayed(weight, age, half_life))
    if not 0 <= sharpness < np.inf:
        raise ValueError(f"sharpness must be finite and not negative, not {sharpness}")
    ratio = _relative_score(p, truth, mass, shrinkage)
    return WeightedPool(shares((ratio / ratio.min()) ** -sharpness), in_odds=True, clip=clip)


def fit_inverse_variance_pool(
    probability: ArrayLike,
    *,
    outcome: ArrayLike,
    weight: ArrayLike | None = None,
    shrinkage: float = SHRINKAGE,
) -> WeightedPool:
    """The linear pool weighted by the inverse of mean squared errors, as if errors were independent.

    Bates & Granger (1969). Of probabilities of yes the mean squared error is the Brier score, taken relative to the
    crowd's and shrunk as in `fit_skill_weighted_logit_pool`.
    """
    p, truth, mass = resolved(probability, outcome=outcome, weight=weight)
    ratio = _relative_score(p, truth, mass, shrinkage)
    return WeightedPool(shares(ratio.min() / ratio), in_odds=False)


def fit_correlation_aware_pool(
    probability: ArrayLike,
    *,
    outcome: ArrayLike,
    weight: ArrayLike | None = None,
    shrinkage: float = SHRINKAGE,
) -> WeightedPool:
    """The linear pool of least squared error given how errors go together, among weights of 0 or more that sum to 1.

    Minimises `w' S w` (Bates & Granger 1969; Winkler 1981), the Brier score of the pool on the past itself if `S` were
    the errors' plain second moments. `S` has the variances of `fit_inverse_variance_pool`, and correlations shrunk to
    none by the same number of questions: few outcomes give equal weights, more of them inverse variances, many the
    optimum. Taken at their word, correlations of .9 from a hundred questions would give nearly all to one member.
    """
    p, truth, mass = resolved(probability, outcome=outcome, weight=weight)
    deviation = np.sqrt(_relative_score(p, truth, mass, shrinkage))
    correlation, common = _error_correlation(p, truth, mass)
    shrunk = np.nan_to_num(correlation) * common / (common + shrinkage)
    np.fill_diagonal(shrunk, 1.0)
    return WeightedPool(_least_variance(shrunk * np.outer(deviation, deviation)), in_odds=False)


def effective_number_of_members(
    probability: ArrayLike, *, outcome: ArrayLike, weight: ArrayLike | None = None
) -> float:
    """How many independent members these are worth, `m / (1 + (m - 1) rho)` of m members (Clemen & Winkler 1985).

    `rho` is the mean correlation of their errors `p - o` over pairs, by the questions that both answered, and taken
    about zero, since a bias that all share is an error that pooling does not remove: for equally good members the
    number is the Brier score of one over that of the mean. Above m where errors offset each other; 1 for one member;
    NaN where no two answered the same questions.
    """
    p, truth, mass = resolved(probability, outcome=outcome, weight=weight)
    m = p.shape[1]
    if m == 1:
        return 1.0
    correlation, common = _error_correlation(p, truth, mass)
    pairs = ~np.isnan(correlation) & ~np.eye(m, dtype=bool)
    if not common[pairs].any():
        return float("nan")
    spread = 1 + (m - 1) * float(np.average(correlation[pairs], weights=common[pairs]))
    return m / spread if spread > 0 else float("inf")


def _decayed(weight: ArrayLike | None, age: ArrayLike | None, half_life: float | None) -> ArrayLike | None:
    """The weights of the questions, halved for every `half_life` of their age."""
    if age is None and half_life is None:
        return weight
    if age is None or half_life is None:
        raise ValueError("recency takes both the age of the questions and a half-life")
    ages = np.asarray(age, dtype=np.float64)
    if not (half_life > 0 and (ages >= 0).all()):
        raise ValueError("ages must not be negative, and a half-life must be above 0")
    return 0.5 ** (ages / half_life) * (1.0 if weight is None else np.asarray(weight, dtype=np.float64))


def _relative_score(p: Floats, outcome: Floats, weight: Floats, shrinkage: float) -> Floats:
    """Each member's Brier score over that of those present on the questions it answered: (members,), above 0.

    Questions that one member alone answered compare nobody, and are left out.
    """
    if not 0 < shrinkage < np.inf:
        raise ValueError(f"shrinkage must be finite and above 0, not {shrinkage}")
    shared = (~np.isnan(p)).sum(axis=1) > 1
    p, outcome, weight = p[shared], outcome[shared], weight[shared]
    present = ~np.isnan(p)
    score = np.where(present, (p - outcome[:, None]) ** 2, 0.0)
    crowd = score.sum(axis=1) / present.sum(axis=1)
    average = float(weight @ crowd / weight.sum()) if weight.any() else 0.0
    if average == 0:  # nothing to compare, or nobody ever erred
        return np.ones(p.shape[1])
    return np.asarray((weight @ score + shrinkage * average) / ((weight * crowd) @ present + shrinkage * average))


def _error_correlation(p: Floats, outcome: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The errors' correlations about zero, NaN where unknown, and the questions' weight in common: (members, members).

    Each pair on the questions that both answered.
    """
    present = ~np.isnan(p)
    error = np.where(present, p - outcome[:, None], 0.0)
    weighted = error * weight[:, None]
    power = (weighted * error).T @ present  # of the row's member, where the column's was present too
    size = np.sqrt(power * power.T)
    correlation = np.divide(weighted.T @ error, size, out=np.full_like(size, np.nan), where=size > 0)
    return correlation, np.asarray((present * weight[:, None]).T @ present, dtype=np.float64)


def _least_variance(covariance: Floats) -> tuple[float, ...]:
    """The weights of 0 or more that sum to 1 and minimise `w' S w`.

    They are proportional to the `z >= 0` that minimises `z' S z / 2 - sum z`, which is least squares in S's own axes.
    """
    from scipy.optimize import nnls

    variance, axes = np.linalg.eigh(covariance)
    scale = np.sqrt(np.maximum(variance, 1e-6 * variance.max()))  # pairwise correlations need not fit together
    weights, _ = nnls(scale[:, None] * axes.T, axes.sum(axis=0) / scale)
    return shares(weights)


def shares(weights: Floats) -> tuple[float, ...]:
    """The weights in the same proportion, with a sum of 1, as `WeightedPool` takes them."""
    return tuple((weights / weights.sum()).tolist())
