"""`auspex forecast`, `resolve` and `leaderboard`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from app.cli.options import moment
from app.commands.places import open_ledger, open_store
from app.commands.questions import said
from app.commands.running import UNPOOLED, crowd_of, report_failures, run_json
from app.desk import Run, resolve_open
from app.output import emit_json, leaderboard_table, out, table
from app.track_record.ranking import rank, scored_others
from db.errors import BadInput
from db.questions.resolver import criterion_of
from db.records import QUESTION, Question
from ensembles.registry import DEFAULT_RULE, pooling_rule

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger

SHOWN = 20
"""Questions whose answers are shown on the screen; of more, only how many there are."""


def forecast(
    as_of: str | None,
    questions: Path | None,
    members: list[str],
    rule: str | None,
    supervisor: str,
    budget_usd: float | None,
    store: Path | None,
    ledger: str | None,
    *,
    as_json: bool,
) -> None:
    """Run the crowd over questions of a file, or over the ledger's open ones whose window has not begun."""
    try:
        pooling_rule(rule or DEFAULT_RULE)
    except ValueError as error:
        raise BadInput(str(error)) from error
    events = open_store(store)
    with open_ledger(ledger) as book:
        asked, cut = questions_asked(questions, as_of, book)
        with crowd_of(members, book, supervisor=supervisor, budget_usd=budget_usd, show=not as_json) as crowd:
            run = crowd.run(asked, events, as_of=cut, rule=rule)
    if as_json:
        emit_json(run_json(run))
    else:
        _show(run, asked, cut)
    report_failures(run)


def questions_asked(file: Path | None, as_of: str | None, ledger: Ledger) -> tuple[list[Question], datetime]:
    """The questions of a file, or the ledger's open ones that look ahead, and the cut-off to ask them under.

    Raises BadInput where there are none, or where no cut-off is given and they were not all opened at one moment.
    """
    asked = read_questions(file) if file else ledger.open_questions()
    cut = moment(as_of, "--as-of") if as_of else _common_opening(asked)
    if not file:
        asked = [item for item in asked if _ahead(item, cut)]
    if not asked:
        raise BadInput(f"there are no open questions about the time after {cut:%Y-%m-%d}: generate some first")
    return asked, cut


def _show(run: Run, asked: Sequence[Question], cut: datetime) -> None:
    if len(asked) <= SHOWN:
        answers = {item.question_id: said(item.value) for item in run.aggregates}  # the last one has the last word
        rows = [(question.text, question.id[:8], answers.get(question.id, "-")) for question in asked]
        table(f"As of {cut:%Y-%m-%d %H:%M} UTC", ("question", "id", "aggregate"), rows)
    out.print(
        f"{len(run.forecasts)} forecasts and {len(run.aggregates)} aggregates of {len(asked)} questions "
        f"as of {cut:%Y-%m-%d} in {run.seconds:.1f} s; {run.recorded} new in the ledger."
    )
    if unpooled := {item.question_id for item in run.forecasts} - {item.question_id for item in run.aggregates}:
        out.print(f"Answers to {len(unpooled)} questions and no aggregate: {UNPOOLED}.")
    if run.rules.learnt:
        taught = ", ".join(run.rules.learnt)
        out.print(f"Pooled by what the ledger taught: {taught}. Why: auspex crowd report", style="dim")
    out.print(f"Next: {_next(asked)}")


def _next(asked: Sequence[Question]) -> str:
    """How these questions are resolved: by the event store, and in words by hand."""
    by_hand = next((question for question in asked if criterion_of(question) is None), None)
    ways = ["auspex resolve"] if any(criterion_of(question) for question in asked) else []
    if by_hand is not None:
        ways.append(f"auspex questions resolve {by_hand.id[:8]} {'yes' if by_hand.kind == 'binary' else 'OUTCOME'}")
    return ", ".join(ways)


def read_questions(path: Path) -> list[Question]:
    """Questions from JSON ({"questions": [...]} or a list) or JSONL; raises BadInput naming the first bad one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"questions file {path} cannot be read: {error}") from error
    try:
        content = json.loads(text)
        items = content.get("questions", [content]) if isinstance(content, dict) else content
    except json.JSONDecodeError:
        try:
            items = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (json.JSONDecodeError, RecursionError) as error:
            raise BadInput(f"questions file {path} is neither JSON nor JSONL: {error}") from error
    except RecursionError as error:
        raise BadInput(f"questions file {path} is nested too deeply to be questions") from error
    found: list[Question] = []
    for number, item in enumerate(items, start=1):
        try:
            found.append(QUESTION.validate_python(item) if not isinstance(item, dict) else _question(item))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise BadInput(f"question {number} of {path} is not one: {where}: {first['msg']}") from error
    return found


def _question(item: dict[str, Any]) -> Question:
    question: Question = QUESTION.validate_json(json.dumps(item))
    return question


def _ahead(question: Question, cut: datetime) -> bool:
    criterion = criterion_of(question)
    return criterion is None or datetime.combine(criterion.first_day, time(), tzinfo=UTC) >= cut


def _common_opening(questions: list[Question]) -> datetime:
    openings = {question.open_at for question in questions}
    if len(openings) != 1:
        raise BadInput("say what the members may know: --as-of 2025-06-01")
    return openings.pop()


def resolve(store: Path | None, ledger: str | None, *, as_json: bool) -> None:
    """Resolve what can be resolved now."""
    events = open_store(store)
    with open_ledger(ledger) as book:
        done = resolve_open(events, book, now=datetime.now(UTC))
    if as_json:
        emit_json({"resolved": done.resolved, "annulled": done.annulled, "still_open": done.still_open})
    else:
        out.print(f"{done.resolved} resolved, {done.annulled} annulled, {done.still_open} still open.")
        out.print("Next: auspex leaderboard")


def leaderboard(ledger: str | None, *, as_json: bool) -> None:
    """Score everything that can be scored."""
    with open_ledger(ledger) as book:
        found = book.views.scorable()
    others = scored_others(found)
    rows = rank(found.binary, others)
    if as_json:
        n_questions = len(np.unique(found.binary.question)) + len({item.question_id for item in others})
        emit_json({"members": rows, "questions": n_questions})
        return
    if not rows:
        out.print("Nothing is scored yet: forecast open questions, then auspex resolve once their window is past.")
    for track in dict.fromkeys(row["track"] for row in rows):
        leaderboard_table([row for row in rows if row["track"] == track], f"Leaderboard ({track})")
