"""The scores of forecasting platforms: Metaculus' baseline and peer scores, ForecastBench's adjusted Brier score.

Metaculus' scores are higher for the better, and 0 for knowing nothing, or no more than the others. They have no bottom:
what happened must have been given a probability above 0 (the platform takes .001 to .999), else they raise ValueError.
Probabilities outside 0..1 do too; NaN, an absent forecast, scores NaN.
Definitions: https://www.metaculus.com/help/scores-faq/ and https://www.forecastbench.org/docs/.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats, checked

_OPEN_END = 0.05
"""What Metaculus' baseline gives to each open end of a continuous question."""


def metaculus_baseline(*, outcome: ArrayLike, probability: ArrayLike) -> Floats:
    """`100 ln(2 p) / ln 2` of the probability p of what happened: 100 at best, 0 for .5. Any shape, outcomes 0 or 1."""
    truth, p = _binary(outcome, probability)
    if truth.shape != p.shape:
        raise ValueError(f"outcome has shape {truth.shape}, probability {p.shape}")
    return np.asarray(100 * (1 + _log(np.where(truth == 1, p, 1 - p)) / np.log(2)), dtype=np.float64)


def metaculus_baseline_options(*, outcome: ArrayLike, probability: ArrayLike) -> Floats:
    """`100 ln(n p) / ln n`, n options (two or more) on the last axis, `outcome` the index of the one that happened.

    Shape (..., options) to (...).
    """
    place, p = _chosen(outcome, probability, least=2)
    return np.asarray(100 * (1 + _log(_taken(p, place)) / np.log(p.shape[-1])), dtype=np.float64)


def metaculus_baseline_continuous(*, outcome: ArrayLike, probability: ArrayLike, open_bounds: int) -> Floats:
    """`100 ln(p / base) / 2` of the probability p of the bucket that happened, whose index is `outcome`.

    Shape (..., buckets + 2) to (...): the last axis is the mass below the range, in each of its buckets, and above it,
    so that 0 means below and 1 the first bucket. Of `open_bounds`, 0 to 2, each has a `base` of .05; the buckets share
    the rest evenly.
    """
    if open_bounds not in (0, 1, 2):
        raise ValueError(f"a range has 0, 1 or 2 open bounds, not {open_bounds}")
    place, p = _chosen(outcome, probability, least=3)
    last = p.shape[-1] - 1
    inside = (1 - _OPEN_END * open_bounds) / (last - 1)
    base = np.where((place == 0) | (place == last), _OPEN_END, inside)
    return np.asarray(100 * (_log(_taken(p, place)) - np.log(base)) / 2, dtype=np.float64)


