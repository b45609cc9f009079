"""`auspex ask`: one question, from the command line to an answer, with a person's number beside it if there is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from agents.members.registry import models_of
from agents.people import stands_apart
from app.cli.options import moment
from app.commands import human as humans
from app.commands.asking import Asked, check_members, opening, question_of
from app.commands.places import open_ledger, open_store
from app.commands.questions import said
from app.commands.running import UNPOOLED, crowd_of, report_failures, run_json
from app.desk import Run
from app.hybrid import RULE as HYBRID
from app.output import Cell, bold, emit_json, err, money, out, table
from db.events.store import StoreInfo
from db.records import Question

STALE = timedelta(days=2)
"""A store whose newest row is older than this at the cut-off does not know the latest news."""


def ask(
    asked: Asked,
    as_of: str | None,
    members: list[str],
    budget_usd: float | None,
    human: humans.HumanNumber | None,
    store: Path | None,
    ledger: str | None,
    *,
    as_json: bool,
) -> None:
    """Ask one question; without --as-of, as of now or of the window's first midnight, whichever is earlier."""
    now = datetime.now(UTC)
    cut = moment(as_of, "--as-of") if as_of else opening(asked.window[0], now)
    question = question_of(asked, cut)
    check_members(question, members)
    events = open_store(store)
    _warn_of_gap(events.info(), cut)
    binary = None if human is None else humans.check(human, question, members)
    with open_ledger(ledger) as book, crowd_of(members, book, budget_usd=budget_usd, show=not as_json) as crowd:
        number, then = None, None
        if human is not None and binary is not None:
            number = humans.record(human, binary, book, as_of=cut, now=now)
            then = humans.showing(binary, number, events.as_of(cut), now=now) if human.show else None
        run = crowd.run([question], events, as_of=cut, then=then)
        beside = humans.combine(run, number, book, show=then is not None, now=now) if number else None
    if as_json:
        emit_json(run_json(run) | humans.as_json(beside))
    else:
        _show(question, run, cut, beside)
        if models_of(members):
            out.print(f"Every step: auspex traces list --question {question.id[:8]}", style="dim")
    report_failures(run)


def _warn_of_gap(store: StoreInfo, cut: datetime) -> None:
    """Say so where the store cannot know what it is asked."""
    if store.last_added_at is None or store.first_added_at is None:
        err.print("The store is empty: members that look things up find nothing.")
    elif cut <= store.first_added_at:
        err.print(f"The store begins on {store.first_added_at:%Y-%m-%d}: nothing is known as of {cut:%Y-%m-%d}.")
    elif cut - store.last_added_at > STALE:
        err.print(f"The store ends on {store.last_added_at:%Y-%m-%d}: what happened until {cut:%Y-%m-%d} is not in it.")


def _show(question: Question, run: Run, cut: datetime, beside: humans.Beside | None) -> None:
    out.print(question.text, style="bold", highlight=False)
    out.print(f"To be resolved by {question.resolve_by:%Y-%m-%d %H:%M} UTC.")
    crowd = [item for item in run.forecasts if not stands_apart(item.member)]
    rows: list[tuple[Cell, Cell]] = [(item.member, said(item.value)) for item in crowd]
    rows += [
        (bold(f"aggregate ({item.rule})"), bold(said(item.value)))
        for item in run.aggregates
        if not item.rule.startswith(HYBRID)
    ]
    rows += humans.rows(beside) if beside else []
    if rows:
        table(f"As of {cut:%Y-%m-%d %H:%M} UTC", ("member", "answer"), rows)
    if run.forecasts and not run.recorded:
        first = run.forecasts[0].created_at
        out.print(
            f"Answered before, on {first:%Y-%m-%d %H:%M} UTC: a recorded forecast is never replaced.", style="dim"
        )
    if beside is not None:
        humans.show_comparison(beside)
    if crowd and not run.aggregates:
        out.print(f"No aggregate: {UNPOOLED}.", style="dim")
    for item in run.forecasts:
        if item.rationale:
            out.print(item.member, style="bold", highlight=False)
            out.print(item.rationale, highlight=False)
            out.print(f"{item.tokens:,} tokens, {money(item.cost_usd)}, {item.latency_s:.1f} s", style="dim")
