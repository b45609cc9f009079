"""Learnt rules, tried only on questions that lay outside of what they were learnt from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.benchmark.pooling.crowd import Crowd
from ensembles.odds import Floats

FOLDS = 10
MIN_CLUSTERS = 20
"""Fewer questions than this teach nothing worth a number: the plain logit pool stands."""

Applied = Callable[[Crowd], Floats]
Fit = Callable[[Crowd], Applied]


def plain(crowd: Crowd) -> Floats:
    """The plain logit pool, which learnt pools and calibrations fall back to."""
    return crowd.pooled


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """A learnt rule's probabilities, (questions,), where they were `learnt`, and what it falls back to elsewhere."""

    probability: Floats
    learnt: NDArray[np.bool_]


def describe(crowd: Crowd, past: Crowd | None) -> str:
    """How a rule is learnt for `crowd`, in words."""
    if past is not None:
        return "learnt on the fitting files, from what was known when each question was asked"
    if len(crowd.rounds) > 1:
        return "learnt on earlier rounds, from what was known when each question was asked"
    return f"{FOLDS}-fold cross-validation by cluster (one round: nothing earlier to learn from)"


def out_of_sample(fit: Fit, crowd: Crowd, past: Crowd | None, otherwise: Applied = plain) -> OutOfSample:
    """What `fit`, learnt outside of each question, says of it: see `describe`."""
    if past is None and len(crowd.rounds) == 1:
        return _apply(fit, crowd, _folds(crowd), otherwise)
    return walk_forward(fit, crowd, past, otherwise)


def walk_forward(fit: Fit, crowd: Crowd, past: Crowd | None = None, otherwise: Applied = plain) -> OutOfSample:
    """Round by round, learnt from what was known of `past` (of earlier rounds of `crowd`) when it was asked."""
    source = crowd if past is None else past
    parts = ((crowd.round == start, source.known_before(start)) for start in crowd.rounds)
    return _apply(fit, crowd, parts, otherwise)


def _folds(crowd: Crowd) -> Iterator[tuple[NDArray[np.bool_], Crowd]]:
    """Ten parts of whole clusters, each with the rest of the crowd; the same parts in every run."""
    clusters, group = np.unique(crowd.cluster, return_inverse=True)
    fold = np.random.default_rng(0).permutation(len(clusters))[group] % FOLDS
    plain = np.isin(crowd.outcome, (0.0, 1.0))
    for number in range(FOLDS):
        yield fold == number, crowd.where((fold != number) & plain)


def _apply(fit: Fit, crowd: Crowd, parts: Iterator[tuple[NDArray[np.bool_], Crowd]], otherwise: Applied) -> OutOfSample:
    probability = otherwise(crowd).copy()
    learnt = np.zeros(len(crowd), dtype=bool)
    for rows, train in parts:
        if rows.any() and teaches(train):
            probability[rows] = fit(train)(crowd.where(rows))
            learnt |= rows
    return OutOfSample(probability, learnt)


def teaches(train: Crowd) -> bool:
    """Whether there is something to learn: enough clusters, and both outcomes among them."""
    return len(np.unique(train.cluster)) >= MIN_CLUSTERS and 0 < train.outcome.mean() < 1
