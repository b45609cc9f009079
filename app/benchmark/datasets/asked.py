"""Auspex's own file of queries: one JSON object a line with a relation question, its cut-off and its true answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from app.benchmark.agents.queries import Query, QuerySet
from app.writing import written
from db.errors import BadInput
from db.records import RelationQuestion, UtcDatetime
from db.values import CameoCode


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: RelationQuestion
    as_of: UtcDatetime
    answer: tuple[CameoCode, ...]


def read(rows: Sequence[dict[str, Any]], horizons: Sequence[int]) -> QuerySet | None:
    """The queries of lines `{"question": ..., "as_of": ..., "answer": ["042", ...]}`, None if they look otherwise.

    Each says its own cut-off, so `horizons` is not used. Raises BadInput naming the first line that is wrong.
    """
    if "question" not in rows[0]:
        return None
    queries: dict[tuple[str, str], Query] = {}
    for number, row in enumerate(rows, start=1):
        try:
            line = _Line.model_validate(row)
            query = Query(question=line.question, as_of=line.as_of, answer=tuple(sorted(set(line.answer))))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BadInput(f"query {number} of the file: {place}: {first['msg']}") from error
        except BadInput as error:
            raise BadInput(f"query {number} of the file: {error}") from error
        if query.key in queries:
            raise BadInput(f"query {number} of the file asks again what an earlier one asks")
        queries[query.key] = query
    return QuerySet("a file of relation questions", tuple(queries.values()))


def write(queries: Sequence[Query], path: Path) -> None:
    """Write queries to a file that `read` reads."""
    with written(path) as file:
        for query in queries:
            line = _Line(question=query.question, as_of=query.as_of, answer=query.answer).model_dump(mode="json")
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
