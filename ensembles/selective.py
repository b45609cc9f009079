"""Is uncertainty of use? Answering only where it is low should raise accuracy: areas under that curve, and AUROC.

Three settings (Lin, Trivedi & Sun, arXiv 2305.19187, section 5). U+EA: the items are questions, sorted by their
uncertainty, and an item's accuracy is its expected accuracy, the mean over its answers. U+IA: the items are single
answers, each with its question's uncertainty. C+IA: the items are single answers of all questions together, sorted by
their own confidence.

What is tied comes in any order: every number is the expectation over all orders of ties, so the order of the input does
not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats
from ensembles.significance import resamples

_DIGITS = 10
"""Uncertainties that agree to so many decimals are tied: the same answers in another order differ in the last bits."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Bootstrap samples of clusters: how `times` each was drawn, (draws, clusters), and the `cluster` of each item."""

    times: Floats
    cluster: NDArray[np.intp]


def drawn(cluster: ArrayLike, *, n_boot: int = 1000, seed: int = 0) -> Drawn:
    """`n_boot` bootstrap samples of whole clusters, which the labels (items,) name; as many clusters in each.

    The same labels in the same order, repeated or not, give the same samples, so that differences are paired.
    """
    names, place = np.unique(np.asarray(cluster), return_inverse=True)
    if not names.size or n_boot < 1:
        raise ValueError("a bootstrap needs at least one item and one draw")
    return Drawn(np.concatenate(list(resamples(len(names), n_boot=n_boot, seed=seed))), place)


def auarc(*, accuracy: ArrayLike, uncertainty: ArrayLike, samples: Drawn | None = None) -> Floats:
    """Area under the accuracy-rejection curve, 0..1, higher is better: the mean of the running accuracy over k = 1..N.

    Items come by ascending uncertainty (Nadeem, Zucker & Hanczar 2009). `accuracy` in 0..1 and `uncertainty` of shape
    (items,); one number, or with `samples` one per bootstrap sample. Within a tie of mean accuracy a that follows K
    items of total accuracy S, the expected running accuracy at k is `(S + (k - K) a) / k`; the sum over the tie is
    taken in closed form, by harmonic numbers. Raises ValueError for mismatched or empty arrays, NaN, and accuracies
    outside 0..1.
    """
    ties = _ties(accuracy, uncertainty, samples)
    after, right_after = np.cumsum(ties.n, axis=-1), np.cumsum(ties.right, axis=-1)
    before, right_before = after - ties.n, right_after - ties.right
    mean = np.divide(ties.right, ties.n, out=np.zeros_like(ties.right), where=ties.n > 0)
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, after.max() + 1))])
    between = harmonic[after.astype(np.intp)] - harmonic[before.astype(np.intp)]
    area = (ties.right + (right_before - before * mean) * between).sum(axis=-1)
    return np.asarray(area / after[..., -1], dtype=np.float64)


def oracle_auarc(*, accuracy: ArrayLike) -> float:
    """The area that no order of the items exceeds: that of the most accurate first."""
    return float(auarc(accuracy=accuracy, uncertainty=-np.asarray(accuracy, dtype=np.float64)))


def ranking_auroc(*, accuracy: ArrayLike, uncertainty: ArrayLike, samples: Drawn | None = None) -> Floats:
    """The chance that a random right answer is less uncertain than a random wrong one, ties half, 0..1.

    As `scores.auroc` (Mann & Whitney 1947), but for uncertainty of any scale and for bootstrap samples; an item of
    fractional accuracy is part right, part wrong. NaN where all are right or all wrong. Arguments and errors as in
    `auarc`.
    """
    ties = _ties(accuracy, uncertainty, samples)
    wrong = ties.n - ties.right
    all_right, all_wrong = ties.right.sum(axis=-1), wrong.sum(axis=-1)
    wrong_later = all_wrong[..., None] - np.cumsum(wrong, axis=-1)
    won = (ties.right * (wrong_later + wrong / 2)).sum(axis=-1)
    pairs = all_right * all_wrong
    return np.asarray(np.divide(won, pairs, out=np.full_like(pairs, np.nan), where=pairs > 0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class RejectionCurve:
    """Expected accuracy of the least uncertain share `coverage` of the items, both of shape (items,)."""

    coverage: Floats
    accuracy: Floats


def rejection_curve(*, accuracy: ArrayLike, uncertainty: ArrayLike) -> RejectionCurve:
    """The accuracy-rejection curve whose mean height is `auarc`; arguments and errors as there."""
    ties = _ties(accuracy, uncertainty, None)
    expected = np.repeat(ties.right / ties.n, ties.n.astype(np.intp))
    k = np.arange(1, len(expected) + 1)
    return RejectionCurve(k / len(expected), np.cumsum(expected) / k)


def chosen(confidence: ArrayLike) -> NDArray[np.bool_]:
    """Which answers on the last axis (..., m) are the most confident: several where they tie."""
    c = np.asarray(confidence, dtype=np.float64).round(_DIGITS)
    return np.asarray(c == c.max(axis=-1, keepdims=True), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class _Ties:
    """Items of one uncertainty, ascending: how many, and their total accuracy, both (..., ties)."""

    n: Floats
    right: Floats


def _ties(accuracy: ArrayLike, uncertainty: ArrayLike, samples: Drawn | None) -> _Ties:
    right, u = np.asarray(accuracy, dtype=np.float64), np.asarray(uncertainty, dtype=np.float64)
    if right.ndim != 1 or right.shape != u.shape or not right.size:
        raise ValueError(f"accuracy and uncertainty must be of one shape (items,), not {right.shape} and {u.shape}")
    if not ((right >= 0) & (right <= 1)).all() or np.isnan(u).any():
        raise ValueError("an accuracy lies outside 0..1, or a value is NaN")
    _, tie = np.unique(u.round(_DIGITS), return_inverse=True)
    if samples is None:
        return _Ties(
            *(np.asarray(np.bincount(tie, weights=of), dtype=np.float64) for of in (np.ones_like(right), right))
        )
    if samples.cluster.shape != right.shape:
        raise ValueError(f"{right.size} items, but bootstrap samples of {samples.cluster.size}")
    from scipy.sparse import coo_array

    shape = (samples.times.shape[1], int(tie.max()) + 1)

    def totals(values: Floats) -> Floats:
        return np.asarray(samples.times @ coo_array((values, (samples.cluster, tie)), shape=shape).tocsr())

    return _Ties(totals(np.ones_like(right)), totals(right))
