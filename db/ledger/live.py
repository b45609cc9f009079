"""Whether a forecast is live, made before it could rest on what came of its question, or a back-test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from db.records import HUMAN, BinaryQuestion, Question, RelationQuestion

HINDSIGHT = timedelta(days=1)
"""How long after its `as_of` a person's number may be said: a person cannot forget the news since."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When live forecasts of a question must have been made.

    Members read nothing from after their `as_of`, so that theirs must only lie before `known_at`, the first moment at
    which any outcome was known. A person sees events as they happen: `people` is when the question's window begins.
    """

    known_at: datetime
    people: datetime

    @classmethod
    def of(cls, *, known_at: datetime, resolve_by: datetime, first_day: date | None) -> Self:
        """Those of a question about a window from `first_day` (midnight UTC) on, or without one (None)."""
        begins = resolve_by if first_day is None else datetime.combine(first_day, time(), tzinfo=UTC)
        return cls(known_at, min(begins, known_at))

    def met(self, member: str, *, as_of: datetime, created_at: datetime) -> bool:
        """Whether what `member` said at `created_at` is live; an aggregate is made by no member, ""."""
        if member.startswith(HUMAN):
            return created_at < self.people and created_at - as_of <= HINDSIGHT
        return created_at < self.known_at


def first_day_of(question: Question) -> date | None:
    """The first day of the window that a question is about, or None without one."""
    if isinstance(question, RelationQuestion):
        return question.day
    criterion = question.criterion if isinstance(question, BinaryQuestion) else None
    return None if criterion is None else criterion.first_day
