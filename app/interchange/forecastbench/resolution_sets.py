"""Resolution sets: what became of a round's questions, into the ledger.

Nothing says at what hour an outcome could be known, so that it counts as known from the start of its resolution date:
a market may resolve, and a value be published, at any time of that day. It is taken over once that day is over.

One strictly between no and yes is kept as the fraction it is. Where a question is not resolved, `resolved_to` is the
market's price by then: no outcome, and left where it is.
"""

from __future__ import annotations

from datetime import date, datetime

from app.interchange.forecastbench.documents import ResolutionSet, SetResolution
from app.interchange.forecastbench.question_sets import asked_in, end_of, resolution_day, start_of
from app.interchange.resolving import record_outcomes
from app.interchange.transfer import Transfer
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, Resolution

NOT_RESOLVED = "not resolved yet"

_Key = tuple[str, str, date | None]


def import_resolution_set(ledger: Ledger, found: ResolutionSet, *, now: datetime) -> Transfer:
    """Record the outcomes of a set whose questions were imported; raises BadInput where they were not."""
    done = Transfer(read=len(found.resolutions))
    asked = {_key(question): question for question in asked_in(ledger, found.question_set)}
    outcomes: dict[str, Resolution] = {}
    for item in sorted(found.resolutions, key=lambda item: item.resolution_date):
        question = asked.get((item.source, item.id, item.resolution_date)) or asked.get((item.source, item.id, None))
        name = f"{item.source} {item.id} {item.resolution_date}"
        if question is None:
            done.skip(name, f"no question of {found.question_set} in the ledger is about this")
        elif reason := _unusable(item, now):
            done.skip(name, reason)
        else:
            made = _resolution(question, item, found, now)
            first = outcomes.setdefault(question.id, made)
            if first.outcome != made.outcome:
                done.skip(name, f"it says {made.outcome}, where an earlier date says {first.outcome}")
    record_outcomes(ledger, outcomes.values(), done)
    return done


def _key(question: BinaryQuestion) -> _Key:
    return question.source, question.source_id, resolution_day(question)


def _unusable(item: SetResolution, now: datetime) -> str:
    """Why an outcome cannot be recorded, "" where it can."""
    if not item.resolved:
        return NOT_RESOLVED
    if item.resolved_to is None:
        return "resolved to no number"
    return "" if end_of(item.resolution_date) <= now else "its resolution date is not over"


def _resolution(question: BinaryQuestion, item: SetResolution, found: ResolutionSet, now: datetime) -> Resolution:
    share = item.resolved_to
    return Resolution(
        question_id=question.id,
        outcome=bool(share) if share in (0.0, 1.0) else share,
        resolved_at=now,
        known_at=start_of(item.resolution_date),
        source=f"ForecastBench {found.question_set}",
    )
