"""What a learnt rule is as it may be used: only where it has won on later rounds, the plain logit pool elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.benchmark.pooling.crowd import Crowd
from app.benchmark.pooling.learning import Fit, teaches, walk_forward
from ensembles.adaptive import Learnt, learn
from ensembles.gate import gate
from ensembles.odds import Floats
from ensembles.scores import brier


@dataclass(frozen=True, slots=True)
class Standing:
    """Probabilities (questions,) as used, whether the learnt rule was on for any of them, and the gate's reason."""

    probability: Floats
    on: bool
    reason: str


def gated(fit: Fit, crowd: Crowd, past: Crowd | None) -> Standing:
    """Round by round: the gate looks at how the rule did on the rounds known before, and at nothing else."""
    source = crowd if past is None else past
    probability, on, reason = crowd.pooled.copy(), False, ""
    for start in crowd.rounds:
        known = source.known_before(start)
        decision = gate(_gains(fit, known), round=known.asked_at, cluster=known.cluster)
        reason = decision.reason
        if decision.on and teaches(known):
            rows = crowd.asked_at == start
            probability[rows] = fit(known)(crowd.where(rows))
            on = True
    return Standing(probability, on, reason)


def _gains(fit: Fit, known: Crowd) -> Floats:
    """The fall in Brier score against the plain pool on each question of later rounds, NaN on the earliest ones."""
    if len(known.rounds) < 2:
        return np.full(len(known), np.nan)
    replay = walk_forward(fit, known)
    without = brier(outcome=known.outcome, probability=known.pooled)
    gain = without - brier(outcome=known.outcome, probability=replay.probability)
    return np.where(replay.learnt, gain, np.nan)


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
        rows = crowd.asked_at == start
        probability[rows] = learnt.pool(crowd.probability[rows])
        rounds.append((start, learnt))
    return Default(probability, tuple(rounds))
