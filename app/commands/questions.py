"""`auspex questions`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.options import moment
from app.commands.places import open_ledger, open_store
from app.output import emit_json, out, table
from db.errors import BadInput
from db.events.filters import View
from db.events.store import DEFAULT_VIEW
from db.outcomes import outcome_text
from db.questions.factory import generate as draw
from db.records import Question

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger


def generate(
    store: Path | None,
    ledger: str | None,
    as_of: str | None,
    horizon_days: int,
    n: int,
    seed: int,
    min_mentions: int | None,
    *,
    as_json: bool,
) -> None:
    """Draw questions as of a moment and record them."""
    if as_of is None:
        raise BadInput("say when the questions are asked: --as-of 2025-06-01")
    view = DEFAULT_VIEW if min_mentions is None else View(min_mentions=min_mentions)
    cut = moment(as_of, "--as-of")
    snapshot = open_store(store).as_of(cut, view=view)
    questions = draw(snapshot, horizon_days=horizon_days, n=n, seed=seed)
    with open_ledger(ledger) as book:
        new = book.append(questions)
    if as_json:
        emit_json({"questions": [dump(question) for question in questions], "new": new})
        return
    _table(f"{len(questions)} questions, {new} of them new", questions[:20])
    out.print(f"Next: auspex forecast --as-of {as_of}")


def list_questions(ledger: str | None, limit: int, *, only_open: bool, as_json: bool) -> None:
    """The ledger's questions, newest first."""
    with open_ledger(ledger) as book:
        found = list(reversed(book.open_questions() if only_open else book.questions()))
    if as_json:
        emit_json({"questions": [dump(question) for question in found[:limit]], "total": len(found)})
    elif not found:
        out.print("No questions yet. Draw some: auspex questions generate --as-of DATE")
    else:
        _table(f"{min(limit, len(found))} of {len(found)} questions", found[:limit])


def show(question_id: str, ledger: str | None, *, as_json: bool) -> None:
    """One question with everything the ledger knows of it."""
    with open_ledger(ledger) as book:
        question = found_question(book, question_id)
        forecasts, aggregates = book.forecasts([question.id]), book.aggregates([question.id])
        resolution = book.resolutions([question.id]).get(question.id)
    if as_json:
        emit_json(
            {
                "questions": [dump(question)],
                "forecasts": [dump(item) for item in forecasts],
                "aggregates": [dump(item) for item in aggregates],
                "resolution": dump(resolution) if resolution else None,
            }
        )
        return
    out.print(question.text, style="bold", highlight=False)
    out.print(question.resolution_criteria, highlight=False)
    rows = [(item.member, f"{item.as_of:%Y-%m-%d}", said(item.value)) for item in forecasts]
    rows += [(f"aggregate ({item.rule})", f"{item.as_of:%Y-%m-%d}", said(item.value)) for item in aggregates]
    table("Forecasts", ("member", "as of", "answer"), rows)
    if resolution is None:
        out.print("Not resolved yet.")
    else:
        came = f"Outcome: {outcome_text(resolution.outcome)}, known at {resolution.known_at:%Y-%m-%d %H:%M} UTC."
        out.print(came)


def found_question(book: Ledger, question_id: str) -> Question:
    """The one question whose id begins with these digits; raises UnknownName or AmbiguousName (`Views.question`)."""
    return book.views.question(question_id).question


def said(value: Any) -> str:
    """A value in a few words."""
    if value.kind == "probability":
        return f"{value.probability:.1%}"
    if value.kind == "codes":
        top = sorted(value.probabilities.items(), key=lambda item: -item[1])
        return ", ".join(f"{code} {p:.0%}" for code, p in top if len(code) == 3)[:50] or "nothing likely"
    if value.kind == "code_set":
        return ", ".join(code for code in value.selected if len(code) == 3)[:50] or "nothing"
    if value.kind == "probabilities":
        ranked = sorted(value.probabilities.items(), key=lambda item: -item[1])
        return ", ".join(f"{option} {p:.1%}" for option, p in ranked)
    low, high = value.values[0], value.values[-1]
    middle = value.values[len(value.values) // 2]
    return f"{middle:,.6g} ({value.levels[0]:.0%} to {value.levels[-1]:.0%}: {low:,.6g} to {high:,.6g})"


def dump(record: Any) -> dict[str, Any]:
    """A record as JSON data."""
    content: dict[str, Any] = record.model_dump(mode="json")
    return content


def _table(title: str, questions: Sequence[Question]) -> None:
    table(
        title,
        ("question", "resolve by", "id"),
        [(question.text, f"{question.resolve_by:%Y-%m-%d}", question.id[:8]) for question in questions],
    )
