"""Fitting the learned members on everything known before a day, and asking them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.members.learned import CLOSED_FORM, Boosting, LevelFit, Logistic, pool
from agents.members.state import Floats, history_of
from agents.members.training import sample_queries, training_rows
from agents.members.walk import DIGITS, Queries, active_pair_days, outcomes, walk
from db.events.quads import Quads
from ensembles.decoding import choose_set
from ensembles.scores import log_score, set_scores

MAX_QUERIES = 12_000
"""Training pair-days at most, so that a fit takes minutes on two cores whatever the history."""

MAX_ROUNDS = 240
MIN_PAIR_DAYS = 60
"""With fewer active pair-days than this there is nothing to learn from, and the learned members fail, saying so."""

LEARNED = ("boosting", "logistic", "learned_pool")
RELATION_MEMBERS = (*CLOSED_FORM, *LEARNED)
THRESHOLD = 0.3
"""The yardstick `decayed_frequency` keeps codes above this, untuned; the sets of the others are decoded."""

_CAUTIONS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)


@dataclass(frozen=True, slots=True)
class RelationFit:
    """Everything learnt before one day, per code level (2 and 3 digits)."""

    as_of_day: int
    levels: dict[int, LevelFit]


def fit(quads: Quads, as_of_day: int, *, members: Collection[str], max_lead: int = 0, seed: int = 0) -> RelationFit:
    """Learn what `members` need from `quads` strictly before `as_of_day`, for forecasts up to `max_lead` days ahead.

    Raises ValueError if fewer than `MIN_PAIR_DAYS` pair-days are known.
    """
    past = quads.before(as_of_day)
    first = int(past.day[0]) if len(past) else as_of_day
    held_out = int(np.clip((as_of_day - first) * 0.15, 3, 45))
    warm_up = int(np.clip((as_of_day - first) * 0.15, 3, 60))
    begin = max(first + warm_up, as_of_day - 730)
    queries, index = active_pair_days(past, begin, as_of_day)
    if len(queries) < MIN_PAIR_DAYS:
        raise ValueError(f"only {len(queries)} active pair-days are known, {MIN_PAIR_DAYS} are needed to learn from")
    random = np.random.default_rng(seed)
    drawn, chosen = sample_queries(queries, MAX_QUERIES, max_lead, random)
    cut = as_of_day - held_out
    levels = {}
    for digits in DIGITS:
        truth = outcomes(past, begin, as_of_day, index, len(queries), digits)[chosen]
        levels[digits] = _fit_level(past, drawn, truth, digits, cut, frozenset(members), random)
    return RelationFit(as_of_day, levels)


def _fit_level(
    past: Quads,
    queries: Queries,
    truth: NDArray[np.bool_],
    digits: int,
    cut: int,
    members: frozenset[str],
    random: np.random.Generator,
) -> LevelFit:
    later = queries.day >= cut
    validation = queries.only(later)
    history = history_of(past, digits=digits, before=cut)
    common = int(np.bincount(history.code, minlength=len(history.codes)).argmax())
    fitted = LevelFit(None, None, np.array([0.6, 0.2, 0.2]), {}, common)
    if members & set(LEARNED):
        rows = training_rows(past, queries, truth, digits, random)
        old, new = rows.where(rows.day < cut), rows.where(rows.day >= cut)
        fitted.boosting = Boosting()
        rounds = fitted.boosting.grow(old, new, MAX_ROUNDS)
        fitted.logistic = Logistic().fit(old, truth.shape[1])
        members |= {*LEARNED, "shrunk_frequency"}
    forecasts = walk(past, validation, digits, fitted.forecaster(members))
    if members & set(LEARNED):
        parts = [forecasts[name] for name in ("boosting", "logistic", "shrunk_frequency")]
        fitted.weights = _best_weights(parts, truth[later])
        forecasts["learned_pool"] = pool(parts, fitted.weights)
        fitted.boosting = Boosting().fit(rows, rounds)
        fitted.logistic = Logistic().fit(rows, truth.shape[1])
    fitted.caution = {name: _best_caution(p, truth[later]) for name, p in forecasts.items()}
    return fitted


def ask(quads: Quads, queries: Queries, fitted: RelationFit, members: Collection[str]) -> dict[int, dict[str, Floats]]:
    """Each member's probability of each code given an event, {digits: {member: (queries, codes)}}."""
    wanted = frozenset(members)
    return {digits: walk(quads, queries, digits, level.forecaster(wanted)) for digits, level in fitted.levels.items()}


def sets_of(member: str, probability: Floats, fitted: LevelFit, *, empty: Floats | None = None) -> NDArray[np.bool_]:
    """The set that `member` chooses for each query, boolean (queries, codes).

    `empty` is the probability of no event at all, zero where one is given. The yardstick keeps what lies above 0.3, or
    the code most frequent overall if nothing does and an event is given.
    """
    if member != "decayed_frequency":
        return choose_set(probability, caution=fitted.caution.get(member, 1.0), empty=empty)
    chosen = probability > THRESHOLD
    lacking = ~chosen.any(axis=1) & (True if empty is None else empty == 0)
    chosen[lacking, fitted.common] = True
    return chosen


def _best_caution(probability: Floats, truth: NDArray[np.bool_]) -> float:
    f1 = [set_scores(outcome=truth, predicted=choose_set(probability, caution=a)).f1.mean() for a in _CAUTIONS]
    return _CAUTIONS[int(np.argmax(f1))]


def _best_weights(parts: list[Floats], truth: NDArray[np.bool_]) -> Floats:
    """The weights, from a grid of tenths that sum to one, whose logit pool has the lowest log score."""
    grid = [(a / 10, b / 10, (10 - a - b) / 10) for a in range(11) for b in range(11 - a)]
    losses = [
        log_score(outcome=truth.astype(float), probability=pool(parts, np.array(weights))).mean() for weights in grid
    ]
    return np.array(grid[int(np.argmin(losses))])