def metaculus_peer(*, outcome: ArrayLike, probability: ArrayLike) -> Floats:
    """`100 N / (N - 1) ln(p / geometric mean of all p)` of the N forecasters that answered, p of what happened.

    Shape (..., forecasters) to the same, outcomes (...) 0 or 1. It is the mean, over the others, of 100 times the log
    of how much likelier one held what happened, so a question's scores sum to 0. NaN for one who is alone.
    """
    truth, p = _binary(outcome, probability)
    if truth.shape != p.shape[:-1]:
        raise ValueError(f"outcome must have the shape of probability without its last axis, not {truth.shape}")
    log = _log(np.where(truth[..., None] == 1, p, 1 - p))
    n = (~np.isnan(log)).sum(axis=-1, keepdims=True)
    mean = np.nansum(log, axis=-1, keepdims=True) / np.maximum(n, 1)
    return np.where(n > 1, 100 * n / np.maximum(n - 1, 1) * (log - mean), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class AdjustedBrier:
    """Each forecaster's difficulty-adjusted Brier score, shape (forecasters,), NaN without a question of the kind.

    `overall` is the mean of the two kinds, whatever the numbers of questions, as on the board. `difficulty` is
    (questions,), in Brier score, up to a constant on data questions.
    """

    data: Floats
    market: Floats
    overall: Floats
    difficulty: Floats


def difficulty_adjusted_brier(*, outcome: ArrayLike, probability: ArrayLike, market: ArrayLike) -> AdjustedBrier:
    """ForecastBench's score: the mean Brier score less the difficulty of the questions that one happened to answer.

    `probability` is (questions, forecasters), `outcome` (questions,) in 0..1, and `market` (questions,) the price of a
    market question, NaN on a data question. Difficulty is the market's Brier score there, and the question's effect in
    `Brier = forecaster + question + noise` by least squares on data questions. Each kind is shifted so that always
    saying .5 scores .25. The board estimates difficulty from a part of the forecasters; here it is all that are given.
    Raises ValueError where forecasters share no questions, directly or through others: they cannot be compared.
    """
    truth, p, price = np.asarray(outcome, dtype=np.float64), checked(probability), checked(market)
    if p.ndim != 2 or truth.shape != p.shape[:1] or price.shape != truth.shape:
        raise ValueError(
            f"outcome and market must be (questions,): they are {truth.shape} and {price.shape} of {p.shape}"
        )
    if not ((truth >= 0) & (truth <= 1)).all():  # NaN compares false
        raise ValueError("outcome holds a value outside 0..1 (or NaN)")
    brier, on_market = (p - truth[:, None]) ** 2, ~np.isnan(price)
    difficulty = np.where(on_market, (price - truth) ** 2, np.nan)
    difficulty[~on_market] = question_effects(brier[~on_market])
    excess, coin = brier - difficulty[:, None], (0.5 - truth) ** 2 - difficulty
    data, markets = (_mean(excess[rows]) - _mean(coin[rows][:, None]) + 0.25 for rows in (~on_market, on_market))
    return AdjustedBrier(data, markets, (data + markets) / 2, difficulty)


def question_effects(scores: ArrayLike) -> Floats:
    """The questions' effects (questions,) in `score = forecaster + question + noise`, forecasters' summing to 0.

    Ordinary least squares on a matrix (questions, forecasters) with NaN where nothing was said: the questions are
    solved for first, which leaves a system as large as there are forecasters. NaN for a question nobody answered.
    Raises ValueError where the questions do not connect the forecasters.
    """
    matrix = np.asarray(scores, dtype=np.float64)
    said = ~np.isnan(matrix)
    active = said.any(axis=0)
    mask, values = said[:, active].astype(np.float64), np.where(said, matrix, 0.0)[:, active]
    n, total = mask.sum(axis=1), values.sum(axis=1)
    share = mask / np.maximum(n, 1)[:, None]
    system = np.diag(mask.sum(axis=0)) - mask.T @ share
    forecaster, _, rank, _ = np.linalg.lstsq(system, values.sum(axis=0) - share.T @ total, rcond=1e-10)
    if rank < active.sum() - 1:
        raise ValueError("some forecasters share no question with the others: score each such group by itself")
    effect = (total - mask @ forecaster) / np.maximum(n, 1)
    return np.where(n > 0, effect, np.nan)


def brier_index(score: ArrayLike) -> Floats:
    """`100 (1 - sqrt(score))` of a mean Brier score: 100 is perfect, 50 always saying .5. Any shape; not per question.

    Raises ValueError for a score below 0, which an adjusted one may be.
    """
    mean = np.asarray(score, dtype=np.float64)
    if (mean < 0).any():
        raise ValueError("the Brier index has no value for a score below 0")
    return np.asarray(100 * (1 - np.sqrt(mean)), dtype=np.float64)


def _binary(outcome: ArrayLike, probability: ArrayLike) -> tuple[Floats, Floats]:
    truth = np.asarray(outcome, dtype=np.float64)
    if not np.isin(truth, (0.0, 1.0)).all():
        raise ValueError("outcomes must be 0 or 1 here")
    return truth, checked(probability)


def _chosen(outcome: ArrayLike, probability: ArrayLike, *, least: int) -> tuple[NDArray[np.intp], Floats]:
    """The index of what happened, and a distribution over `least` or more on the last axis, checked."""
    place, p = np.asarray(outcome), checked(probability)
    if p.ndim < 1 or p.shape[-1] < least or place.shape != p.shape[:-1]:
        raise ValueError(
            f"need outcomes (...) and probabilities (..., {least} or more), not {place.shape} and {p.shape}"
        )
    if not np.issubdtype(place.dtype, np.integer) or ((place < 0) | (place >= p.shape[-1])).any():
        raise ValueError("outcome must hold the index on the last axis of what happened")
    if (np.abs(p.sum(axis=-1) - 1) > 1e-6).any():  # NaN compares false
        raise ValueError("probability does not sum to 1 over the last axis")
    return place, p


def _taken(p: Floats, place: NDArray[np.intp]) -> Floats:
    return np.asarray(np.take_along_axis(p, place[..., None], axis=-1)[..., 0], dtype=np.float64)


def _log(p: Floats) -> Floats:
    if (p == 0).any():
        raise ValueError("a log score has no value for what was held to be impossible and happened: clip first")
    return np.asarray(np.log(p), dtype=np.float64)


def _mean(columns: Floats) -> Floats:
    """The mean of each column over what is not NaN, NaN for a column without."""
    n = (~np.isnan(columns)).sum(axis=0)
    mean = np.divide(np.nansum(columns, axis=0), n, out=np.full(len(n), np.nan), where=n > 0)
    return np.asarray(mean, dtype=np.float64)
