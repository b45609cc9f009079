"""Examples of what is asked and answered: made of the records themselves, so that they always fit the schema."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from app.jobs.records import CostEstimate, ForecastJob, JobState, JobStatus, Schedule
from db.ledger.rows import QuestionDetail, QuestionRow, RunRow
from db.records import Aggregate, BinaryQuestion, FailureReason, Forecast, MemberFailure, Resolution
from db.values import ProbabilityValue

_OPEN = datetime(2026, 1, 1, tzinfo=UTC)
_DUE = _OPEN + timedelta(days=30)
QUESTION = BinaryQuestion(
    text="Will the river Rhine at Kaub fall below 80 cm before 31 January 2026?",
    resolution_criteria="Yes if the federal gauge reports less than 80 cm on any day.",
    open_at=_OPEN,
    resolve_by=_DUE,
    source="api",
    tags=("rivers",),
)
_FORECAST = Forecast(
    question_id=QUESTION.id,
    member="climatology",
    as_of=_OPEN,
    created_at=_OPEN,
    value=ProbabilityValue(probability=0.31),
    rationale="It did in 9 of the last 29 Januaries.",
)
_AGGREGATE = Aggregate(
    question_id=QUESTION.id,
    rule="median",
    as_of=_OPEN,
    created_at=_OPEN,
    forecast_ids=(_FORECAST.id,),
    value=_FORECAST.value,
    spread=0.0,
    n_failed=1,
)
_FAILURE = MemberFailure(
    question_id=QUESTION.id,
    member="rag:openai/gpt-5",
    as_of=_OPEN,
    created_at=_OPEN,
    reason=FailureReason.DEADLINE,
    detail="no answer after 120 s",
)
_RESOLUTION = Resolution(question_id=QUESTION.id, outcome=False, resolved_at=_DUE, known_at=_DUE, source="by hand")
_ROW = QuestionRow(
    id=QUESTION.id,
    position=1,
    kind="binary",
    source="api",
    source_id="",
    text=QUESTION.text,
    tags=QUESTION.tags,
    subject="",
    object="",
    first_day="",
    open_at=_OPEN,
    resolve_by=_DUE,
    state="resolved",
    outcome="no",
    outcome_number=0.0,
    known_at=_DUE,
    first_known_at=_DUE,
    resolved_at=_DUE,
    n_forecasts=1,
    probability=0.31,
    last_forecast_at=_OPEN,
)
_DETAIL = QuestionDetail(
    row=_ROW,
    question=QUESTION,
    forecasts=[_FORECAST],
    aggregates=[_AGGREGATE],
    failures=[_FAILURE],
    resolutions=[_RESOLUTION],
    n_reviews=0,
    evidence=(),
)
_RUN = RunRow(
    run_id="job-0123456789abcdef",
    position=2,
    started_at=_OPEN,
    n_questions=1,
    n_forecasts=1,
    n_aggregates=1,
    n_failures=1,
    members=("climatology",),
    cost_usd=0.0,
)
_SPEC = ForecastJob(question_ids=(QUESTION.id,), members=("climatology",), as_of=_OPEN)
_JOB = JobStatus(
    job_id="job-0123456789abcdef",
    kind="forecast",
    title="1 questions, 1 members, as of 2026-01-01",
    state=JobState.QUEUED,
    done=0,
    failed=0,
    total=1,
    created_at=_OPEN,
)
_SCHEDULE = Schedule(name="daily-desk", cron="0 6 * * *", spec=_SPEC, next_at=_OPEN)
_ESTIMATE = CostEstimate(questions=1, members=1, forecasts=1, already_forecast=0, calls=0, cost_usd=0.0)


def _plain(record: Any) -> Any:
    return TypeAdapter(type(record)).dump_python(record, mode="json")


def page_of(row: Any) -> dict[str, Any]:
    """A page with one row, the last."""
    return {"data": [row], "next_cursor": None}


NEW_QUESTION = {
    "kind": "binary",
    "text": QUESTION.text,
    "resolution_criteria": QUESTION.resolution_criteria,
    "resolve_by": "2026-01-31T00:00:00Z",
}
QUESTION_JSON = _plain(QUESTION)
FORECAST = _plain(_FORECAST)
AGGREGATE = _plain(_AGGREGATE)
FAILURE = _plain(_FAILURE)
RESOLUTION = _plain(_RESOLUTION)
ROW = _plain(_ROW)
DETAIL = _plain(_DETAIL)
RUN = _plain(_RUN)
SPEC = _plain(_SPEC)
JOB = _plain(_JOB)
SCHEDULE = _plain(_SCHEDULE)
ESTIMATE = _plain(_ESTIMATE)
SCORE = {
    "forecast_id": _FORECAST.id,
    "resolution_id": _RESOLUTION.id,
    "question_id": QUESTION.id,
    "member": "climatology",
    "track": "live",
    "metrics": {"brier": 0.0961, "log_score": 0.371},
}
API_KEY = {
    "id": "0123456789abcdef",
    "name": "dashboard",
    "prefix": "auspex_1a2B3c",
    "scopes": ["read"],
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}
WEBHOOK = {
    "id": "0123456789abcdef",
    "url": "https://example.org/hooks/auspex",
    "events": ["question.resolved"],
    "allow_private": False,
    "created_at": "2026-01-01T00:00:00Z",
    "state": "active",
}
DELIVERY = {
    "event_id": "question.resolved-" + _RESOLUTION.id,
    "type": "question.resolved",
    "state": "delivered",
    "attempts": 1,
    "created_at": "2026-01-31T00:00:00Z",
    "due_at": "2026-01-31T00:00:00Z",
    "delivered_at": "2026-01-31T00:00:01Z",
    "last_status": 204,
    "last_error": "",
}
