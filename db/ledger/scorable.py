"""What can be scored: answers to resolved questions, and which of them are live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from db.ledger.live import Deadlines, first_day_of
from db.records import Aggregate, Forecast, Question, Resolution


@dataclass(frozen=True, slots=True)
class Scorable:
    """A forecast or aggregate with its question and outcome. `live` says that it was made before it could rest on what
    came of the question (`db.ledger.live`); one that was not is a back-test, and the two are never averaged together
    unsaid."""

    question: Question
    forecast: Forecast | Aggregate
    resolution: Resolution
    live: bool


def scorable(
    questions: Mapping[str, Question],
    made: Iterable[Forecast | Aggregate],
    resolutions: Mapping[str, Resolution],
    *,
    first_known: Mapping[str, datetime],
) -> list[Scorable]:
    """What was `made` of these questions with an `as_of` before the outcome was known first, in its order.

    Each of the `questions` has its resolution that counts and `first_known`, the earliest moment at which any of its
    resolutions was known. What rests on an item before it that is not live, as an aggregate or a member's update does,
    is not live either; answers to other questions are left out.
    """
    deadlines = {
        key: Deadlines.of(known_at=first_known[key], resolve_by=asked.resolve_by, first_day=first_day_of(asked))
        for key, asked in questions.items()
    }
    found, late = [], set[str]()
    for item in made:
        key, member = item.question_id, item.member if isinstance(item, Forecast) else ""
        if key not in questions:
            continue
        rests_on = item.evidence if isinstance(item, Forecast) else item.forecast_ids
        live = deadlines[key].met(member, as_of=item.as_of, created_at=item.created_at)
        if not live or not late.isdisjoint(rests_on):
            late.add(item.id)
        if item.as_of < first_known[key]:
            found.append(Scorable(questions[key], item, resolutions[key], item.id not in late))
    return found
