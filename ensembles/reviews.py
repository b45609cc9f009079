"""Peer review in numbers: who was marked how, by whom, and what of it says more about the assessor than the reviewed.

Marks come as a cube (assessors, respondents, criteria) or, averaged over criteria, as a matrix (assessors,
respondents); NaN is a mark that was not given. `own` is a boolean matrix of that shape: which assessor wrote what.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats
from ensembles.significance import Interval, cluster_bootstrap

Bools = NDArray[np.bool_]


def overall(cube: ArrayLike) -> Floats:
    """The mean over the criteria marked, shape (assessors, respondents); NaN where none was."""
    marks = np.asarray(cube, dtype=np.float64)
    if marks.ndim != 3 or not marks.shape[-1]:
        raise ValueError(f"marks must be (assessors, respondents, criteria), not of shape {marks.shape}")
    return _mean(marks, -1)


def centred(marks: ArrayLike) -> Floats:
    """Marks (assessors, respondents) minus each assessor's own mean: how it orders, not how severe it is.

    Where marks are absent, an assessor's mean is that of the respondents it marked.
    """
    given = _matrix(marks)
    return np.asarray(given - _mean(given, 1)[:, None], dtype=np.float64)


def received(marks: ArrayLike, *, leave_out: Bools | None = None) -> Floats:
    """The mean of the marks that each respondent got, shape (respondents,), without the cells in `leave_out`.

    With `own` left out of centred marks, nobody's mark of itself counts.
    """
    given = _matrix(marks)
    return _mean(given if leave_out is None else np.where(leave_out, np.nan, given), 0)


def severity(marks: ArrayLike, *, level: float = 0.95, n_boot: int = 2000, seed: int = 0) -> list[Interval]:
    """How far each assessor marks above (lenient) or below 0 (severe) the mean of all assessors, in marks.

    Compared respondent by respondent, so that gaps do not tell; without gaps it is the assessor's mean minus the grand
    mean. The interval resamples respondents. NaN for an assessor who marked nobody that another marked too.
    """
    given = _matrix(marks)
    compared = np.isfinite(given).sum(axis=0) > 1
    above = np.where(compared, given - _mean(given, 0), np.nan)
    return [_bootstrapped(row, level=level, n_boot=n_boot, seed=seed) for row in above]


def halo(cube: ArrayLike) -> Floats:
    """The mean correlation between an assessor's criteria across respondents, shape (assessors,), -1..1.

    Near 1 it has one opinion of each respondent and no nine (Thorndike 1920), or criteria go together in truth: the
    two cannot be told apart here. Respondents count if marked on every criterion; a criterion that an assessor marks
    alike for all has no correlation, and NaN is an assessor with fewer than two criteria that vary.
    """
    marks = np.asarray(cube, dtype=np.float64)
    whole = np.isfinite(marks).all(axis=-1, keepdims=True)
    n = np.maximum(whole.sum(axis=1, keepdims=True), 1)
    filled = np.where(whole, marks, 0.0)
    deviations = np.where(whole, marks - filled.sum(axis=1, keepdims=True) / n, 0.0)
    products = np.einsum("arc,ard->acd", deviations, deviations)
    spread = np.sqrt(np.einsum("acc->ac", products))
    spread[spread < 1e-9] = np.nan  # what subtracting equal marks leaves
    between = products / (spread[:, :, None] * spread[:, None, :])
    first, second = np.triu_indices(marks.shape[-1], k=1)
    return _mean(between[:, first, second], 1)


def self_preference(marks: ArrayLike, own: Bools) -> Floats:
    """How far each assessor's centred mark of its own work lies above what the others, centred, gave the same work.

    Shape (assessors,), in marks; NaN for an assessor without work of its own that others marked too.
    """
    relative = centred(marks)
    if own.dtype != np.bool_ or own.shape != relative.shape:
        raise ValueError(f"own must be a boolean matrix of shape {relative.shape}, not {own.dtype} of {own.shape}")
    by_others = received(relative, leave_out=own)
    return _mean(np.where(own, relative - by_others, np.nan), 1)


def mean_interval(values: ArrayLike, *, level: float = 0.95, n_boot: int = 2000, seed: int = 0) -> Interval:
    """The mean of what is known, with a bootstrap interval over the items; all NaN where nothing is known."""
    return _bootstrapped(np.asarray(values, dtype=np.float64), level=level, n_boot=n_boot, seed=seed)


def _bootstrapped(values: Floats, *, level: float, n_boot: int, seed: int) -> Interval:
    known = values[np.isfinite(values)]
    if not known.size:
        return Interval(float("nan"), float("nan"), float("nan"), level)
    [found] = cluster_bootstrap(known, np.arange(known.size), level=level, n_boot=n_boot, seed=seed)
    return found


def _matrix(marks: ArrayLike) -> Floats:
    given = np.asarray(marks, dtype=np.float64)
    if given.ndim != 2:
        raise ValueError(f"marks must be (assessors, respondents), not of shape {given.shape}")
    return given


def _mean(values: Floats, axis: int) -> Floats:
    """The mean of what is known along an axis, NaN where nothing is."""
    known = np.isfinite(values)
    n = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.asarray(np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0), dtype=np.float64)
