"""`auspex forecast`, `resolve` and `leaderboard`."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.members.equipment import Equipment
from agents.members.registry import build_members
from app.cli.options import moment
from app.commands.places import open_ledger, open_store
from app.commands.questions import dump
from app.desk import Run, resolve_open, run_crowd
from app.equipment import equipped
from app.output import emit_json, err, leaderboard_table, out, progress_bar
from app.scoring import leaderboard as rank
from app.scoring import score
from db.errors import BadInput
from db.events.store import EventStore
from db.ledger.ledger import Ledger
from db.questions.resolver import criterion_of
from db.records import QUESTION, Forecast, MemberFailure, Question
from db.traces import Trace, total_cost_usd
from ensembles.registry import DEFAULT_RULE, pooling_rule

Afterwards = Callable[[Run, Equipment], Awaitable[Sequence[Forecast | MemberFailure]]]
"""Asks further, with the members' equipment, once the crowd has been pooled; see `app.desk.Then`."""
UNPOOLED = "too few members answered, or they answered about different things"
"""Why there may be answers and no aggregate (`agents.crowd.aggregate`)."""


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
        asked = read_questions(questions) if questions else book.open_questions()
        cut = moment(as_of, "--as-of") if as_of else _common_opening(asked)
        if not questions:
            asked = [item for item in asked if _ahead(item, cut)]
        if not asked:
            raise BadInput(f"there are no open questions about the time after {cut:%Y-%m-%d}: generate some first")
        run = run_members(
            asked,
            events,
            members,
            book,
            as_of=cut,
            rule=rule,
            supervisor=supervisor,
            budget_usd=budget_usd,
            show=not as_json,
        )
    if as_json:
        emit_json(run_json(run))
    else:
        _show(run, len(asked), cut)
    report_failures(run)


def _show(run: Run, asked: int, cut: datetime) -> None:
    out.print(
        f"{len(run.forecasts)} forecasts and {len(run.aggregates)} aggregates of {asked} questions "
        f"as of {cut:%Y-%m-%d} in {run.seconds:.1f} s; {run.recorded} new in the ledger. Next: auspex resolve"
    )
    if unpooled := {item.question_id for item in run.forecasts} - {item.question_id for item in run.aggregates}:
        out.print(f"Answers to {len(unpooled)} questions and no aggregate: {UNPOOLED}.")
    if run.rules.learnt:
        taught = ", ".join(run.rules.learnt)
        out.print(f"Pooled by what the ledger taught: {taught}. Why: auspex crowd report", style="dim")


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


def run_members(
    questions: list[Question],
    store: EventStore,
    members: list[str],
    ledger: Ledger,
    *,
    as_of: datetime,
    rule: str | None = None,
    supervisor: str = "",
    budget_usd: float | None = None,
    then: Afterwards | None = None,
    show: bool,
) -> Run:
    """Run the crowd of these members with everything that they need, showing progress if `show`; see `run_crowd`."""
    with progress_bar("forecast") as update:
        runs = 0

        def watch(trace: Trace) -> None:
            nonlocal runs
            runs += 1
            if show:
                update(None, None, f"{trace.member}: {runs} runs")

        def progress(member: str, done: int, total: int) -> None:
            if show:
                update(done, total, member)

        beside = [supervisor] if supervisor else []
        with equipped(members, ledger, beside=beside, budget_usd=budget_usd, watch=watch) as equipment:
            if show:
                update(0, len(members) or None, "asking")
            crowd = build_members(members, equipment)
            return run_crowd(
                questions,
                store,
                crowd,
                as_of=as_of,
                now=datetime.now(UTC),
                ledger=ledger,
                rule=rule,
                llm=equipment.llm,
                supervisor=supervisor,
                then=None if then is None else lambda run: then(run, equipment),
                progress=progress,
            )


def run_json(run: Run) -> dict[str, Any]:
    """A run as `--json` shows it."""
    return {
        "run_id": run.run_id,
        "forecasts": [dump(item) for item in run.forecasts],
        "failures": run.failure_counts(),
        "aggregates": [dump(item) for item in run.aggregates],
        "recorded": run.recorded,
        "cost_usd": total_cost_usd(item.cost_usd for item in run.forecasts),
        "seconds": run.seconds,
    }


def report_failures(run: Run) -> None:
    """Say which members have no answer, and why; exit code 1 if there are any."""
    for failure in run.failure_counts():
        times = "" if failure["n"] == 1 else f" to {failure['n']} questions"
        said = f"{failure['member']} has no answer{times} ({failure['reason']}): {failure['detail']}"
        err.print(said, markup=False, highlight=False)
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
