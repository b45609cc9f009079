"""Uncertainty of a question from how alike sampled answers are to one another, without looking into the model.

Every measure takes a matrix W of similarities (`ensembles.similarity`), or a stack of them: shape (..., m, m), m >= 2,
values in 0..1, symmetric, 1 on the diagonal. Measures of a question return shape (...), higher is more uncertain;
confidences of single answers return (..., m), higher is more confident. After Lin, Trivedi & Sun, "Generating with
Confidence" (TMLR 2024, arXiv 2305.19187), section 4, unless a function says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles import similarity as similarities
from ensembles.odds import Floats
from ensembles.scores import brier
from ensembles.selective import chosen

Ints = NDArray[np.intp]

SAME = 0.5
"""Answers at least this alike are of one set, unless said otherwise."""
LARGEST_EIGENVALUE = 0.9
"""Eccentricity uses the eigenvectors of the Laplacian below this eigenvalue; the paper's default."""


def deg(similarity: ArrayLike) -> Floats:
    """Mean dissimilarity of two different answers, `mean over i != j of (1 - W_ij)`, 0..1: the degree matrix's measure.

    The paper's number up to a constant factor; dividing by pairs makes questions with more samples comparable. On
    ROUGE-L it is 1 - LexSim, and on any similarity it is VR of Huang et al. (2023, arXiv 2307.10236), whose VR is
    `1 - mean_i mean over j != i of W_ij`.
    """
    return np.asarray(1 - deg_confidence(similarity).mean(axis=-1), dtype=np.float64)


def deg_confidence(similarity: ArrayLike) -> Floats:
    """How alike each answer is to the others on average, 0..1: its degree, without its likeness to itself.

    As `vro` measures an answer against samples, `1 - deg_confidence` is VRO of each answer against the others.
    """
    w = _checked(similarity)
    return np.asarray((w.sum(axis=-1) - 1) / (w.shape[-1] - 1), dtype=np.float64)


def vro(similarity_to_answer: ArrayLike) -> Floats:
    """VRO, 0..1: `1 - mean_i W_i`, W the similarities (..., m) of m samples to the answer that was given.

    "Variation ratio for the original prediction" of Huang et al. (2023, arXiv 2307.10236).
    """
    w = np.asarray(similarity_to_answer, dtype=np.float64)
    if not w.ndim or not w.shape[-1] or not ((w >= 0) & (w <= 1)).all():
        raise ValueError("similarities to the answer must be in 0..1, of shape (..., m) with m at least 1")
    return np.asarray(1 - w.mean(axis=-1), dtype=np.float64)


def eigv(similarity: ArrayLike) -> Floats:
    """`sum over k of max(0, 1 - lambda_k)`, 1..m: a continuous count of meanings.

    lambda_k are the eigenvalues of the normalised Laplacian `I - D^(-1/2) W D^(-1/2)`, D the row sums of W.
    """
    eigenvalues = np.linalg.eigvalsh(_laplacian(_checked(similarity)))
    return np.asarray(np.maximum(0.0, 1 - eigenvalues).sum(axis=-1), dtype=np.float64)


def ecc(similarity: ArrayLike, *, largest_eigenvalue: float = LARGEST_EIGENVALUE) -> Floats:
    """The norm of all answers' distances from the centre of the spectral embedding: `|| (ecc_1, .., ecc_m) ||_2`."""
    return np.asarray(np.linalg.norm(_eccentricity(similarity, largest_eigenvalue), axis=-1), dtype=np.float64)


def ecc_confidence(similarity: ArrayLike, *, largest_eigenvalue: float = LARGEST_EIGENVALUE) -> Floats:
    """Minus each answer's distance from the centre of the spectral embedding, -1..0."""
    return -_eccentricity(similarity, largest_eigenvalue)


def _eccentricity(similarity: ArrayLike, largest_eigenvalue: float) -> Floats:
    """Distances of the rows of the Laplacian's small eigenvectors from their mean, of shape (..., m)."""
    eigenvalues, vectors = np.linalg.eigh(_laplacian(_checked(similarity)))
    kept = np.where(eigenvalues[..., None, :] < largest_eigenvalue, vectors, 0.0)
    return np.asarray(np.linalg.norm(kept - kept.mean(axis=-2, keepdims=True), axis=-1), dtype=np.float64)


