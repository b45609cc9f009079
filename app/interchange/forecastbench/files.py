"""The files of ForecastBench in and out: which of the three kinds one is, it says itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import assert_never

from app.interchange.files import write_file
from app.interchange.forecastbench.documents import ForecastSet, QuestionSet, ResolutionSet
from app.interchange.forecastbench.forecast_sets import Entrant, forecast_set, import_forecast_set, placed, row_name
from app.interchange.forecastbench.question_sets import export_question_set, import_question_set, set_name
from app.interchange.forecastbench.reading import read_document
from app.interchange.forecastbench.resolution_sets import import_resolution_set
from app.interchange.forecastbench.validating import validate
from app.interchange.forecastbench.writing import forecast_set_json, question_set_json
from app.interchange.options import ExportOptions, ImportOptions
from app.interchange.transfer import Transfer
from db.errors import BadInput
from db.ledger.ledger import Ledger


def read(ledger: Ledger, source: str, options: ImportOptions) -> Transfer:
    """Take a question set, a resolution set or somebody's forecast set into the ledger."""
    document, skipped = read_document(Path(source))
    if isinstance(document, QuestionSet):
        done = import_question_set(ledger, document, now=options.now)
    elif isinstance(document, ResolutionSet):
        done = import_resolution_set(ledger, document, now=options.now)
    elif isinstance(document, ForecastSet):
        done = import_forecast_set(ledger, document, member=options.member, now=options.now)
    else:
        assert_never(document)
    return replace(done, read=done.read + len(skipped), skipped=[*skipped, *done.skipped])


def write_forecasts(ledger: Ledger, target: str, options: ExportOptions) -> Transfer:
    """Write the forecast set of a round, checked against its questions, to a file or under its own name to a folder.

    Raises BadInput for a set with gaps, unless `options.incomplete`, and for one that the benchmark would not take.
    """
    due = _due(options)
    entrant = Entrant(
        organization=options.organization,
        model=options.model or options.member or "Auspex crowd",
        model_organization=options.model_organization,
    )
    path = placed(Path(target), due, entrant)
    built = forecast_set(ledger, due, entrant, member=options.member)
    if not options.incomplete:
        built.refuse_gaps()
        if problems := validate(built.forecasts, export_question_set(ledger, set_name(due))):
            raise BadInput(f"the forecast set is not written: {'; '.join(problems)}")
    write_file(path, forecast_set_json(built.forecasts))
    done = Transfer(read=len(built.forecasts.forecasts) + len(built.missing), file=str(path))
    done.add("forecasts", len(built.forecasts.forecasts))
    for question in built.missing:
        done.skip(row_name(question), "no forecast")
    return done


def write_questions(ledger: Ledger, target: str, options: ExportOptions) -> Transfer:
    """Write the question set of a round as it was imported."""
    name = set_name(_due(options))
    path = Path(target) / name if Path(target).is_dir() else Path(target)
    found = export_question_set(ledger, name)
    write_file(path, question_set_json(found))
    done = Transfer(read=len(found.questions), file=str(path))
    done.add("questions", len(found.questions))
    return done


def _due(options: ExportOptions) -> date:
    if options.due is None:
        raise BadInput("say which round: --due 2026-08-16, its forecast due date")
    return options.due
