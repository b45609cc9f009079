"""Jobs: long work that is asked for here and done by workers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Query, Response

from app.api import examples
from app.api.asked import ForecastToEstimate, NewJob
from app.api.callers import Asker, Caller, needs
from app.api.described import reads, writes
from app.api.freshness import Fresh
from app.api.problems import Refused
from app.api.queries import JobQuery
from app.api.schemas import PageOf
from app.api.service import Desk, Service
from app.api.strictly import StrictRoute, strictly
from app.jobs.records import BenchmarkJob, CostEstimate, DeskJob, ForecastJob, IngestJob, JobSpec, JobStatus
from db.errors import AmbiguousName, BadInput, UnknownName
from db.ledger.api_keys import Scope

router = APIRouter(prefix="/v1", tags=["jobs"], route_class=StrictRoute)
_REACHING_OUT = ("ingest", "benchmark", "desk")
"""Kinds of job that can read files and addresses of the asker's choice."""
JobId = Annotated[str, Path(max_length=64, description="Its beginning is enough.", examples=["job-0123456789abcdef"])]
JobBody = Annotated[NewJob, strictly(NewJob), Body(examples=[examples.SPEC])]
ForecastBody = Annotated[ForecastToEstimate, strictly(ForecastToEstimate), Body(examples=[examples.SPEC])]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, pattern=r"^[ -~]+$", description="The same key and body: the same job, once."),
]


def demand(asker: Caller, spec: JobSpec) -> None:
    """Raise Refused unless whoever asks may have this done: what reads files and addresses of their choice takes
    admin."""
    reaches_out = isinstance(spec, IngestJob | BenchmarkJob) or (isinstance(spec, DeskJob) and bool(spec.sources))
    asker.demand(Scope.ADMIN if reaches_out else Scope.FORECAST)


@router.get(
    "/jobs",
    operation_id="list_jobs",
    summary="List jobs, newest first",
    responses=reads(examples.page_of(examples.JOB)),
    dependencies=[needs(Scope.READ)],
)
def list_jobs(query: Annotated[JobQuery, Query()], desk: Desk, fresh: Fresh) -> PageOf[JobStatus]:
    """Jobs and how they stand, without their failures' groups."""
    page = desk.jobs.list(limit=query.limit, after=query.cursor, state=query.state)
    return fresh.by_content(PageOf[JobStatus].of(page))


@router.get(
    "/jobs/{job_id}",
    operation_id="get_job",
    summary="See how a job stands",
    responses=reads(examples.JOB, missing=True),
    dependencies=[needs(Scope.READ)],
)
def get_job(job_id: JobId, desk: Desk, fresh: Fresh) -> JobStatus:
    """What is done, what failed and why, what it cost so far."""
    return fresh.by_content(desk.jobs.status(job_id))


@router.post(
    "/jobs",
    status_code=202,
    operation_id="submit_job",
    summary="Have a job done",
    responses=writes(202, examples.JOB, leads=True),
    dependencies=[needs(Scope.FORECAST)],
)
def submit_job(
    job: JobBody, asker: Asker, desk: Desk, response: Response, idempotency_key: IdempotencyKey = None
) -> JobStatus:
    """Queued, and done by the next free worker: see how it stands at its Location.

    Jobs that read files or addresses of the asker's choice (ingest, benchmark, desk with sources) take the scope admin.
    """
    spec = job.root
    demand(asker, spec)
    key = f"{asker.id} {idempotency_key}" if idempotency_key else ""
    try:
        job_id = desk.jobs.submit(spec, key=key)
    except UnknownName as error:  # in what is asked, not where: the path is right
        raise Refused(400, str(error)) from error
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return desk.jobs.status(job_id)


@router.post(
    "/estimates",
    operation_id="estimate_job",
    summary="See what a job would cost",
    responses=writes(200, examples.ESTIMATE),
    dependencies=[needs(Scope.READ)],
)
def estimate_job(spec: ForecastBody, desk: Desk) -> CostEstimate:
    """What a forecast job would do and cost, before anything is asked."""
    try:
        return desk.jobs.estimate(ForecastJob(**spec.model_dump()))
    except UnknownName as error:
        raise Refused(400, str(error)) from error


@router.post(
    "/jobs/{job_id}/cancel",
    status_code=202,
    operation_id="cancel_job",
    summary="Cancel a job",
    responses=writes(202, examples.JOB, missing=True),
    dependencies=[needs(Scope.FORECAST)],
)
def cancel_job(job_id: JobId, asker: Asker, desk: Desk) -> JobStatus:
    """Nothing more is begun; what is under way ends and is kept. 409 if the job has ended.

    Jobs that can read files or addresses (ingest, benchmark, desk) take the scope admin.
    """
    known = _demanded(job_id, asker, desk)
    try:
        desk.jobs.cancel(known)
    except BadInput as error:
        raise _in_the_way(error) from error
    return desk.jobs.status(known)


@router.post(
    "/jobs/{job_id}/resume",
    status_code=202,
    operation_id="resume_job",
    summary="Go on with a job",
    responses=writes(202, examples.JOB, missing=True),
    dependencies=[needs(Scope.FORECAST)],
)
def resume_job(job_id: JobId, asker: Asker, desk: Desk) -> JobStatus:
    """Of a job that is done only what failed is tried again. 409 while the job is under way.

    Jobs that can read files or addresses (ingest, benchmark, desk) take the scope admin.
    """
    known = _demanded(job_id, asker, desk)
    try:
        desk.jobs.resume(known)
    except BadInput as error:
        raise _in_the_way(error) from error
    return desk.jobs.status(known)


def _demanded(job_id: str, asker: Caller, desk: Service) -> str:
    """The job's whole id; raises Refused unless whoever asks may drive jobs of its kind.

    How a job stands does not say whether a desk has sources: each is taken for one that has.
    """
    job = desk.jobs.status(job_id)
    asker.demand(Scope.ADMIN if job.kind in _REACHING_OUT else Scope.FORECAST)
    return job.job_id


def _in_the_way(error: BadInput) -> Exception:
    """How the job stands is in the way, unless it is its name that is wrong."""
    return error if isinstance(error, UnknownName | AmbiguousName) else Refused(409, str(error))