def sets(similarity: ArrayLike, *, same: float = SAME) -> Ints:
    """The set of each answer, named by its first member, of shape (..., m).

    One pass (Kuhn, Gal & Farquhar 2023, algorithm 1): an answer joins the first set whose first member is at least
    `same` alike, else founds one. The result may depend on the order of answers that are alike only in a chain.
    """
    w = _checked(similarity)
    if not 0 < same <= 1:
        raise ValueError(f"same must lie above 0 and at most at 1, not {same}")
    m = w.shape[-1]
    founder = np.zeros(w.shape[:-1], dtype=bool)
    member_of = np.zeros(w.shape[:-1], dtype=np.intp)
    for at in range(m):
        joins = founder & (w[..., at] >= same)
        found = joins.any(axis=-1)
        member_of[..., at] = np.where(found, joins.argmax(axis=-1), at)
        founder[..., at] = ~found
    return member_of


def num_sets(similarity: ArrayLike, *, same: float = SAME) -> Ints:
    """How many sets the answers fall into, 1..m. On the similarity `exact` it counts distinct answers."""
    member_of = sets(similarity, same=same)
    return np.asarray((member_of == np.arange(member_of.shape[-1])).sum(axis=-1), dtype=np.intp)


def set_share(similarity: ArrayLike, *, same: float = SAME) -> Floats:
    """The share of answers in each answer's own set, 1/m..1: the black-box confidence of SaySelf.

    Xu et al. (2024, arXiv 2405.20974) group sampled answers by meaning and take the group's share for the confidence.
    """
    member_of = sets(similarity, same=same)
    return np.asarray((member_of[..., :, None] == member_of[..., None, :]).mean(axis=-1), dtype=np.float64)


def variation_ratio(similarity: ArrayLike, *, same: float = SAME) -> Floats:
    """The share of answers outside the largest set, 0..1 - 1/m (Freeman 1965); on `exact`, outside the mode."""
    return np.asarray(1 - set_share(similarity, same=same).max(axis=-1), dtype=np.float64)


def quadratic_reward(*, outcome: ArrayLike, probability: ArrayLike) -> Floats:
    """SaySelf's reward `2 (1/2 - (o - p)^2)` of each stated confidence, -1..1, higher is better: 1 - 2 Brier."""
    return np.asarray(1 - 2 * brier(outcome=outcome, probability=probability), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class SampleUncertainty:
    """What m answers to one question say of its uncertainty: `n_sets`, `eigv`, `ecc`, `deg`, `variation_ratio`, higher
    is more uncertain, and which answer to give.

    `best` is the place of the answer that is most like the others, the first of equals, and `confidence` the share of
    answers in its set: a number to be calibrated, not a probability.
    """

    m: int
    n_sets: int
    eigv: float
    ecc: float
    deg: float
    variation_ratio: float
    best: int
    confidence: float


def sample_uncertainty(matrix: ArrayLike, *, same: float = SAME) -> SampleUncertainty:
    """All measures of one question from its matrix (m, m); raises ValueError for fewer than two answers."""
    w = _checked(matrix)
    if w.ndim != 2:
        raise ValueError(f"one question has one matrix (m, m), not {w.shape}")
    best = int(chosen(deg_confidence(w)).argmax())
    return SampleUncertainty(
        m=len(w),
        n_sets=int(num_sets(w, same=same)),
        eigv=float(eigv(w)),
        ecc=float(ecc(w)),
        deg=float(deg(w)),
        variation_ratio=float(variation_ratio(w, same=same)),
        best=best,
        confidence=float(set_share(w, same=same)[best]),
    )


def answers_uncertainty(
    answers: Sequence[str], *, similarity: str = "jaccard", same: float = SAME
) -> SampleUncertainty:
    """All measures of one question from its answers as texts, such as the N runs of a member; see `SIMILARITIES`."""
    return sample_uncertainty(similarities.similarity(answers, similarity), same=same)


def _laplacian(w: Floats) -> Floats:
    root = np.sqrt(w.sum(axis=-1))  # at least 1: every answer is like itself
    laplacian: Floats = np.eye(w.shape[-1]) - w / (root[..., :, None] * root[..., None, :])
    return laplacian


def _checked(similarity: ArrayLike) -> Floats:
    w = np.asarray(similarity, dtype=np.float64)
    if w.ndim < 2 or w.shape[-1] != w.shape[-2]:
        raise ValueError(f"similarities must be of shape (..., m, m), not {w.shape}")
    if w.shape[-1] < 2:
        raise ValueError("uncertainty from samples needs at least two samples")
    if not ((w >= 0) & (w <= 1)).all():  # NaN compares false
        raise ValueError("a similarity lies outside 0..1 (or is NaN)")
    if not (np.diagonal(w, axis1=-2, axis2=-1) == 1).all() or not np.allclose(w, np.swapaxes(w, -1, -2), atol=1e-9):
        raise ValueError("similarities must be symmetric with 1 on the diagonal: see ensembles.similarity.given")
    return w
