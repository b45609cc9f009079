"""Closed-form members: shares of the past, unsmoothed and smoothed. Each is (state, pairs, day) -> probabilities."""

from __future__ import annotations

import numpy as np

from agents.members.features import global_shares, pair_shares, prior_shares
from agents.members.state import Floats, Ints, State

_DECAYED, _QUARTER, _ALWAYS = 1, 3, 4


def climatology(state: State, pair: Ints, day: int) -> Floats:
    """The pair's share of active days per code over its whole past, with two pseudo-days of the global share."""
    return pair_shares(
        state, pair, day, np.broadcast_to(global_shares(state, _ALWAYS), _shape(state, pair)), _ALWAYS, 2.0
    )


def persistence(state: State, pair: Ints, day: int) -> Floats:
    """What the pair did on its last active day, which counts as much as everything known about its neighbours."""
    result: Floats = 0.5 * state.last_set[pair] + 0.5 * prior_shares(state, pair, day)
    return result


def decayed_frequency(state: State, pair: Ints, day: int) -> Floats:
    """The pair's share of active days per code, days weighted 0.9^age; zero for a pair without a past.

    The yardstick: untuned, unsmoothed, and what every other member is compared with.
    """
    scale = state.scale(_DECAYED, day)
    days = (state.pair_days[_DECAYED][pair] * scale)[:, None]
    counts = state.pair[_DECAYED][pair] * scale
    return np.divide(counts, days, out=np.zeros_like(counts), where=days > 1e-12)


def shrunk_frequency(state: State, pair: Ints, day: int) -> Floats:
    """p = (A + 2 prior) / (D + 2): the decayed share, shrunk toward what subject, object and everybody do."""
    return pair_shares(state, pair, day, prior_shares(state, pair, day), _DECAYED, 2.0)


def _shape(state: State, pair: Ints) -> tuple[int, int]:
    return len(pair), len(state.history.codes)
