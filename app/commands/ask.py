"""`auspex ask`: one question, from the command line to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pydantic import ValidationError

from agents.members.registry import models_of
from app.cli.options import moment
from app.commands.forecast import report_failures, run_json, run_members
from app.commands.places import open_ledger, open_store
from app.commands.questions import said
from app.desk import Run
from app.output import emit_json, err, money, out, table
from db import cameo, countries
from db.errors import BadInput
from db.events.store import DEFAULT_VIEW, StoreInfo
from db.questions.factory import binary_question
from db.records import BinaryQuestion, EventCriterion, MultipleChoiceQuestion, NumericQuestion, Question

DEFAULT_HORIZON = timedelta(days=30)
"""How far ahead a question in words looks if it does not say."""
STALE = timedelta(days=2)
"""A store whose newest row is older than this at the cut-off does not know the latest news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says of a question, as it was typed."""

    text: str
    actors: tuple[str | None, str | None] = (None, None)
    window: tuple[date | None, date | None] = (None, None)
    codes: tuple[str, ...] = ()
    at_least: int = 1
    options: tuple[str, ...] = ()
    number: bool = False
    bounds: tuple[float | None, float | None] = (None, None)
    unit: str = ""
    criteria: str = ""


def ask(
    asked: Asked,
    as_of: str | None,
    members: list[str],
    budget_usd: float | None,
    store: Path | None,
    ledger: str | None,
    *,
    as_json: bool,
) -> None:
    """Ask one question; without --as-of, as of now or of the window's first midnight, whichever is earlier."""
    if not asked.text.strip():
        raise BadInput("the question has no words: say what you want to know")
    first = asked.window[0]
    now = datetime.now(UTC)
    opening = datetime.combine(first, time(), tzinfo=UTC) if first else now
    cut = moment(as_of, "--as-of") if as_of else min(now, opening)
    try:
        question = _question(asked, cut)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise BadInput(f"this cannot be asked: {reason}") from error
    if not (isinstance(question, BinaryQuestion) and question.criterion) and not models_of(members):
        raise BadInput(
            "only a language model can read a question in words: name one, such as --member react:openai/gpt-5, "
            "or say who acts toward whom with --actor1, --actor2, --from and --to"
        )
    events = open_store(store)
    _warn_of_gap(events.info(), cut)
    with open_ledger(ledger) as book:
        run = run_members([question], events, members, book, as_of=cut, budget_usd=budget_usd, show=not as_json)
    if as_json:
        emit_json(run_json(run))
    else:
        _show(question, run, cut)
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


def _show(question: Question, run: Run, cut: datetime) -> None:
    out.print(question.text, style="bold", markup=False, highlight=False)
    out.print(f"To be resolved by {question.resolve_by:%Y-%m-%d %H:%M} UTC.")
    rows: list[tuple[str, str]] = [(item.member, said(item.value)) for item in run.forecasts]
    rows += [(f"[bold]aggregate ({item.rule})[/bold]", f"[bold]{said(item.value)}[/bold]") for item in run.aggregates]
    if rows:
        table(f"As of {cut:%Y-%m-%d %H:%M} UTC", ("member", "answer"), rows)
    if run.forecasts and not run.recorded:
        first = run.forecasts[0].created_at
        out.print(
            f"Answered before, on {first:%Y-%m-%d %H:%M} UTC: a recorded forecast is never replaced.", style="dim"
        )
    if len(run.forecasts) > 1 and not run.aggregates and not isinstance(question, BinaryQuestion):
        out.print("Answers of this kind are not pooled.", style="dim")
    for item in run.forecasts:
        if item.rationale:
            out.print(item.member, style="bold", markup=False, highlight=False)
            out.print(item.rationale, markup=False, highlight=False)
            out.print(f"{item.tokens:,} tokens, {money(item.cost_usd)}, {item.latency_s:.1f} s", style="dim")


def _question(asked: Asked, cut: datetime) -> Question:
    """The question that was typed: about events between two countries if it names them, else in words."""
    actors = [actor for actor in asked.actors if actor]
    if actors:
        return _event_question(asked, cut)
    if asked.codes:
        raise BadInput("--codes are events between two countries: say which with --actor1 and --actor2")
    if asked.number and asked.options:
        raise BadInput("--number and --option exclude each other: an answer is a number or one of the options")
    if not asked.number and (asked.bounds != (None, None) or asked.unit):
        raise BadInput("--lower, --upper and --unit are of a number: add --number")
    last = asked.window[1]
    until = datetime.combine(last + timedelta(days=1), time(), tzinfo=UTC) if last else cut + DEFAULT_HORIZON
    if until <= cut:
        raise BadInput(f"--by {last} lies before {cut:%Y-%m-%d %H:%M} UTC, as of which this is asked")
    common = {
        "text": asked.text,
        "resolution_criteria": asked.criteria,
        "open_at": cut,
        "resolve_by": until,
        "source": "auspex-ask",
    }
    if asked.options:
        if len(set(asked.options)) < len(asked.options) or len(asked.options) < 2:
            raise BadInput("give two or more different answers, each with its own --option")
        return MultipleChoiceQuestion.model_validate(common | {"options": asked.options})
    if asked.number:
        lower, upper = asked.bounds
        if lower is not None and upper is not None and lower >= upper:
            raise BadInput(f"--lower {lower:g} is not below --upper {upper:g}")
        return NumericQuestion.model_validate(common | {"lower": lower, "upper": upper, "unit": asked.unit})
    return BinaryQuestion.model_validate(common)


def _event_question(asked: Asked, cut: datetime) -> BinaryQuestion:
    subject, object = asked.actors
    first, last = asked.window
    if subject is None or object is None:
        raise BadInput("a question about events needs both --actor1 and --actor2")
    if first is None or last is None:
        raise BadInput("a question about events needs its window: --from 2025-06-02 --to 2025-06-08")
    if last < first:
        raise BadInput(f"the window {first}..{last} is empty: --to lies before --from")
    if datetime.combine(last, time(), tzinfo=UTC) < cut:
        raise BadInput(f"--to {last} lies before {cut:%Y-%m-%d %H:%M} UTC, as of which this is asked")
    if asked.options or asked.number:
        raise BadInput("--option and --number are for questions in words: leave out --actor1 and --actor2")
    criterion = EventCriterion(
        subject=countries.resolve(subject),
        object=countries.resolve(object),
        codes=tuple(cameo.check(code) for code in asked.codes) or None,
        first_day=first,
        last_day=last,
        at_least=asked.at_least,
        min_mentions=DEFAULT_VIEW.min_mentions,
    )
    return binary_question(criterion, open_at=cut, text=asked.text)
