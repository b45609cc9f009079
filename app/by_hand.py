"""Outcomes that a person brings: what someone says came of a question, checked and recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.outcomes import read_outcome
from db.errors import BadInput
from db.outcomes import outcome_text
from db.questions.resolver import criterion_of
from db.records import Outcome, Question, Resolution, Special

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger

BY_HAND = "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What someone says: the outcome as it is typed, None to annul the question.

    `known_at` is when it became knowable, see `_knowable`; `correct` that it replaces one that is recorded.
    """

    outcome: str | None
    known_at: datetime | None = None
    source: str = BY_HAND
    correct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How whoever says it would say it otherwise: what the moment is called, and how a correction is asked for."""

    known_at: str
    correct: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The resolution that counts, and whether it is new."""

    resolution: Resolution
    new: bool


def record(ledger: Ledger, question: Question, said: Said, *, now: datetime, wording: Wording) -> Recorded:
    """Record what came of a question; the same again changes nothing.

    What the event store resolves by itself is overruled only where `known_at` is given. Raises BadInput for no outcome
    of this question, a moment that cannot be, and another outcome than is recorded, unless it is a correction.
    """
    resolution = Resolution(
        question_id=question.id,
        outcome=_outcome(question, said, wording),
        resolved_at=now,
        known_at=_knowable(question, said.known_at, now, wording),
        source=said.source,
    )
    before = ledger.resolutions([question.id]).get(question.id)
    if before is not None and before.outcome != resolution.outcome and not said.correct:
        raise BadInput(
            f"the question is resolved as {outcome_text(before.outcome)}, not {outcome_text(resolution.outcome)}: "
            f"{wording.correct} to correct that"
        )
    new = ledger.resolve([resolution], correct=said.correct)
    return Recorded(ledger.resolutions([question.id])[question.id], bool(new))


def _outcome(question: Question, said: Said, wording: Wording) -> Outcome:
    if said.outcome is None:
        return Special.ANNULLED
    if criterion_of(question) is not None and said.known_at is None:
        raise BadInput(
            "the event store resolves this question: auspex resolve. To overrule it, say when the outcome was known: "
            f"{wording.known_at} 2025-06-09"
        )
    return read_outcome(question, said.outcome)


def _knowable(question: Question, known_at: datetime | None, now: datetime, wording: Wording) -> datetime:
    """When the outcome became knowable: as said, else now, but no later than the question was to be resolved.

    What was forecast after that could have seen the outcome and must not pass for a live forecast. Raises BadInput
    for a moment in the future, and for one that is not after the question was opened.
    """
    known = known_at or min(now, question.resolve_by)
    if known > now:
        raise BadInput(f"{wording.known_at} {known:%Y-%m-%d %H:%M} UTC is in the future: nothing is known of it yet")
    if known <= question.open_at:
        raise BadInput(
            f"{wording.known_at} {known:%Y-%m-%d %H:%M} UTC is not after the question was asked "
            f"({question.open_at:%Y-%m-%d %H:%M} UTC): what was known then is no forecast"
        )
    return known
