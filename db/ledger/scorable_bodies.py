"""Answers whole, with their questions and outcomes, read from the journal by their positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, select

from db.ledger.models import Entry
from db.ledger.scorable import Scorable
from db.records import QUESTION, Aggregate, Forecast, Question, Resolution

_SLICE = 500  # rows asked for in one query


def read_scorable(connection: Connection, positions: Sequence[int], live: Sequence[bool]) -> list[Scorable]:
    """The forecasts and aggregates at these positions, each `live` or not, with the resolution that counts."""
    made = [_answer(kind, body) for kind, body in _at(connection, positions)]
    asked = {item.question_id for item in made}
    questions = {found.id: found for found in (_question(body) for body in _about(connection, "question", asked))}
    last = (Resolution.model_validate_json(body) for body in _about(connection, "resolution", asked))
    resolutions = {found.question_id: found for found in last}
    return [
        Scorable(questions[item.question_id], item, resolutions[item.question_id], is_live)
        for item, is_live in zip(made, live, strict=True)
    ]


def _at(connection: Connection, positions: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Kind and body of the rows at these positions, which ascend."""
    for start in range(0, len(positions), _SLICE):
        some = select(Entry.kind, Entry.body).where(Entry.position.in_(positions[start : start + _SLICE]))
        yield from connection.execute(some.order_by(Entry.position))


def _about(connection: Connection, kind: str, questions: Iterable[str]) -> Iterator[str]:
    """The bodies of a kind that are about these questions, those of one question in the order of the journal."""
    ids = sorted(questions)
    for start in range(0, len(ids), _SLICE):
        some = select(Entry.body).where(Entry.kind == kind, Entry.question_id.in_(ids[start : start + _SLICE]))
        yield from connection.execute(some.order_by(Entry.position)).scalars()


def _answer(kind: str, body: str) -> Forecast | Aggregate:
    return Forecast.model_validate_json(body) if kind == "forecast" else Aggregate.model_validate_json(body)


def _question(body: str) -> Question:
    question: Question = QUESTION.validate_json(body)
    return question
