"""The default rule: the plain logit pool, until enough outcomes are known to say that learnt weights are better.

What the evidence allows differs by the kind of question (docs/decisions/008). On questions of markets and tournaments
a stack learnt on one round held on the next; there it is used once `MIN_KNOWN` questions with answers of all members
were known, and dropped again should it have lost on later rounds. On generated data questions base rates move from
round to round, and everything that looked good within a round was worse on the next; there nothing is used that has
not won on `gate.MIN_ROUNDS` later rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensembles.gate import MIN_ROUNDS, Gate, forward_gains, gate
from ensembles.history import History
from ensembles.odds import Floats
from ensembles.pooling import logit_pool
from ensembles.significance import Interval
from ensembles.stacking import fit_shrunk_stack

PLAIN = "logit_pool"
STACKED = "shrunk_stack"
MIN_KNOWN = 100
MIN_LATER = 30
"""So many questions of later rounds are needed to say that learnt weights lost there."""
ROUND_DAYS = 14
"""Questions asked within a fortnight are one round: what drifts between rounds does not show between days."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """The rule to pool with, why it and not the other, and what that rests on.

    `pool` maps (..., members) to (...), as every rule does. `n_known` counts distinct questions (clusters) that all
    members answered and whose outcome was known, `rounds` the fortnights they were asked in. `gain` is the fall in
    Brier score against the plain pool on rounds later than what was learnt, NaN where there are none; `power` the
    chance of having seen a gain of `power.EFFECT` there.
    """

    rule: str
    pool: Callable[..., Floats]
    parameters: dict[str, float]
    reason: str
    n_known: int
    rounds: int
    gain: Interval
    power: float


def learn(history: History, *, market: bool, now: np.datetime64) -> Learnt:
    """The rule for questions asked at `now`, learnt from what of `history` was known before.

    `market` says which kind of question it is for, and which of the history's it may learn from. Without a usable
    history this is the plain logit pool.
    """
    past = history.where(history.market == market).known_before(now).complete()
    n_known, rounds = len(np.unique(past.cluster)), len(np.unique(round_of(past.asked_at)))
    record = _later_rounds(past)
    on, reason = _decide(record, n_known=n_known, rounds=rounds, market=market)
    if not on:
        return Learnt(PLAIN, logit_pool, {}, f"nothing learnt: {reason}", n_known, rounds, record.gain, record.power)
    stack = fit_shrunk_stack(past.probability, outcome=past.outcome, weight=past.cluster_weight())
    reason = f"weights learnt: {reason}"
    return Learnt(STACKED, stack, stack.parameters, reason, n_known, rounds, record.gain, record.power)


def _later_rounds(past: History) -> Gate:
    """How the stack did on each round that was asked after enough was known to learn it from."""
    replay = forward_gains(
        fit_shrunk_stack,
        past.probability,
        outcome=past.outcome,
        asked_at=round_of(past.asked_at),
        known_at=past.known_at,
        without=logit_pool,
        cluster=past.cluster,
        min_taught=MIN_KNOWN,
    )
    return gate(replay.gain, round=round_of(past.asked_at), cluster=past.cluster)


def _decide(record: Gate, *, n_known: int, rounds: int, market: bool) -> tuple[bool, str]:
    """Whether to stack, and why."""
    if n_known < MIN_KNOWN:
        return (
            False,
            f"weights take {MIN_KNOWN} known outcomes of questions that all members answered; known: {n_known}",
        )
    if not market:
        if rounds < MIN_ROUNDS:
            return False, f"data questions drift, and {rounds} of {MIN_ROUNDS} rounds were known"
        return record.on, record.reason
    gain = record.gain
    if record.n_clusters >= MIN_LATER and gain.mean < 0:
        found = f"{gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
        return False, f"on later rounds the stack lost to the plain pool (gain {found})"
    return True, f"{n_known} outcomes of market questions that all members answered were known"


def round_of(asked_at: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """The round of each moment (n,): the earliest of those that lie in the same fortnight."""
    _, fortnight = np.unique(asked_at.astype("datetime64[D]").astype(np.int64) // ROUND_DAYS, return_inverse=True)
    first = np.full(fortnight.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, fortnight, asked_at.astype(np.int64))
    return first[fortnight].astype(asked_at.dtype)
