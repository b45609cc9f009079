"""Files of our own records, both ways: to a spreadsheet or notebook and back, or from one ledger to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from app.interchange.columns import Kind
from app.interchange.encoders import FORMATS
from app.interchange.files import new_file
from app.interchange.options import ExportOptions, ImportOptions
from app.interchange.own_records import forecast_of, question_of, resolution_of
from app.interchange.own_rows import read_rows
from app.interchange.records import parts
from app.interchange.resolving import record_outcomes
from app.interchange.rows import first_problem
from app.interchange.transfer import Transfer
from db.errors import BadInput
from db.ledger.filters import ForecastFilter, QuestionFilter
from db.ledger.ledger import Ledger
from db.records import Forecast, Question

Made = TypeVar("Made")
_RUN = "import"


def import_questions(ledger: Ledger, source: str, options: ImportOptions) -> Transfer:
    """Record the questions of a file; those that are there already are left as they are."""
    done = Transfer()
    found = _made(done, source, "question", question_of)
    done.add("questions", ledger.append(found))
    return done


def import_forecasts(ledger: Ledger, source: str, options: ImportOptions) -> Transfer:
    """Record the forecasts of people or of programs elsewhere, each of a question that the ledger has, as said now.

    `options.as_recorded` keeps the moments and names that they were recorded with, for moving a ledger.
    """
    done = Transfer()
    asked = _Asked(ledger)

    def make(row: Mapping[str, Any]) -> Forecast:
        return forecast_of(row, asked.by(row), now=options.now, as_recorded=options.as_recorded)

    found = _made(done, source, "forecast", make, asked.read)
    done.add("forecasts", ledger.append(found, run_id=f"{_RUN}-{options.now:%Y%m%dT%H%M%S}"))
    return done


def import_resolutions(ledger: Ledger, source: str, options: ImportOptions) -> Transfer:
    """Record outcomes; one that contradicts what is recorded is named and left out."""
    done = Transfer()
    asked = _Asked(ledger)
    found = _made(
        done, source, "resolution", lambda row: resolution_of(row, asked.by(row), now=options.now), asked.read
    )
    record_outcomes(ledger, found, done)
    return done


class _Asked:
    """The questions that the rows of a file name, read from the ledger all at once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[str, Question] = {}

    def read(self, ids: set[str]) -> None:
        self._known = {question.id: question for question in self._ledger.questions(ids)}

    def by(self, row: Mapping[str, Any]) -> Question:
        """The question that a row is about; raises BadInput for one that the ledger does not have."""
        found = self._known.get(str(row.get("question_id", "")))
        if found is None:
            raise BadInput(f"the ledger has no question {row.get('question_id', '')!r}")
        return found


def _made(
    done: Transfer,
    source: str,
    kind: Kind,
    make: Callable[[Mapping[str, Any]], Made],
    before: Callable[[set[str]], None] = lambda ids: None,
) -> list[Made]:
    """A record of each row that says one; the other rows are noted in `done`. `before` is told of all question ids."""
    rows = read_rows(Path(source), kind)
    done.read = len(rows)
    before({str(row.get("question_id", "")) for row in rows if isinstance(row, dict)})
    found = []
    for number, row in enumerate(rows, start=1):
        if isinstance(row, str):
            done.skip(f"row {number}", row)
            continue
        try:
            found.append(make(row))
        except ValidationError as error:
            done.skip(f"row {number}", first_problem(error))
        except (BadInput, ValueError) as error:
            done.skip(f"row {number}", str(error))
    return found


def export_questions(ledger: Ledger, target: str, options: ExportOptions) -> Transfer:
    """Write all questions."""
    return _export(ledger, target, "question", options)


def export_forecasts(ledger: Ledger, target: str, options: ExportOptions) -> Transfer:
    """Write all forecasts, or those of one member."""
    return _export(ledger, target, "forecast", options)


def export_aggregates(ledger: Ledger, target: str, options: ExportOptions) -> Transfer:
    """Write all aggregates."""
    return _export(ledger, target, "aggregate", options)


def export_resolutions(ledger: Ledger, target: str, options: ExportOptions) -> Transfer:
    """Write all outcomes, corrected ones too."""
    return _export(ledger, target, "resolution", options)


def _export(ledger: Ledger, target: str, kind: Kind, options: ExportOptions) -> Transfer:
    path = Path(target)
    format = options.format or path.suffix.removeprefix(".")
    if format not in FORMATS:
        raise BadInput(f"the format of {path} cannot be told: end its name with .{', .'.join(FORMATS)}, or say --as")
    filter = _filter(kind, options)
    written = 0
    stream = parts(ledger, kind, format, filter)
    with new_file(path) as file:
        for part, n in stream:
            file.write(part)
            written += n
            options.progress(written, None, f"{kind}s")
    done = Transfer(read=written, file=str(path))
    done.add(f"{kind}s", written)
    return done


def _filter(kind: Kind, options: ExportOptions) -> QuestionFilter | ForecastFilter:
    """What is written: of questions those with a tag, of answers those of a member."""
    if kind == "question":
        return QuestionFilter(member=options.member, tag=options.tag)
    if options.tag:
        raise BadInput(f"--tag {options.tag} narrows questions only: leave it out for {kind}s")
    return ForecastFilter(member=options.member)
