"""Keeping the index: what new rows of the journal change in it, set by set, within the journal's own transaction.

The index is a function of the journal's rows and of nothing else, so that recording and back-filling are one and the
same code. It is told only of rows that follow those it knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ValidationError
from sqlalchemy import Connection, RowMapping, bindparam, case, delete, select, update

from db.errors import LedgerError
from db.ledger.bulk import insert_rows
from db.ledger.clock import microseconds
from db.ledger.index_models import TABLES, QuestionIndex
from db.ledger.index_rows import AnswerRow, QuestionRow
from db.ledger.index_sums import fold_counts, fold_runs
from db.ledger.models import Entry
from db.outcomes import outcome_text
from db.records import Outcome, Special

_SLICE = 500  # ids in one query
_ROWS = 5000  # rows of the journal folded at once: some ten megabytes
_ANSWERS = ("forecast", "aggregate", "failure", "resolution")

Row = Mapping[str, Any] | RowMapping
Kept = TypeVar("Kept", bound=BaseModel)


class _Window(BaseModel):
    subject: str
    object: str
    first_day: date


class _Asked(BaseModel):
    kind: str
    source: str
    source_id: str
    text: str
    tags: tuple[str, ...] = ()
    open_at: AwareDatetime
    resolve_by: AwareDatetime
    criterion: _Window | None = None
    day: date | None = None
    subject: str = ""
    object: str = ""


class _Value(BaseModel):
    kind: str
    probability: float | None = None


class _Said(BaseModel):
    """A forecast, an aggregate or a failure."""

    rule: str = ""
    model: str = ""
    as_of: AwareDatetime
    created_at: AwareDatetime
    value: _Value | None = None
    reason: str = ""
    evidence: tuple[str, ...] = ()
    forecast_ids: tuple[str, ...] = ()
    cost_usd: float | None = 0.0
    tokens: int = 0
    latency_s: float = 0.0


class _Came(BaseModel):
    outcome: Outcome
    known_at: AwareDatetime
    resolved_at: AwareDatetime
    evidence: tuple[str, ...] = ()


def fold(connection: Connection, entries: Sequence[Row]) -> None:
    """Take rows of the journal, in its order, into the index. Raises LedgerError for one that is no record."""
    fold_counts(connection, (entry["kind"] for entry in entries))
    told = [entry for entry in entries if entry["kind"] in ("question", *_ANSWERS)]
    answers = {entry["position"]: _answer(entry) for entry in told if entry["kind"] in _ANSWERS}
    asked = [_question(entry) for entry in told if entry["kind"] == "question"]
    insert_rows(connection, "answer_index", AnswerRow._fields, list(answers.values()))
    fold_runs(connection, [answer for answer in answers.values() if answer.kind != "resolution"])
    insert_rows(connection, "question_index", QuestionRow._fields, asked)
    earlier = list(_earlier(connection, asked, told[0]["position"])) if asked else []
    answers |= {entry["position"]: _answer(entry) for entry in earlier if entry["kind"] in _ANSWERS}
    both = [*earlier, *told]
    _count_answers(connection, [answers[entry["position"]] for entry in both if entry["kind"] in _ANSWERS])
    _resolve(connection, [entry for entry in both if entry["kind"] == "resolution"])


def backfill(connection: Connection) -> None:
    """Take the whole journal into an index that is empty, slice by slice."""
    for entries in slices(connection):
        fold(connection, entries)


def reindex(connection: Connection) -> None:
    """Empty the index and fill it from the journal. It must not grow meanwhile."""
    for table in TABLES:
        connection.execute(delete(table))
    backfill(connection)


def slices(connection: Connection) -> Iterator[Sequence[Row]]:
    """The whole journal in its order, some thousand rows at a time."""
    last = 0
    while True:
        wanted = select(Entry.__table__).where(Entry.position > last).order_by(Entry.position).limit(_ROWS)
        rows = connection.execute(wanted).mappings().all()
        if not rows:
            return
        yield rows
        last = int(rows[-1]["position"])


def _read(kind: type[Kept], entry: Row) -> Kept:
    try:
        return kind.model_validate_json(entry["body"])
    except ValidationError as error:
        first = error.errors()[0]
        raise LedgerError(
            f"row {entry['position']} of the ledger is no {entry['kind']} ({first['msg']}): restore it from a backup"
        ) from error


def _question(entry: Row) -> QuestionRow:
    asked = _read(_Asked, entry)
    window = asked.criterion
    first_day = asked.day if window is None else window.first_day
    return QuestionRow(
        id=entry["record_id"],
        position=entry["position"],
        kind=asked.kind,
        source=_storable(asked.source),
        source_id=_storable(asked.source_id),
        text=_storable(asked.text),
        search_text=_storable(asked.text.casefold()),
        tags=json.dumps(asked.tags, ensure_ascii=False),
        subject=asked.subject if window is None else window.subject,
        object=asked.object if window is None else window.object,
        first_day="" if first_day is None else first_day.isoformat(),
        open_at=microseconds(asked.open_at),
        resolve_by=microseconds(asked.resolve_by),
    )


def _answer(entry: Row) -> AnswerRow:
    kind = entry["kind"]
    if kind == "resolution":
        return _of_resolution(entry, _read(_Came, entry))
    said = _read(_Said, entry)
    value = said.value
    return AnswerRow(
        entry["position"],
        entry["record_id"],
        kind,
        entry["question_id"],
        _storable(f"aggregate ({said.rule})") if kind == "aggregate" else entry["member"],
        _storable(said.model),
        microseconds(said.as_of),
        microseconds(said.created_at),
        said.reason if value is None else value.kind,
        None if value is None else value.probability,
        said.cost_usd,
        said.tokens,
        said.latency_s,
        entry["run_id"],
        " ".join(said.forecast_ids or said.evidence),
    )


def _of_resolution(entry: Row, came: _Came) -> AnswerRow:
    return AnswerRow(
        position=entry["position"],
        record_id=entry["record_id"],
        kind="resolution",
        question_id=entry["question_id"],
        as_of=microseconds(came.known_at),
        created_at=microseconds(came.resolved_at),
        run_id=entry["run_id"],
        rests_on=" ".join(came.evidence),
    )


def _storable(text: str) -> str:
    """Text without NUL, which PostgreSQL refuses."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _earlier(connection: Connection, asked: Sequence[QuestionRow], before: int) -> Iterator[Row]:
    """What was said of these questions before they were recorded themselves."""
    columns = (Entry.position, Entry.kind, Entry.record_id, Entry.question_id, Entry.member, Entry.run_id, Entry.body)
    about = select(*columns).where(Entry.kind.in_(("forecast", "aggregate", "resolution")), Entry.position < before)
    ids = [row.id for row in asked]
    for start in range(0, len(ids), _SLICE):
        some = about.where(Entry.question_id.in_(ids[start : start + _SLICE])).order_by(Entry.position)
        yield from connection.execute(some).mappings()


