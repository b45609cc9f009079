"""What was said of questions and what came of them: forecasts, aggregates, failures, resolutions, runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.api import examples
from app.api.callers import needs
from app.api.described import reads
from app.api.freshness import Fresh
from app.api.queries import AnswerQuery, Paging, ResolutionQuery
from app.api.schemas import PageOf
from app.api.service import Desk
from db.ledger.api_keys import Scope
from db.ledger.rows import RunRow
from db.records import Aggregate, Forecast, MemberFailure, Resolution

router = APIRouter(prefix="/v1", dependencies=[needs(Scope.READ)])


@router.get(
    "/forecasts",
    tags=["forecasts"],
    operation_id="list_forecasts",
    summary="List forecasts, newest first",
    responses=reads(examples.page_of(examples.FORECAST)),
)
def list_forecasts(query: Annotated[AnswerQuery, Query()], desk: Desk, fresh: Fresh) -> PageOf[Forecast]:
    """Each member's answers, whole: value, reasons, evidence, what they cost."""
    fresh.by_ledger()
    return PageOf[Forecast].of(desk.ledger.views.forecasts(query.filter(), limit=query.limit, after=query.cursor))


@router.get(
    "/aggregates",
    tags=["forecasts"],
    operation_id="list_aggregates",
    summary="List aggregates, newest first",
    responses=reads(examples.page_of(examples.AGGREGATE)),
)
def list_aggregates(query: Annotated[AnswerQuery, Query()], desk: Desk, fresh: Fresh) -> PageOf[Aggregate]:
    """The crowd's answers: a pooling rule over named forecasts."""
    fresh.by_ledger()
    return PageOf[Aggregate].of(desk.ledger.views.aggregates(query.filter(), limit=query.limit, after=query.cursor))


@router.get(
    "/failures",
    tags=["forecasts"],
    operation_id="list_failures",
    summary="List failures, newest first",
    responses=reads(examples.page_of(examples.FAILURE)),
)
def list_failures(query: Annotated[AnswerQuery, Query()], desk: Desk, fresh: Fresh) -> PageOf[MemberFailure]:
    """Members that have no answer, and why."""
    fresh.by_ledger()
    return PageOf[MemberFailure].of(desk.ledger.views.failures(query.filter(), limit=query.limit, after=query.cursor))


@router.get(
    "/resolutions",
    tags=["questions"],
    operation_id="list_resolutions",
    summary="List resolutions, newest first",
    responses=reads(examples.page_of(examples.RESOLUTION)),
)
def list_resolutions(query: Annotated[ResolutionQuery, Query()], desk: Desk, fresh: Fresh) -> PageOf[Resolution]:
    """What came of questions, corrections among them: of a question's resolutions the last counts."""
    fresh.by_ledger()
    return PageOf[Resolution].of(desk.ledger.views.resolutions(query.filter(), limit=query.limit, after=query.cursor))


@router.get(
    "/runs",
    tags=["jobs"],
    operation_id="list_runs",
    summary="List runs, newest first",
    responses=reads(examples.page_of(examples.RUN)),
)
def list_runs(query: Annotated[Paging, Query()], desk: Desk, fresh: Fresh) -> PageOf[RunRow]:
    """What was recorded under each run id."""
    fresh.by_ledger()
    return PageOf[RunRow].of(desk.ledger.views.runs(limit=query.limit, after=query.cursor))
