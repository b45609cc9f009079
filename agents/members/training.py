"""Training rows for the learned members: past pair-days, the codes that came and a sample of those that did not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.members.features import cold_cells, relation_features
from agents.members.state import Floats, Ints, State, history_of
from agents.members.walk import Queries
from db.events.quads import Quads

COLD_SHARE = 0.1
"""Absent codes that neither the pair nor its reverse ever showed are thinned to this share of them."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows: features (rows, features), label, and the day asked about."""

    features: NDArray[np.float32]
    label: NDArray[np.bool_]
    day: Ints

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """The rows that `mask` selects."""
        return Rows(self.features[mask], self.label[mask], self.day[mask])


def training_rows(
    quads: Quads, queries: Queries, truth: NDArray[np.bool_], digits: int, random: np.random.Generator
) -> Rows:
    """Rows for `queries` (see `active_pair_days`) with their true sets (queries, codes), each known before its day."""
    history = history_of(quads, digits=digits, before=int(queries.known.max(initial=0)))
    pair = history.pair_of(history.positions(list(queries.subject)), history.positions(list(queries.object)))
    state = State(history)
    parts: list[Rows] = []
    for known in np.unique(queries.known):
        state.advance(max(int(known), state.day))
        for day in np.unique(queries.day[queries.known == known]):
            which = np.flatnonzero((queries.known == known) & (queries.day == day))
            label = truth[which]
            kept = label | ~cold_cells(state, pair[which]) | (random.random(label.shape) < COLD_SHARE)
            features = relation_features(state, pair[which], int(day))[kept]
            parts.append(Rows(features, label[kept], np.full(len(features), day)))
    return Rows(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.day for part in parts]),
    )


def unthinned(probability: Floats, cold: NDArray[np.bool_]) -> Floats:
    """What was learnt from thinned rows, put right: cold cells' odds times their share (King & Zeng 2001, eq. 7)."""
    odds = probability / np.maximum(1 - probability, 1e-12)
    return np.where(cold, COLD_SHARE * odds / (1 + COLD_SHARE * odds), probability)


def sample_queries(queries: Queries, limit: int, max_lead: int, random: np.random.Generator) -> tuple[Queries, Ints]:
    """At most `limit` of `queries`, later ones favoured, each with a lead from 0..max_lead; and which they are."""
    chosen = np.arange(len(queries))
    if len(queries) > limit:
        recency = np.exp((queries.day - queries.day.max()) / 365.0)
        chosen = np.sort(random.choice(len(queries), limit, replace=False, p=recency / recency.sum()))
    lead = random.integers(0, max_lead + 1, len(chosen))
    day = queries.day[chosen]
    return (
        Queries(
            subject=tuple(queries.subject[i] for i in chosen),
            object=tuple(queries.object[i] for i in chosen),
            day=day,
            known=day - lead,
        ),
        chosen,
    )
