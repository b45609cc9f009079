"""Asking many models many questions in one walk through time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.members.state import Floats, Ints, State, history_of
from db.events.quads import Quads

DIGITS = (2, 3)
"""The code levels: roots and base codes."""

Forecaster = Callable[[State, Ints, int], dict[str, Floats]]
"""(state, pair numbers, day) -> by member, the probability of each code given an event, (pairs, codes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Pair-days to forecast, arrays of one length: ISO3 names, the `day` asked about and the day `known` before which
    everything is known (both in days since 1970-01-01, `known <= day`)."""

    subject: tuple[str, ...]
    object: tuple[str, ...]
    day: Ints
    known: Ints

    def __post_init__(self) -> None:
        if (self.known > self.day).any():
            raise ValueError("a query's day lies before what is known: that would not be a forecast")

    def __len__(self) -> int:
        return len(self.day)

    def only(self, mask: NDArray[np.bool_]) -> Queries:
        """The queries that `mask` selects."""
        chosen = np.flatnonzero(mask)
        return Queries(
            subject=tuple(self.subject[i] for i in chosen),
            object=tuple(self.object[i] for i in chosen),
            day=self.day[chosen],
            known=self.known[chosen],
        )


def walk(quads: Quads, queries: Queries, digits: int, forecaster: Forecaster) -> dict[str, Floats]:
    """The forecaster's answers to all queries at one code level, member -> (queries, codes), in one pass over time."""
    history = history_of(quads, digits=digits, before=int(queries.known.max(initial=0)))
    found: dict[str, Floats] = {}
    pair = history.pair_of(history.positions(list(queries.subject)), history.positions(list(queries.object)))
    state = State(history)
    for known in np.unique(queries.known):
        state.advance(max(int(known), state.day))
        for day in np.unique(queries.day[queries.known == known]):
            which = np.flatnonzero((queries.known == known) & (queries.day == day))
            for member, answer in forecaster(state, pair[which], int(day)).items():
                found.setdefault(member, np.zeros((len(queries), answer.shape[1])))[which] = answer
    return found


def active_pair_days(quads: Quads, first: int, last: int) -> tuple[Queries, Ints]:
    """Every pair-day with an event in `first <= day < last`, known up to its day, and the index of each quad's query.

    The second array has one entry per quad of that span, in order.
    """
    span = slice(*np.searchsorted(quads.day, (first, last)))
    key = np.stack([quads.day[span].astype(np.int64), quads.subject[span], quads.object[span]])
    distinct, index = np.unique(key, axis=1, return_inverse=True)
    names = np.array(quads.countries)
    queries = Queries(
        subject=tuple(names[distinct[1]].tolist()),
        object=tuple(names[distinct[2]].tolist()),
        day=distinct[0],
        known=distinct[0],
    )
    return queries, index.ravel()


def outcomes(quads: Quads, first: int, last: int, index: Ints, n: int, digits: int) -> NDArray[np.bool_]:
    """The true sets of the queries of `active_pair_days`, boolean of shape (queries, codes of that level)."""
    span = slice(*np.searchsorted(quads.day, (first, last)))
    names = np.array(sorted({code[:digits] for code in quads.codes}))
    level = np.searchsorted(names, np.array([code[:digits] for code in quads.codes]))
    truth = np.zeros((n, len(names)), dtype=bool)
    truth[index, level[quads.code[span]]] = True
    return truth
