"""What a learnt rule is as it may be used: only where it has won on later rounds, the plain logit pool elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.benchmark.pooling.crowd import Crowd
from app.benchmark.pooling.learning import Applied, Fit, plain, teaches, walk_forward
from ensembles.adaptive import Learnt, learn
from ensembles.gate import MIN_ROUNDS, gate
from ensembles.odds import Floats
from ensembles.scores import brier


@dataclass(frozen=True, slots=True)
class Standing:
    """Probabilities (questions,) as used; `on` and `reason` are the gate's on the last round."""

    probability: Floats
    on: bool
    reason: str


def gated(fit: Fit, crowd: Crowd, past: Crowd | None, otherwise: Applied = plain) -> Standing:
    """Round by round: the gate looks at how the rule did on the rounds known before, and at nothing else.

    Where it is not on, what is used is `otherwise`.
    """
    source = crowd if past is None else past
    probability = otherwise(crowd).copy()
    on, reason = False, ""
    for start in crowd.rounds:
        known = source.known_before(start)
        on, reason = _decide(fit, known, otherwise)
        if on:
            rows = crowd.round == start
            probability[rows] = fit(known)(crowd.where(rows))
    return Standing(probability, on, reason)


def _decide(fit: Fit, known: Crowd, otherwise: Applied) -> tuple[bool, str]:
    if len(known.rounds) <= MIN_ROUNDS:
        return (
            False,
            f"off: {MIN_ROUNDS} rounds to win on, after one to learn from, are asked for; {len(known.rounds)} known",
        )
    replay = walk_forward(fit, known, otherwise=otherwise)
    without = brier(outcome=known.outcome, probability=otherwise(known))
    gain = without - brier(outcome=known.outcome, probability=replay.probability)
    decision = gate(np.where(replay.learnt, gain, np.nan), round=known.round, cluster=known.cluster)
    return decision.on and teaches(known), decision.reason


@dataclass(frozen=True, slots=True)
class Default:
    """The default rule's probabilities (questions,), and what it had learnt for each round."""

    probability: Floats
    rounds: tuple[tuple[np.datetime64, Learnt], ...]


def default(crowd: Crowd, past: Crowd | None) -> Default:
    """The default rule as the desk would have used it on each round, knowing what was known then."""
    source = crowd if past is None else past
    probability = np.full(len(crowd), np.nan)
    rounds = []
    for start in crowd.rounds:
        learnt = learn(source.known_before(start).history(), market=crowd.market, now=start)
        rows = crowd.round == start
        probability[rows] = learnt.pool(crowd.probability[rows])
        rounds.append((start, learnt))
    return Default(probability, tuple(rounds))
