"""What a job in the book asks for."""

from __future__ import annotations

from collections.abc import Sequence

from app.jobs.records import JOB_SPEC, DeskJob, ForecastJob, JobSpec
from db.jobs.book import JobRow


def spec_of(job: JobRow) -> JobSpec:
    """What a job asks for; a day at the desk as of its tick, or of when it was submitted."""
    spec: JobSpec = JOB_SPEC.validate_json(job.spec)
    if isinstance(spec, DeskJob) and spec.as_of is None:
        return spec.model_copy(update={"as_of": job.logical_at or job.created_at})
    return spec


def forecast_of(job: JobRow, questions: Sequence[str]) -> ForecastJob:
    """What a job asks of its members, about these questions of it. Raises TypeError for a job that asks nobody."""
    spec = spec_of(job)
    if isinstance(spec, ForecastJob):
        return spec
    if not isinstance(spec, DeskJob) or spec.as_of is None:
        raise TypeError(f"a {spec.kind} job asks no members")
    return ForecastJob(
        question_ids=tuple(questions), members=spec.members, as_of=spec.as_of, budget_usd=spec.budget_usd
    )
