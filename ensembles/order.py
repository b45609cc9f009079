"""Order of the options: probabilities averaged over orders, and how far they depend on the order.

Arrays are (..., orders, options): a row for each order in which the options were shown, put back into the question's
own order, and NaN throughout where that order failed. Cyclic orders put every option once in every place, so that a
liking for a place falls out of their mean. A model with open weights can be made blind to the order (set-based
prompting, McIlroy-Young et al. 2024, arXiv:2406.06581); of one that only answers, this is what can be had.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats, checked
from ensembles.pooling import QUORUM, linear_pool

Ints = NDArray[np.int64]

EQUAL = 1e-9
"""Options no further apart than this are equally probable."""
_SUM = 1e-6


def cyclic_orders(n: int) -> Ints:
    """`n` orders of `n` options, (n, n), the i-th beginning with option i: every option once in every place."""
    return np.asarray((np.arange(n)[:, None] + np.arange(n)) % n)


def balanced_orders(n: int) -> Ints:
    """A Latin square balanced for neighbours too: every option directly after every other one equally often.

    `n` orders of `n` options where `n` is even, (n, n). There is no such cyclic square of odd size, where the orders
    come with their mirror images, (2 n, n). Williams 1949, Australian Journal of Scientific Research 2, 149-168.
    """
    zigzag = [(place + 1) // 2 if place % 2 else -(place // 2) for place in range(n)]
    square = np.asarray((np.arange(n)[:, None] + np.array(zigzag, dtype=np.int64)) % n)
    return square if n % 2 == 0 else np.concatenate([square, square[:, ::-1]])


def average_orders(probability: ArrayLike, *, quorum: float = QUORUM) -> Floats:
    """The mean over the orders that did not fail, (..., options); NaN where less than `quorum` (0..1) of them did not.

    Of a full set of orders the mean is free of a liking for places; of what a failed order left, only nearly.
    """
    return linear_pool(np.swapaxes(_checked(probability), -1, -2), quorum=quorum)


def top_changes(probability: ArrayLike) -> Floats:
    """1 where no option is among the most probable in every order, 0 where one is; NaN below two orders; (...)."""
    p = _checked(probability)
    failed = np.isnan(p)
    top = p >= np.where(failed, 0.0, p).max(axis=-1, keepdims=True) - EQUAL
    always = (top | failed).all(axis=-2).any(axis=-1)
    return np.where(_orders(p) < 2, np.nan, np.where(always, 0.0, 1.0))


def order_sensitivity(probability: ArrayLike) -> float:
    """The share of questions whose most probable option changes with the order; NaN where none has two orders."""
    changes = top_changes(probability)
    known = changes[~np.isnan(changes)]
    return float(known.mean()) if known.size else float("nan")


def mean_total_variation(probability: ArrayLike) -> Floats:
    """The mean over all pairs of orders of their total variation, `sum over options of |p - q| / 2`, 0..1.

    Of shape (...); NaN below two orders. An option's differences are summed over the gaps between its sorted values, of
    which the i-th of n parts `i (n - i)` pairs.
    """
    p = _checked(probability)
    n = _orders(p)
    gaps = np.diff(np.sort(p, axis=-2), axis=-2)  # NaN last
    i = np.arange(1, p.shape[-2])[:, None]
    total = np.nansum(i * (n[..., None, None] - i) * gaps, axis=(-2, -1)) / 2
    pairs = n * (n - 1) / 2
    means = np.divide(total, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0)
    return np.asarray(means, dtype=np.float64)


def _checked(probability: ArrayLike) -> Floats:
    p = checked(probability)
    if p.ndim < 2 or not p.shape[-2] or not p.shape[-1]:
        raise ValueError(f"probabilities must be (..., orders, options), at least one of each, not {p.shape}")
    absent = np.isnan(p)
    if (absent.any(axis=-1) != absent.all(axis=-1)).any():
        raise ValueError("an order has probabilities of some options only: give all or, where it failed, NaN for all")
    if (np.abs(np.where(absent, 1 / p.shape[-1], p).sum(axis=-1) - 1) > _SUM).any():
        raise ValueError("the probabilities of an order do not sum to 1 over the options")
    return p


def _orders(p: Floats) -> Ints:
    """How many orders did not fail, (...)."""
    return np.asarray((~np.isnan(p[..., 0])).sum(axis=-1))
