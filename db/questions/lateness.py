"""Whether a question can still be asked: the past may not be forecast."""

from __future__ import annotations

from datetime import datetime

from db.questions.factory import first_full_day
from db.questions.resolver import criterion_of
from db.records import Question


def begun_before(question: Question, as_of: datetime) -> str:
    """Why a question comes too late to be forecast as of a moment, in a clause; empty where it does not.

    The rule: the window of a question of the event store begins no earlier than the first day of which nothing is known
    at `as_of` (`first_full_day`). What was reported of an earlier day may be in the snapshot, and would answer the
    question in part. A question without such a window is never too late.
    """
    criterion = criterion_of(question)
    if criterion is None or criterion.first_day >= first_full_day(as_of):
        return ""
    return f"its window begins on {criterion.first_day}, before as_of"
