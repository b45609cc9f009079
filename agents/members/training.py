"""Training rows for the learned members: past pair-days, the codes that came and a sample of those that did not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.members.features import relation_features
from agents.members.state import NEVER, Floats, Ints, State, history_of
from agents.members.walk import Queries
from db.events.quads import Quads

COLD_SHARE = 0.1
"""Codes that neither the pair nor its reverse ever showed are thinned to this share and weigh its inverse."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows: features (rows, features), label, weight, and the day asked about."""

    features: NDArray[np.float32]
    label: NDArray[np.bool_]
    weight: Floats
    day: Ints

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """The rows that `mask` selects."""
        return Rows(self.features[mask], self.label[mask], self.weight[mask], self.day[mask])


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
            warm = state.pair_seen[pair[which]] > NEVER
            warm |= state.pair_seen[history.reverse[pair[which]]] > NEVER
            label = truth[which]
            drawn = random.random(label.shape) < COLD_SHARE
            kept = label | warm | drawn
            weight = np.where(label | warm, 1.0, 1 / COLD_SHARE)[kept]
            features = relation_features(state, pair[which], int(day))[kept]
            parts.append(Rows(features, label[kept], weight, np.full(len(features), day)))
    return Rows(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.day for part in parts]),
    )


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
