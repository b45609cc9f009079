"""Reading the files of ForecastBench: which of the three documents one is, and the rows of it that are usable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.interchange.forecastbench.documents import (
    ForecastSet,
    QuestionSet,
    ResolutionSet,
    SetForecast,
    SetQuestion,
    SetResolution,
)
from app.interchange.rows import checked_rows, first_problem, read_json
from app.interchange.transfer import Skipped
from db.errors import BadInput

Document = QuestionSet | ResolutionSet | ForecastSet

_ROWS: dict[str, tuple[type[Document], type[SetQuestion | SetResolution | SetForecast]]] = {
    "questions": (QuestionSet, SetQuestion),
    "resolutions": (ResolutionSet, SetResolution),
    "forecasts": (ForecastSet, SetForecast),
}
COMBINATION = "a combination of questions, which is not asked here"


def read_document(path: Path) -> tuple[Document, list[Skipped]]:
    """A question, resolution or forecast set, and its rows that were left out: combinations, and what is no row.

    Raises BadInput for a file that is none of the three.
    """
    content = read_json(path)
    kind = next((kind for kind in _ROWS if isinstance(content, dict) and isinstance(content.get(kind), list)), None)
    if kind is None:
        raise BadInput(f"{path} is no ForecastBench file: it has no list of {', '.join(_ROWS)}")
    of_set, of_row = _ROWS[kind]
    rows = content[kind]
    combined = [row for row in rows if isinstance(row, Mapping) and isinstance(row.get("id"), list)]
    single = [row for row in rows if not (isinstance(row, Mapping) and isinstance(row.get("id"), list))]
    good, bad = checked_rows(single, of_row)
    skipped = [Skipped(_name(row["id"]), COMBINATION) for row in combined]
    try:
        return of_set.model_validate(content | {kind: tuple(good)}), skipped + bad
    except ValidationError as error:
        raise BadInput(f"{path} is no ForecastBench file of {kind}: {first_problem(error)}") from error


def read_question_set(path: Path) -> QuestionSet:
    """A question set; raises BadInput for any other file."""
    document, _ = read_document(path)
    if not isinstance(document, QuestionSet):
        raise BadInput(f"{path} is no question set: it holds no questions")
    return document


def _name(ids: list[Any]) -> str:
    return " + ".join(map(str, ids))
