"""Exports: the ledger's records as files, streamed, however many there are."""

from __future__ import annotations

from datetime import date
from itertools import chain
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response, StreamingResponse

from app.api import examples
from app.api.asked import Asked
from app.api.callers import needs
from app.api.described import files
from app.api.freshness import Fresh
from app.api.queries import Answers, Name, Questions, Resolutions
from app.api.service import Desk, Service
from app.interchange.columns import Kind
from app.interchange.encoders import MEDIA_TYPES
from app.interchange.records import Filter, iter_bytes
from db.ledger.api_keys import Scope

router = APIRouter(prefix="/v1/exports", tags=["exports"], dependencies=[needs(Scope.READ)])
Format = Annotated[Literal["json", "jsonl", "csv", "parquet"], Path(examples=["csv"])]


def _media(plural: str, record: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return files(
        {
            MEDIA_TYPES["json"]: {plural: [record]},
            MEDIA_TYPES["jsonl"]: record,
            "text/csv": "id,question_id,…",
            MEDIA_TYPES["parquet"]: "PAR1…",
        }
    )


@router.get(
    "/forecasts.{format}",
    operation_id="export_forecasts",
    summary="Export forecasts",
    response_class=Response,
    responses=_media("forecasts", examples.FORECAST),
)
def export_forecasts(format: Format, query: Annotated[Answers, Query()], desk: Desk, fresh: Fresh) -> Response:
    """All forecasts that the query lets through, in the order in which they were recorded."""
    return _file("forecast", format, query.filter(), desk, fresh)


@router.get(
    "/aggregates.{format}",
    operation_id="export_aggregates",
    summary="Export aggregates",
    response_class=Response,
    responses=_media("aggregates", examples.AGGREGATE),
)
def export_aggregates(format: Format, query: Annotated[Answers, Query()], desk: Desk, fresh: Fresh) -> Response:
    """All aggregates that the query lets through, in the order in which they were recorded."""
    return _file("aggregate", format, query.filter(), desk, fresh)


@router.get(
    "/questions.{format}",
    operation_id="export_questions",
    summary="Export questions",
    response_class=Response,
    responses=_media("questions", examples.QUESTION_JSON),
)
def export_questions(format: Format, query: Annotated[Questions, Query()], desk: Desk, fresh: Fresh) -> Response:
    """All questions that the query lets through, in the order in which they were recorded."""
    return _file("question", format, query.filter(), desk, fresh)


@router.get(
    "/resolutions.{format}",
    operation_id="export_resolutions",
    summary="Export resolutions",
    response_class=Response,
    responses=_media("resolutions", examples.RESOLUTION),
)
def export_resolutions(format: Format, query: Annotated[Resolutions, Query()], desk: Desk, fresh: Fresh) -> Response:
    """All resolutions that the query lets through, corrections among them."""
    return _file("resolution", format, query.filter(), desk, fresh)


class ForecastBenchQuery(Asked):
    """Who hands the set in, and whose forecasts they are: the crowd's, where no member is named."""

    organization: Name = "Auspex"
    model: Name = ""
    model_organization: Name = ""
    member: Name = ""
    incomplete: bool = False
    """Give a set that lacks forecasts too."""


_FORECASTBENCH = {
    "organization": "Auspex",
    "model": "Auspex crowd",
    "model_organization": "Auspex",
    "question_set": "2026-08-16-llm.json",
    "forecasts": [],
}


@router.get(
    "/forecastbench/{due_date}.json",
    operation_id="export_forecastbench",
    summary="Export a ForecastBench forecast set",
    response_class=Response,
    responses=files({"application/json": _FORECASTBENCH}),
)
def export_forecastbench(
    due_date: Annotated[date, Path(examples=["2026-08-16"])],
    query: Annotated[ForecastBenchQuery, Query()],
    desk: Desk,
    fresh: Fresh,
) -> Response:
    """The forecast set of the round that is due on a day, as the benchmark takes it. One that lacks a forecast is
    refused, because the benchmark would take 0.5 for it, unless it is asked for as it is."""
    from app.interchange.forecastbench.forecast_sets import Entrant, forecast_set
    from app.interchange.forecastbench.writing import forecast_set_json

    fresh.by_ledger()
    entrant = Entrant(
        organization=query.organization,
        model=query.model or query.member or "Auspex crowd",
        model_organization=query.model_organization,
    )
    built = forecast_set(desk.ledger, due_date, entrant, member=query.member)
    if not query.incomplete:
        built.refuse_gaps()
    headers = fresh.headers | _attached(entrant.file_name(due_date, 1))
    return Response(forecast_set_json(built.forecasts), media_type="application/json", headers=headers)


def _file(kind: Kind, format: str, filter: Filter, desk: Service, fresh: Fresh) -> StreamingResponse:
    fresh.by_ledger()
    parts = iter_bytes(desk.ledger, kind, format, filter)
    first = next(parts)  # what cannot be read at all is a problem, not a broken file
    headers = fresh.headers | _attached(f"{kind}s.{format}")
    return StreamingResponse(chain((first,), parts), media_type=MEDIA_TYPES[format], headers=headers)


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
