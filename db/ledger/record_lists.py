"""Records of the journal as pages and streams, found by the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from db.errors import BadInput
from db.ledger.clock import microseconds
from db.ledger.filters import ForecastFilter, QuestionFilter
from db.ledger.index_models import AnswerIndex, QuestionIndex
from db.ledger.models import Entry
from db.ledger.paging import Page, checked_limit, page_of, read_cursor
from db.ledger.question_lists import question_conditions
from db.records import QUESTION, Aggregate, Forecast, MemberFailure, Record, Resolution

Position = InstrumentedAttribute[int]
_JOURNAL = select(Entry.position, Entry.body)
_CHUNK = 1000  # records of a stream that are held at once

Kept = TypeVar("Kept", Forecast, Aggregate, MemberFailure, Resolution)
_KINDS: dict[type[Record], str] = {
    Forecast: "forecast",
    Aggregate: "aggregate",
    MemberFailure: "failure",
    Resolution: "resolution",
}
_READ: dict[str, Callable[[str], Record]] = {
    "question": QUESTION.validate_json,
    **{kind: record.model_validate_json for record, kind in _KINDS.items()},
}


def page(
    connection: Connection, record: type[Kept], filter: ForecastFilter, *, limit: int, after: str, newest_first: bool
) -> Page[Kept]:
    """A page of the records of a type that the filter lets through; raises BadInput as `Views` says."""
    kind = _KINDS[record]
    scope = f"{kind} {filter} {newest_first}"
    wanted, place = _of_answers(kind, filter)
    if after:
        last = int(read_cursor(after, scope=scope))
        wanted = wanted.where(place < last if newest_first else place > last)
    found = wanted.order_by(place.desc() if newest_first else place).limit(checked_limit(limit) + 1)
    rows = connection.execute(found).all()
    kept, following = page_of(rows, limit, key=lambda row: row.position, scope=scope)
    return Page([record.model_validate_json(row.body) for row in kept], following)


def stream(engine: Engine, kind: str, filter: QuestionFilter | ForecastFilter | None) -> Iterator[Any]:
    """The records of a kind, oldest first."""
    read = _READ[kind]
    return (read(body) for body in stream_json(engine, kind, filter))


def stream_json(engine: Engine, kind: str, filter: QuestionFilter | ForecastFilter | None) -> Iterator[str]:
    """The records of a kind as JSON, oldest first: those that are there when the first is asked for.

    Raises BadInput at once where the filter is none of this kind.
    """
    if kind == "question":
        if not isinstance(filter, QuestionFilter | None):
            raise BadInput("questions are filtered by a QuestionFilter")
        return _bodies(engine, *_of_questions(filter or QuestionFilter()))
    if not isinstance(filter, ForecastFilter | None):
        raise BadInput(f"records of kind {kind} are filtered by a ForecastFilter")
    return _bodies(engine, *_of_answers(kind, filter or ForecastFilter()))


def _bodies(engine: Engine, wanted: Select[int, str], place: Position) -> Iterator[str]:
    """In chunks that each begin where the last ended: a reader that is slow holds nothing open."""
    with engine.connect() as connection:
        end = connection.execute(select(func.max(Entry.position))).scalar_one() or 0
    chunk, last = wanted.where(place <= end).order_by(place).limit(_CHUNK), 0
    while True:
        with engine.connect() as connection:
            rows = connection.execute(chunk.where(place > last)).all()
        for row in rows:
            yield row.body
        if len(rows) < _CHUNK:
            return
        last = rows[-1].position


def _of_questions(filter: QuestionFilter) -> tuple[Select[int, str], Position]:
    conditions = question_conditions(filter)
    if not conditions:
        return _JOURNAL.where(Entry.kind == "question"), Entry.position
    index = QuestionIndex
    return _JOURNAL.join(index, index.position == Entry.position).where(*conditions), index.position


def _of_answers(kind: str, filter: ForecastFilter) -> tuple[Select[int, str], Position]:
    """Position and body of the records that the filter lets through, and the position to order them by: that of the
    index which finds them, lest the database sort them all."""
    conditions = list(_answer_conditions(kind, filter))
    journal = _JOURNAL.where(Entry.run_id == filter.run_id) if filter.run_id else _JOURNAL
    if not conditions:  # the journal knows its rows of a kind, and of a run, in their order
        return journal.where(Entry.kind == kind), Entry.position
    index = AnswerIndex
    found = journal.join(index, index.position == Entry.position).where(index.kind == kind, *conditions)
    return found, index.position


def _answer_conditions(kind: str, filter: ForecastFilter) -> Iterator[ColumnElement[bool]]:
    if kind == "resolution" and (filter.member or filter.run_id):
        raise BadInput("no member resolves a question, and no run: filter resolutions by question and time")
    if filter.question_id:
        yield AnswerIndex.question_id == filter.question_id
    if filter.member:
        yield AnswerIndex.member == filter.member
    if filter.created_from is not None:
        yield AnswerIndex.created_at >= microseconds(filter.created_from)
    if filter.created_to is not None:
        yield AnswerIndex.created_at < microseconds(filter.created_to)
