"""What became of earlier answers: the only thing that rules may learn from, and only as far as it was known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensembles.odds import Floats, checked

Bools = NDArray[np.bool_]

_COLUMNS = ("probability", "outcome", "asked_at", "known_at", "cluster", "market")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Past binary questions with their outcomes, one row each, and what every member had said, NaN if nothing.

    `asked_at` is the cut-off under which the members answered, and makes the rounds; `known_at` is when the outcome
    became knowable, later than `asked_at`. Both are datetime64. `cluster` labels questions that are not independent;
    `market` says that a question comes from a market or tournament, where base rates hold from round to round better
    than on generated data questions. Raises ValueError for lengths that differ, outcomes that are not 0 or 1,
    probabilities outside 0..1, and an outcome known no later than it was asked about.
    """

    members: tuple[str, ...]
    probability: Floats
    """(questions, members)."""
    outcome: Floats
    asked_at: NDArray[np.datetime64]
    known_at: NDArray[np.datetime64]
    cluster: NDArray[Any]
    market: Bools

    def __post_init__(self) -> None:
        n = len(self.outcome)
        if any(len(getattr(self, name)) != n for name in _COLUMNS):
            raise ValueError(f"every column of a history has one row for each of its {n} outcomes")
        if self.probability.shape != (n, len(self.members)):
            raise ValueError(
                f"probability has shape {self.probability.shape}, not ({n} outcomes, {len(self.members)} members)"
            )
        if not np.isin(self.outcome, (0.0, 1.0)).all():
            raise ValueError("outcomes must be 0 or 1 to be learnt from")
        if not (self.known_at > self.asked_at).all():
            raise ValueError("an outcome was known when its question was asked: nothing can be learnt from that")
        checked(self.probability)

    def __len__(self) -> int:
        return len(self.outcome)

    def where(self, rows: Bools) -> History:
        """The rows where `rows`, boolean of shape (questions,), is true."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _COLUMNS})

    def of(self, members: Sequence[str]) -> History:
        """What some of the members said, in the order in which they are given, on all rows."""
        places = [self.members.index(member) for member in members]
        return replace(self, members=tuple(members), probability=self.probability[:, places])

    def known_before(self, moment: np.datetime64) -> History:
        """What was known before `moment`."""
        return self.where(self.known_at < moment)

    def complete(self) -> History:
        """The questions that every member answered."""
        return self.where(np.isfinite(self.probability.sum(axis=1)))

    def cluster_weight(self) -> Floats:
        """One over the size of each row's cluster, (questions,): a question asked at eight horizons counts once."""
        return cluster_weight(self.cluster)


def cluster_weight(cluster: NDArray[Any]) -> Floats:
    """One over the size of the cluster that each label (rows,) names: clusters count alike, whatever their size."""
    _, group, size = np.unique(cluster, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / size[group], dtype=np.float64)
