"""`auspex ask`, `forecast`, `resolve` and `leaderboard`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.members.registry import build_members
from app.cli import moment
from app.commands.places import fit_cache, open_ledger, open_store
from app.commands.questions import dump, said
from app.desk import Run, resolve_open, run_crowd
from app.output import emit_json, err, leaderboard_table, out, progress_bar, table
from app.scoring import leaderboard as rank
from app.scoring import score
from db import cameo, countries
from db.errors import BadInput
from db.events.store import DEFAULT_VIEW, EventStore
from db.ledger.ledger import Ledger
from db.questions.factory import binary_question
from db.questions.resolver import criterion_of
from db.records import QUESTION, EventCriterion, Question
from ensembles.registry import pooling_rule


def ask(
    text: str,
    actors: tuple[str, str],
    window: tuple[date | None, date | None],
    codes: list[str],
    at_least: int,
    as_of: str | None,
    members: list[str],
    store: Path | None,
    ledger: str | None,
    *,
    as_json: bool,
) -> None:
    """Ask one question; without --as-of, as of now or of the window's first midnight, whichever is earlier."""
    first, last = window
    if first is None or last is None or last < first:
        raise BadInput(f"the window {first}..{last} is empty: --to lies before --from")
    if not text.strip():
        raise BadInput("the question has no words: say what you want to know")
    now = datetime.now(UTC)
    cut = moment(as_of, "--as-of") if as_of else min(now, datetime.combine(first, time(), tzinfo=UTC))
    try:
        criterion = EventCriterion(
            subject=countries.resolve(actors[0]),
            object=countries.resolve(actors[1]),
            codes=tuple(cameo.check(code) for code in codes) or None,
            first_day=first,
            last_day=last,
            at_least=at_least,
            min_mentions=DEFAULT_VIEW.min_mentions,
        )
        question = binary_question(criterion, open_at=cut, text=text)
    except ValidationError as error:
        raise BadInput(f"this cannot be asked: {error.errors()[0]['msg']}") from error
    with open_ledger(ledger) as book:
        run = _run([question], open_store(store), members, cut, now, "logit_pool", book, show=not as_json)
    if as_json:
        emit_json(_run_json(run))
    else:
        out.print(f"[bold]{text}[/bold]")
        rows: list[tuple[str, str]] = [(item.member, said(item.value)) for item in run.forecasts]
        rows += [
            (f"[bold]aggregate ({item.rule})[/bold]", f"[bold]{said(item.value)}[/bold]") for item in run.aggregates
        ]
        table(f"as of {cut:%Y-%m-%d %H:%M} UTC", ("member", "answer"), rows)
    _report_failures(run)


def forecast(
    as_of: str | None,
    questions: Path | None,
    members: list[str],
    rule: str,
    store: Path | None,
    ledger: str | None,
    *,
    as_json: bool,
) -> None:
    """Run the crowd over questions of a file, or over the ledger's open ones whose window has not begun."""
    try:
        pooling_rule(rule)
    except ValueError as error:
        raise BadInput(str(error)) from error
    events = open_store(store)
    with open_ledger(ledger) as book:
        asked = read_questions(questions) if questions else book.open_questions()
        cut = moment(as_of, "--as-of") if as_of else _common_opening(asked)
        if not questions:
            asked = [item for item in asked if _ahead(item, cut)]
        if not asked:
            raise BadInput(f"there are no open questions about the time after {cut:%Y-%m-%d}: generate some first")
        run = _run(asked, events, members, cut, datetime.now(UTC), rule, book, show=not as_json)
    if as_json:
        emit_json(_run_json(run))
    else:
        out.print(
            f"{len(run.forecasts)} forecasts and {len(run.aggregates)} aggregates of {len(asked)} questions "
            f"as of {cut:%Y-%m-%d} in {run.seconds:.1f} s; {run.recorded} new in the ledger. Next: auspex resolve"
        )
    _report_failures(run)


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
        except json.JSONDecodeError as error:
            raise BadInput(f"questions file {path} is neither JSON nor JSONL: {error}") from error
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


def _run(
    questions: list[Question],
    store: EventStore,
    members: list[str],
    cut: datetime,
    now: datetime,
    rule: str,
    ledger: Ledger,
    *,
    show: bool,
) -> Run:
    crowd = build_members(members, fit_cache())
    with progress_bar("forecast") as update:

        def progress(member: str, done: int, total: int) -> None:
            if show:
                update(done, total, member)

        return run_crowd(questions, store, crowd, as_of=cut, now=now, ledger=ledger, rule=rule, progress=progress)


def _run_json(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "forecasts": [dump(item) for item in run.forecasts],
        "failures": run.failure_counts(),
        "aggregates": [dump(item) for item in run.aggregates],
        "recorded": run.recorded,
        "cost_usd": sum(item.cost_usd for item in run.forecasts),
        "seconds": run.seconds,
    }


def _report_failures(run: Run) -> None:
    for failure in run.failure_counts():
        err.print(f"{failure['member']} has no answer to {failure['n']}: {failure['reason']}, {failure['detail']}")
    if run.failures:
        sys.exit(1)


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
        items = [found for item in book.scorable() if (found := score(item)) is not None]
    rows = rank(items)
    if as_json:
        emit_json({"members": rows, "questions": len({item.question_id for item in items})})
        return
    if not rows:
        out.print("Nothing is scored yet: forecast open questions, then auspex resolve once their window is past.")
    for track in dict.fromkeys(row["track"] for row in rows):
        leaderboard_table([row for row in rows if row["track"] == track], f"Leaderboard ({track})")
