"""Count features: one row per (query, code), from a state strictly before the query's day.

The features are those that mirai.md's prototype found telling (smoothed shares at several half-lives, recency, last
sets, totals) plus trends, expected set size and a low-rank view of who does what.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.members.state import HALF_LIVES, NEVER, Floats, Ints, State

SMOOTHING = (0.5, 1.0, 2.0, 3.0, 4.0)
"""Pseudo active days toward the prior, per half-life."""

FAR_DAYS = 400
"""Longer ago is as good as never."""


def prior_shares(state: State, pair: Ints, day: int) -> Floats:
    """What a pair does according to what its subject, its object and everybody do, shape (queries, codes).

    0.4 subject + 0.4 object + 0.2 global share at a half-life of 90 days, the first two themselves smoothed toward the
    global share with 5 pseudo-days (the shrinkage of the closed-form member).
    """
    level = 3
    everybody = global_shares(state, level)
    subject, object = state.history.subject[pair], state.history.object[pair]
    by_subject = _shares(state.subject[level], state.subject_days[level], subject, everybody, 5.0, state, level, day)
    by_object = _shares(state.object[level], state.object_days[level], object, everybody, 5.0, state, level, day)
    result: Floats = 0.4 * by_subject + 0.4 * by_object + 0.2 * everybody
    return result


def global_shares(state: State, level: int) -> Floats:
    """Each code's share of all active pair-days, shape (codes,); half a pseudo-event each keeps it above zero."""
    scale = state.scale(level, state.day)
    result: Floats = (state.all[level] * scale + 0.05) / (state.all_days[level] * scale + 1.0)
    return result


def pair_shares(state: State, pair: Ints, day: int, prior: Floats, level: int, k: float) -> Floats:
    """A pair's share of active days per code at half-life number `level`, smoothed toward `prior` by `k` days."""
    return _shares(state.pair[level], state.pair_days[level], pair, prior, k, state, level, day)


def _shares(
    counts: Floats, days: Floats, rows: Ints, prior: Floats, k: float, state: State, level: int, day: int
) -> Floats:
    scale = state.scale(level, day)
    result: Floats = (counts[rows] * scale + k * prior) / (days[rows] * scale + k)[:, None]
    return result


def relation_features(state: State, pair: Ints, day: int) -> NDArray[np.float32]:
    """Features of every code for queries of one `day`, shape (queries, codes, features); `pair` are pair numbers.

    The state may stand at an earlier day than `day`: then the difference is the lead, itself a feature.
    """
    history = state.history
    reverse, subject, object = history.reverse[pair], history.subject[pair], history.object[pair]
    n, codes = len(pair), len(history.codes)
    prior = prior_shares(state, pair, day)
    everybody = global_shares(state, 4)
    per_code: list[Floats] = [prior, np.broadcast_to(everybody, prior.shape)]
    per_query: list[Floats] = []
    for level, k in enumerate(SMOOTHING):
        scale = state.scale(level, day)
        per_code.append(pair_shares(state, pair, day, prior, level, k))
        per_query.append(np.log1p(state.pair_days[level][pair] * scale))
        if level:
            per_code.append(pair_shares(state, reverse, day, prior, level, k))
            for counts, days, rows in (
                (state.subject, state.subject_days, subject),
                (state.object, state.object_days, object),
            ):
                per_code.append(_shares(counts[level], days[level], rows, everybody, 3.0, state, level, day))
        if level in (2, 4):
            per_query.append(np.log1p(state.pair_days[level][reverse] * scale))
            per_query.append(np.log1p(state.subject_days[level][subject] * scale))
            per_query.append(np.log1p(state.object_days[level][object] * scale))
            per_query.append(state.pair[level][pair].sum(axis=1) * scale / (state.pair_days[level][pair] * scale + 0.1))
    per_code.append(_shares(state.object[2], state.object_days[2], subject, everybody, 3.0, state, 2, day))
    per_code.append(_shares(state.subject[2], state.subject_days[2], object, everybody, 3.0, state, 2, day))
    per_code.append(np.broadcast_to(np.log(global_shares(state, 1) / everybody), prior.shape))
    per_code.extend(_parents(state, pair, day, prior))
    for seen, rows in (
        (state.pair_seen, pair),
        (state.pair_seen, reverse),
        (state.subject_seen, subject),
        (state.object_seen, object),
    ):
        per_code.append(np.log1p(np.clip(day - seen[rows], 0, FAR_DAYS)))
    per_query.append(np.log1p(np.clip(day - state.pair_active[pair], 0, FAR_DAYS)))
    per_query.append(np.log1p(np.clip(day - state.pair_active[reverse], 0, FAR_DAYS)))
    for sets, rows in ((state.last_set, pair), (state.set_before, pair), (state.last_set, reverse)):
        per_code.append(sets[rows].astype(np.float64))
    per_code.append(cold_cells(state, pair).astype(np.float64))
    per_query.append(np.full(n, float((day + 3) % 7)))  # day 0, 1970-01-01, was a Thursday; Monday is 0
    per_query.append(np.full(n, float(day - state.day)))
    per_code.append(np.broadcast_to(np.arange(codes, dtype=np.float64), prior.shape))
    spread = [np.broadcast_to(column[:, None], prior.shape) for column in per_query]
    return np.stack([*per_code, *spread], axis=2).astype(np.float32)


def cold_cells(state: State, pair: Ints) -> NDArray[np.bool_]:
    """Which codes neither each pair nor its reverse ever showed, (pairs, codes)."""
    cold: NDArray[np.bool_] = state.pair_seen[pair] == NEVER
    cold &= state.pair_seen[state.history.reverse[pair]] == NEVER
    return cold


def _parents(state: State, pair: Ints, day: int, prior: Floats) -> list[Floats]:
    """The share of each code's whole root, for the pair at two half-lives and in the prior (capped at one)."""
    roots = np.unique([code[:2] for code in state.history.codes], return_inverse=True)[1]
    group = (roots[:, None] == np.arange(roots.max() + 1)[None, :]).astype(np.float64)
    found = [np.minimum(prior @ group, 1.0)[:, roots]]
    for level in (2, 4):
        scale = state.scale(level, day)
        summed = (state.pair[level][pair] * scale) @ group
        found.append((summed / (state.pair_days[level][pair] * scale + 1.0)[:, None])[:, roots])
    return found


def code_feature(features: NDArray[np.float32]) -> int:
    """The position of the code among the features, which boosting takes as a category."""
    per_query = len(HALF_LIVES) + 2 * 4 + 4
    return int(features.shape[-1] - per_query - 1)
