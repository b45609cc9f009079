"""What a list of the ledger can be narrowed to; what is left empty narrows nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.errors import BadInput

STATES = ("open", "resolved", "annulled", "ambiguous")
KINDS = ("binary", "multiple_choice", "numeric", "relation")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFilter:
    """Questions whose text holds `text`, in any case; of a source, kind, state or tag; that a member answered.

    `opened_from` <= open_at < `opened_to`. Raises BadInput for a state or kind that there is not.
    """

    text: str = ""
    source: str = ""
    kind: str = ""
    state: str = ""
    tag: str = ""
    member: str = ""
    opened_from: datetime | None = None
    opened_to: datetime | None = None

    def __post_init__(self) -> None:
        _one_of("state", self.state, STATES)
        _one_of("kind", self.kind, KINDS)
        _aware(self.opened_from, self.opened_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastFilter:
    """Answers to a question, of a member, or of a run; `created_from` <= created_at < `created_to`.

    Of resolutions, which no member makes in no run, only the question and the times count: when they were resolved.
    """

    question_id: str = ""
    member: str = ""
    run_id: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None

    def __post_init__(self) -> None:
        _aware(self.created_from, self.created_to)


def _one_of(what: str, given: str, known: tuple[str, ...]) -> None:
    if given and given not in known:
        raise BadInput(f"there is no question {what} {given!r}: say one of {', '.join(known)}")


def _aware(*moments: datetime | None) -> None:
    for moment in moments:
        if moment is not None and moment.tzinfo is None:
            raise BadInput(f"{moment.isoformat()} has no time zone: give an offset, such as +00:00")
