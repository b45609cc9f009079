"""`auspex assist ask`: a person's forecast, helped by questions; in a terminal, or with answers from a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from agents.assistant.session import Advice, Assisted, Session
from agents.assistant.steps import STEPS
from app.commands.places import ledger_address, open_ledger, open_store
from app.commands.questions import dump, said
from app.dialogue import Adviser, Wanted, advising, begin, checked, record
from app.output import bold, emit_json, err, money, out
from db.errors import BadInput

BROKEN_OFF = 130
"""Exit code of a dialogue that was broken off, as shells have it for an interrupt."""


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
    variant = checked(wanted)
    given = None if answers is None else read_answers(answers, len(STEPS[variant]))
    with open_ledger(ledger) as book:
        begun = begin(wanted, book, now=now, events=lambda: open_store(store))
        session = begun.session
        if begun.uncounted:
            screen.print("There is no event store here, so nothing is counted for you.", style="dim")
        _introduce(session, now, screen)
        try:
            with advising(wanted.model, ledger_address(ledger), budget_usd=budget_usd) as adviser:
                done = _held(session, adviser, given, screen)
        except (KeyboardInterrupt, EOFError):
            kept = " but the calls to the model" if wanted.model else ""
            err.print(f"\nBroken off: nothing was recorded{kept}.")
            if told := session.debriefing():
                err.print(f"\n{told}", style="yellow", highlight=False)
            sys.exit(BROKEN_OFF)
        records = record(done, book)
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


def _held(session: Session, adviser: Adviser, given: Iterator[str] | None, screen: Console) -> Session:
    """The finished session: every step asked, and in a terminal asked again where an answer is none."""
    while (step := session.step) is not None:
        with screen.status("thinking"):
            advice = adviser(session)
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
