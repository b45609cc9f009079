"""The book of jobs: one row a job, one a unit of its work, so that how a job stands is read without the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from db.errors import BadInput
from db.jobs.access import reading, writing
from db.jobs.models import Job, Unit
from db.jobs.units import AGAIN, Units
from db.jobs.upserts import moment_text
from db.jobs.workers import Workers

OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job as it was submitted and as it stands; `spec` and `result` are JSON texts."""

    job_id: str
    kind: str
    title: str
    spec: str
    created_at: datetime
    state: str = "queued"
    attempt: int = 1
    done: int = 0
    total: int = 0
    updated_at: datetime | None = None
    error: str = ""
    result: str = "{}"
    schedule: str = ""
    logical_at: datetime | None = None
    position: int = 0


@dataclass(slots=True)
class JobBook:
    """Reads and writes the jobs in the database behind `engine`."""

    engine: Engine
    units: Units = field(init=False)
    workers: Workers = field(init=False)

    def __post_init__(self) -> None:
        self.units, self.workers = Units(self.engine), Workers(self.engine)

    def submit(self, job: JobRow, then: Callable[[Any], None]) -> JobRow:
        """Put a job down and let `then` begin it, both or neither; returns the job as it stands.

        A job that is there already is left as it is. Raises BadInput if that one asks for something else.
        """
        values = _values(job)
        try:
            with writing(self.engine) as connection:
                connection.execute(insert(Job).values(**values))
                then(connection)
        except IntegrityError:
            known = self.job(job.job_id)
            if known is None:
                raise
            if json.loads(known.spec) != json.loads(job.spec):
                raise BadInput(
                    f"job {job.job_id} was submitted with the same key and asks for something else: choose another key"
                ) from None
            return known
        return job

    def job(self, job_id: str) -> JobRow | None:
        """The job, None if there is none."""
        with reading(self.engine) as connection:
            found = connection.execute(select(Job.__table__).where(Job.job_id == job_id)).mappings().first()
        return None if found is None else _job(found)

    def jobs(self, *, limit: int, before: int | None = None, state: str = "", prefix: str = "") -> list[JobRow]:
        """Jobs, newest first, those put down before the position `before`; of one state, or whose id begins so."""
        wanted = select(Job.__table__).order_by(Job.position.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(Job.position < before)
        if state:
            wanted = wanted.where(Job.state == state)
        if prefix:
            wanted = wanted.where(Job.job_id.startswith(prefix, autoescape=True))
        with reading(self.engine) as connection:
            return [_job(row) for row in connection.execute(wanted).mappings()]

    def logical_moments(self, schedule: str, first: datetime, last: datetime) -> set[datetime]:
        """The moments from `first` to `last` that jobs of a schedule stand for."""
        wanted = select(Job.logical_at).where(
            Job.schedule == schedule, Job.logical_at >= moment_text(first), Job.logical_at <= moment_text(last)
        )
        with reading(self.engine) as connection:
            return {datetime.fromisoformat(found) for found in connection.execute(wanted).scalars()}

    def begin(self, job_id: str, attempt: int) -> None:
        """Note that a worker has taken the job up."""
        self._change(job_id, Job.attempt == attempt, Job.state == "queued", state="running")

    def progress(self, job_id: str, done: int, total: int) -> None:
        """Note how far a job without units is, or how many units it will have."""
        self._change(job_id, done=done, total=total)

    def end(self, job_id: str, attempt: int, state: str, *, error: str = "", result: str = "{}") -> None:
        """Note how this attempt ended; one that was cancelled or begun anew meanwhile stays as it is."""
        changes = {"state": state, "error": error, "result": result}
        self._change(job_id, Job.attempt == attempt, Job.state.in_(OPEN), **changes)

    def cancel(self, job_id: str) -> bool:
        """Let nothing more be begun for a job; says whether there was anything to cancel."""
        return self._change(job_id, Job.state.in_(OPEN), state="cancelled")

    def again(self, job_id: str, then: Callable[[Any, int], None], *, broken: int | None = None) -> bool:
        """Begin an ended job anew: `then` gets the connection and the attempt's number.

        What failed is to be asked again; what it cost stays. Says whether the job had ended, as one has that is open
        still and whose attempt is the `broken` one.
        """
        ended = or_(Job.state.not_in(OPEN), Job.attempt == (0 if broken is None else broken))
        with writing(self.engine) as connection:
            changed = connection.execute(
                update(Job)
                .where(Job.job_id == job_id, ended)
                .values(state="queued", attempt=Job.attempt + 1, error="", done=0, updated_at=moment_text())
            )
            if not changed.rowcount:
                return False
            failed = update(Unit).where(Unit.job_id == job_id, Unit.outcome == "failed")
            connection.execute(failed.values(outcome=AGAIN, reason="", signature="", detail=""))
            attempt = connection.execute(select(Job.attempt).where(Job.job_id == job_id)).scalar_one()
            then(connection, attempt)
        return True

    def halted(self, attempts: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Which of these (job, attempt) must not begin anything more."""
        wanted = set(attempts)
        rows = select(Job.job_id, Job.attempt).where(Job.job_id.in_({job for job, _ in wanted}), Job.state.in_(OPEN))
        with reading(self.engine) as connection:
            live = {(str(job), int(attempt)) for job, attempt in connection.execute(rows)}
        return wanted - live

    def _change(self, job_id: str, *conditions: Any, **values: Any) -> bool:
        with writing(self.engine) as connection:
            changed = connection.execute(
                update(Job).where(Job.job_id == job_id, *conditions).values(**values, updated_at=moment_text())
            )
        return bool(changed.rowcount)


def _values(job: JobRow) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "kind": job.kind,
        "title": job.title,
        "spec": job.spec,
        "state": job.state,
        "attempt": job.attempt,
        "done": job.done,
        "total": job.total,
        "created_at": moment_text(job.created_at),
        "updated_at": moment_text(job.updated_at or job.created_at),
        "error": job.error,
        "result": job.result,
        "schedule": job.schedule,
        "logical_at": "" if job.logical_at is None else moment_text(job.logical_at),
    }


def _job(row: Any) -> JobRow:
    plain: dict[str, Any] = dict(row)
    for name in ("created_at", "updated_at"):
        plain[name] = datetime.fromisoformat(row[name])
    plain["logical_at"] = datetime.fromisoformat(row["logical_at"]) if row["logical_at"] else None
    return JobRow(**plain)
