"""What jobs are: what is asked for (`JobSpec`) and how it stands (`JobStatus`). No engine, no database."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from db.records import UtcDatetime


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = ""
    """What people read; made from the content where it is empty."""


class ForecastJob(_Spec):
    """Every member's answer to every question as of one moment, and the aggregates."""

    kind: Literal["forecast"] = "forecast"
    question_ids: tuple[str, ...] = Field(min_length=1)
    members: tuple[str, ...] = ()
    as_of: UtcDatetime
    rule: str | None = None
    budget_usd: float | None = Field(default=None, ge=0)


class IngestJob(_Spec):
    """Event files, folders or GDELT lists into the event store."""

    kind: Literal["ingest"] = "ingest"
    sources: tuple[str, ...] = Field(min_length=1)
    first_day: date | None = None
    last_day: date | None = None


class GenerateJob(_Spec):
    """Questions drawn from the event store as of a moment."""

    kind: Literal["generate"] = "generate"
    as_of: UtcDatetime
    horizon_days: int = Field(default=7, ge=1)
    n: int = Field(default=100, ge=1)
    seed: int = 0


class ResolveJob(_Spec):
    """Open questions resolved from the event store as known when the job runs, and everything scored."""

    kind: Literal["resolve"] = "resolve"


class BenchmarkJob(_Spec):
    """A benchmark over the event store; `arguments` are those of `auspex bench NAME`."""

    kind: Literal["benchmark"] = "benchmark"
    name: Literal["agents", "relations"]
    arguments: dict[str, Any] = {}


class DeskJob(_Spec):
    """A day at the desk: refresh the events, generate questions, forecast, resolve, score. The default schedule."""

    kind: Literal["desk"] = "desk"
    as_of: UtcDatetime | None = None
    """None: the logical moment of the schedule's tick."""
    sources: tuple[str, ...] = ()
    """What is ingested first; nothing where empty."""
    horizon_days: int = Field(default=7, ge=1)
    n: int = Field(default=100, ge=1)
    members: tuple[str, ...] = ()
    budget_usd: float | None = Field(default=None, ge=0)


JobSpec = Annotated[
    ForecastJob | IngestJob | GenerateJob | ResolveJob | BenchmarkJob | DeskJob, Field(discriminator="kind")
]
JOB_SPEC: TypeAdapter[Any] = TypeAdapter(JobSpec)
"""Validates any job from JSON or a dict, by its `kind`."""


class JobState(StrEnum):
    """Where a job stands. `done` may hold listed failures of members; `failed`: the job itself broke."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in (JobState.DONE, JobState.CANCELLED, JobState.FAILED)


class FailureGroup(BaseModel):
    """Failures that are alike once numbers, ids and quoted text are taken out of their words."""

    model_config = ConfigDict(frozen=True)

    signature: str
    member: str
    reason: str
    n: int
    example: str


class JobStatus(BaseModel):
    """How a job stands: of `total` units `done` have ended, `failed` of these without an answer."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    kind: str
    title: str
    state: JobState
    done: int
    failed: int
    total: int
    failures_by_signature: tuple[FailureGroup, ...] = ()
    created_at: UtcDatetime
    updated_at: UtcDatetime | None = None
    run_id: str = ""
    """Under which the ledger keeps what the job recorded."""
    cost_usd: float | None = 0.0
    error: str = ""
    result: dict[str, Any] = {}
    """What a job other than a forecast found, such as rows kept or questions resolved."""
    schedule: str = ""
    logical_at: UtcDatetime | None = None
    """The moment that a schedule's tick stands for, however late it ran."""


class Schedule(BaseModel):
    """A job at set times: five cron fields in a time zone."""

    model_config = ConfigDict(frozen=True)

    name: str
    cron: str
    time_zone: str = "UTC"
    spec: JobSpec
    paused: bool = False
    next_at: UtcDatetime | None = None
    last_at: UtcDatetime | None = None


class CostEstimate(BaseModel):
    """What a batch would do and cost, before anything is asked (dry run). `cost_usd` None: a price is unknown."""

    model_config = ConfigDict(frozen=True)

    questions: int
    members: int
    forecasts: int
    already_forecast: int
    calls: int
    cost_usd: float | None
