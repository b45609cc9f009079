"""What a member of the crowd is: something that answers questions from a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from db.events.snapshot import Snapshot
from db.records import Forecast, MemberFailure, Question


class Member(Protocol):
    """One forecaster. `name` is how the registry, the ledger and the leaderboard know it."""

    name: str

    async def forecast(
        self, questions: Sequence[Question], snapshot: Snapshot, *, created_at: datetime
    ) -> list[Forecast | MemberFailure]:
        """One `Forecast` or `MemberFailure` per question, in order, from nothing but `snapshot`.

        `created_at` is the wall clock of the run, handed down because no member reads a clock.
        """
        ...