def _count_answers(connection: Connection, answers: Iterable[AnswerRow]) -> None:
    """Tell the questions how many forecasts they have, when the last was made, and what the last aggregate said."""
    counted: dict[str, list[int]] = {}
    pooled: dict[str, float | None] = {}
    for answer in answers:
        if answer.kind == "forecast":
            counted.setdefault(answer.question_id, []).append(answer.created_at)
        elif answer.kind == "aggregate":
            pooled[answer.question_id] = answer.probability
    index = QuestionIndex
    if counted:
        last = case((index.last_forecast_at > bindparam("last"), index.last_forecast_at), else_=bindparam("last"))
        more = update(index).values(n_forecasts=index.n_forecasts + bindparam("n"), last_forecast_at=last)
        _update(connection, more, [{"of": key, "n": len(made), "last": max(made)} for key, made in counted.items()])
    if pooled:
        said = update(index).values(probability=bindparam("said"))
        _update(connection, said, [{"of": key, "said": value} for key, value in pooled.items()])


def _resolve(connection: Connection, resolutions: Sequence[Row]) -> None:
    """Tell the questions what came of them: the last resolution counts, the earliest moment at which one was known."""
    found: dict[str, dict[str, Any]] = {}
    for entry in resolutions:
        came, question_id = _read(_Came, entry), entry["question_id"]
        known = microseconds(came.known_at)
        first = min(known, found[question_id]["first"]) if question_id in found else known
        found[question_id] = {
            "of": question_id,
            "state_": came.outcome.lower() if isinstance(came.outcome, Special) else "resolved",
            "outcome_": _storable(outcome_text(came.outcome)),
            "number_": float(came.outcome) if isinstance(came.outcome, bool | float) else None,
            "known_": known,
            "resolved_": microseconds(came.resolved_at),
            "first": first,
        }
    if found:
        index = QuestionIndex
        came_first = case((index.first_known_at < bindparam("first"), index.first_known_at), else_=bindparam("first"))
        counts = update(index).values(
            state=bindparam("state_"),
            outcome=bindparam("outcome_"),
            outcome_number=bindparam("number_"),
            known_at=bindparam("known_"),
            resolved_at=bindparam("resolved_"),
            first_known_at=came_first,
        )
        _update(connection, counts, list(found.values()))


def _update(connection: Connection, change: Any, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(change.where(QuestionIndex.id == bindparam("of")), list(rows))
