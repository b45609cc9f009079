"""Outcomes of earlier questions that were known before a moment: what a member may count from besides events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.events.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOutcome:
    """What became of a yes/no question: of which source and series, and how many days ahead it was asked."""

    question_id: str
    source: str
    series: str
    horizon_days: int
    outcome: bool
    known_at: datetime


@dataclass(frozen=True, slots=True)
class PastOutcomes:
    """Outcomes that were all known before `as_of`; with any other there are none: ValueError."""

    as_of: datetime
    outcomes: Sequence[PastOutcome] = ()

    def __post_init__(self) -> None:
        for item in self.outcomes:
            if item.known_at >= self.as_of:
                raise ValueError(f"the outcome of {item.question_id} was not known before {self.as_of}")


Past = Callable[["Snapshot", Collection[str]], PastOutcomes]
"""The outcomes of these sources' questions that were known before the snapshot was taken.

Given by `app`, which alone reads the ledger. It takes no moment but a snapshot, and a member holds none but the one
that it is asked under, which it cannot widen: what came later is out of reach, not only out of bounds.
"""


def no_past(snapshot: Snapshot, sources: Collection[str]) -> PastOutcomes:
    """Nothing is known of any source."""
    del sources
    return PastOutcomes(snapshot.as_of)
