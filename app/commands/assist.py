"""`auspex assist ask`: a person's forecast, helped by questions; in a terminal, or with answers from a file."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from agents.assistant.advice import advise
from agents.assistant.base_rate import counted_base_rate
from agents.assistant.session import FIXED, Advice, Assisted, Session
from agents.assistant.steps import PERSONA, STEPS
from agents.people import person
from app.commands.asking import Asked, opening, question_of
from app.commands.places import ledger_address, open_ledger, open_store
from app.commands.questions import dump, found_question, said
from app.equipment import model_client
from app.output import bold, emit_json, err, money, out
from db.dialogues import Variant
from db.errors import BadInput, StoreMissing
from db.events.filters import View
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion

BROKEN_OFF = 130
"""Exit code of a dialogue that was broken off, as shells have it for an interrupt."""
_ID = re.compile(r"[0-9a-f]{4,20}")

Advising = Callable[[Session], Advice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line says, as it was typed."""

    question: str
    by: date | None = None
    name: str = "me"
    variant: str = Variant.STRUCTURED
    model: str = ""


def ask(
    wanted: Wanted,
    answers: Path | None,
    budget_usd: float | None,
    store: Path | None,
    ledger: str | None,
    *,
    as_json: bool,
) -> None:
    """Hold the dialogue and record it whole: question, both numbers and every turn; broken off, nothing at all."""
    now, screen = datetime.now(UTC), err if as_json else out
    variant = _variant(wanted)
    person(wanted.name)
    given = None if answers is None else read_answers(answers, len(STEPS[variant]))
    with open_ledger(ledger) as book:
        question = _question(wanted, book, now)
        cut = opening(question.criterion.first_day if question.criterion else None, now)
        _refuse(question, wanted.name, cut, book, now)
        counted = _base_rate(question, cut, store, screen)
        session = Session(question=question, who=wanted.name, variant=variant, as_of=cut, base_rate=counted)
        _introduce(session, now, screen)
        try:
            with _advising(wanted.model, ledger, budget_usd) as advising:
                done = _held(session, advising, given, screen)
        except (KeyboardInterrupt, EOFError):
            kept = " but the calls to the model" if wanted.model else ""
            err.print(f"\nBroken off: nothing was recorded{kept}.")
            if told := session.debriefing():
                err.print(f"\n{told}", style="yellow", highlight=False)
            sys.exit(BROKEN_OFF)
        records = done.finished()
        book.append([question, records.before, records.after, records.dialogue])
    _conclude(done, records, screen)
    if as_json:
        emit_json(_json(done, records))


def read_answers(path: Path, n: int) -> Iterator[str]:
    """The `n` answers of a file, a JSON list of texts or a JSON text a line; raises BadInput for anything else."""
    try:
        content = path.read_text(encoding="utf-8")
        found = json.loads(content) if content.lstrip().startswith("[") else list(map(json.loads, content.splitlines()))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(
            f'answers file {path} cannot be read ({error}): write a JSON list of texts, or a JSON text a line, "35%"'
        ) from error
    if not all(isinstance(text, str) for text in found) or len(found) != n:
        raise BadInput(f"answers file {path} must hold {n} texts, one for each step, and holds {len(found)} entries")
    return iter(found)


def _variant(wanted: Wanted) -> Variant:
    try:
        variant = Variant(wanted.variant)
    except ValueError as error:
        raise BadInput(f"unknown variant {wanted.variant!r}: choose one of {', '.join(Variant)}") from error
    if wanted.model and variant not in PERSONA:
        raise BadInput(f"the {variant} variant is asked in fixed words: leave out --model")
    return variant


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


def _base_rate(question: BinaryQuestion, cut: datetime, store: Path | None, screen: Console) -> str:
    if question.criterion is None:
        return ""
    try:
        events = open_store(store)
    except StoreMissing:
        screen.print("There is no event store here, so nothing is counted for you.", style="dim")
        return ""
    return counted_base_rate(question, events.as_of(cut, view=View(min_mentions=question.criterion.min_mentions)))


@contextmanager
def _advising(model: str, ledger: str | None, budget_usd: float | None) -> Iterator[Advising]:
    """What puts a step into words: the model, or without one the prompt files."""
    if not model:
        yield lambda _: FIXED
        return
    with model_client([model], ledger_address(ledger), budget_usd=budget_usd) as client, asyncio.Runner() as runner:
        try:
            yield lambda session: runner.run(advise(client, model, session))
        finally:
            runner.run(client.aclose())


def _held(session: Session, advising: Advising, given: Iterator[str] | None, screen: Console) -> Session:
    """The finished session: every step asked, and in a terminal asked again where an answer is none."""
    while (step := session.step) is not None:
        with screen.status("thinking"):
            advice = advising(session)
        screen.print(f"\n{len(session.turns) + 1} of {len(session.steps)} · {step.title}", style="bold")
        if advice.failure:
            screen.print(f"In fixed words, since the model failed: {advice.failure}", style="dim")
        screen.print(session.asked(advice), highlight=False)
        session = _answered(session, advice, given, screen)
    return session


def _answered(session: Session, advice: Advice, given: Iterator[str] | None, screen: Console) -> Session:
    if given is not None:
        return session.answer(next(given), at=datetime.now(UTC), advice=advice)
    while True:
        try:
            return session.answer(screen.input("> "), at=datetime.now(UTC), advice=advice)
        except BadInput as error:
            screen.print(f"Not taken: {error}.", style="yellow", highlight=False)


def _introduce(session: Session, now: datetime, screen: Console) -> None:
    question = session.question
    screen.print(question.text, style="bold", highlight=False)
    if question.resolution_criteria:
        screen.print(question.resolution_criteria, style="dim", highlight=False)
    screen.print(f"To be resolved by {question.resolve_by:%Y-%m-%d %H:%M} UTC.")
    if session.as_of < now:
        screen.print("Its window has begun: where the outcome was known by now, your numbers count as a back-test.")
    screen.print(
        f"{len(session.steps)} steps, the first and the last for a number. Enter passes over any other, "
        "Ctrl-C breaks off.",
        style="dim",
    )


def _conclude(session: Session, records: Assisted, screen: Console) -> None:
    before, after = said(records.before.value), said(records.after.value)
    screen.print(bold(f"\n{before} before, {after} after."), f"Both are recorded as {records.after.member}.")
    if records.dialogue.model:
        took = f"{records.dialogue.tokens:,} tokens, {money(records.dialogue.cost_usd)}"
        screen.print(f"Asked by {records.dialogue.model}: {took}", style="dim", highlight=False)
    if told := session.debriefing():
        screen.print(f"\n{told}", style="yellow", highlight=False)
    screen.print(
        f"When you know: auspex questions resolve {session.question.id[:8]} yes (or no), then auspex assist report",
        style="dim",
    )


def _json(session: Session, records: Assisted) -> dict[str, Any]:
    return {
        "question": dump(session.question),
        "forecasts": [dump(records.before), dump(records.after)],
        "dialogue": dump(records.dialogue),
        "debriefing": session.debriefing() or None,
    }
