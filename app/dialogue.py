"""A dialogue of a person with the assistant, begun and recorded: what the command line and the page both do.

Nothing is recorded before the last answer: then question, both numbers and every turn, together.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from agents.assistant.advice import advise
from agents.assistant.base_rate import counted_base_rate
from agents.assistant.session import FIXED, Advice, Assisted, Session
from agents.assistant.steps import PERSONA
from agents.people import person
from app.commands.asking import Asked, opening, question_of
from app.commands.questions import found_question
from app.equipment import model_client
from db.dialogues import Variant
from db.errors import BadInput, StoreMissing
from db.events.filters import View
from db.events.store import EventStore
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion

_ID = re.compile(r"[0-9a-f]{4,20}")

Adviser = Callable[[Session], Advice]
"""Puts the next step of a session into words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asks for, as it was typed: a question's id or words, the last day of one in words, who, how."""

    question: str
    by: date | None = None
    name: str = "me"
    variant: str = Variant.STRUCTURED
    model: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A session before its first answer; `uncounted`: it is about events, and there is no store to count them in."""

    session: Session
    uncounted: bool


def checked(wanted: Wanted) -> Variant:
    """The variant wanted; raises BadInput where there is none, where it takes no model, or the name is no name."""
    try:
        variant = Variant(wanted.variant)
    except ValueError as error:
        raise BadInput(f"unknown variant {wanted.variant!r}: choose one of {', '.join(Variant)}") from error
    if wanted.model and variant not in PERSONA:
        raise BadInput(f"the {variant} variant is asked in fixed words: leave out --model")
    person(wanted.name)
    return variant


def begin(wanted: Wanted, book: Ledger, *, now: datetime, events: Callable[[], EventStore]) -> Begun:
    """A session for the question wanted, as of now or of the midnight at which its window began.

    `events` opens the event store, where there is something to count. Raises BadInput where the question is none for
    the assistant, is decided, or was forecast before by this person.
    """
    variant = checked(wanted)
    question = _question(wanted, book, now)
    cut = opening(question.criterion.first_day if question.criterion else None, now)
    _refuse(question, wanted.name, cut, book, now)
    counted = _base_rate(question, cut, events)
    session = Session(question=question, who=wanted.name, variant=variant, as_of=cut, base_rate=counted or "")
    return Begun(session, uncounted=counted is None)


@contextmanager
def advising(model: str, address: str, *, budget_usd: float | None = None) -> Iterator[Adviser]:
    """What puts a step into words: the model, its calls logged in the ledger at `address`, or without one the prompt
    files."""
    if not model:
        yield lambda _: FIXED
        return
    with model_client([model], address, budget_usd=budget_usd) as client, asyncio.Runner() as runner:
        try:
            yield lambda session: runner.run(advise(client, model, session))
        finally:
            runner.run(client.aclose())


def record(session: Session, book: Ledger) -> Assisted:
    """Record a finished session whole; raises ValueError before it is finished."""
    records = session.finished()
    book.append([session.question, records.before, records.after, records.dialogue])
    return records


def _question(wanted: Wanted, book: Ledger, now: datetime) -> BinaryQuestion:
    """The ledger's question of this id, or in these words, or a new one in these words; raises BadInput if none."""
    text = wanted.question.strip()
    if _ID.fullmatch(text):
        question = found_question(book, text)
        if wanted.by is not None:
            raise BadInput(f"question {question.id[:8]} says itself by when: leave out --by")
    else:
        fresh = question_of(Asked(text=text, window=(None, wanted.by)), now)
        same = (item for item in book.open_questions() if item.text == text and item.resolve_by > now)
        question = next((item for item in same if wanted.by is None or item.resolve_by == fresh.resolve_by), fresh)
    if not isinstance(question, BinaryQuestion):
        raise BadInput(f"the assistant helps with yes/no questions, and {question.id[:8]} is {question.kind}")
    return question


def _refuse(question: BinaryQuestion, name: str, cut: datetime, book: Ledger, now: datetime) -> None:
    """Raises BadInput where there is nothing to forecast any more, or nothing new to record."""
    if question.id in book.resolutions([question.id]):
        raise BadInput(f"question {question.id[:8]} is resolved: see auspex questions list --open for others")
    if question.criterion is None and question.resolve_by <= now:
        raise BadInput(
            f"question {question.id[:8]} was to be resolved by {question.resolve_by:%Y-%m-%d}: forecast an open one"
        )
    if any(item.person == name and item.as_of == cut for item in book.dialogues([question.id])):
        raise BadInput(
            f"{name} has forecast question {question.id[:8]} as of {cut:%Y-%m-%d %H:%M} UTC before, "
            "and a recorded forecast is never replaced: give another --name"
        )


def _base_rate(question: BinaryQuestion, cut: datetime, events: Callable[[], EventStore]) -> str | None:
    """What the store counted, empty if there is nothing to count; None where there is no store."""
    if question.criterion is None:
        return ""
    try:
        store = events()
    except StoreMissing:
        return None
    return counted_base_rate(question, store.as_of(cut, view=View(min_mentions=question.criterion.min_mentions)))
