"""The jobs from outside: submitted, watched, cancelled, begun anew, scheduled. No worker need run for it."""

from __future__ import annotations

import builtins
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from app.jobs.checks import check, title_of, units_of
from app.jobs.names import APPLICATION, JOB_WORKFLOW, JOBS, TICK_KEY, VERSION, attempt_id, job_id_of
from app.jobs.records import (
    CostEstimate,
    FailureGroup,
    ForecastJob,
    JobSpec,
    JobState,
    JobStatus,
    Schedule,
)
from app.settings import Settings
from db.errors import AmbiguousName, BadInput, UnknownName
from db.jobs.book import JobBook, JobRow
from db.jobs.engine import open_jobs_engine
from db.jobs.units import Tally
from db.ledger.paging import Page, checked_limit, page_of, read_cursor

if TYPE_CHECKING:
    from dbos import DBOSClient

    from app.jobs.schedules import Schedules
    from db.ledger.ledger import Ledger
    from db.records import Question


class Jobs:
    """The jobs in the database of `settings.jobs_address`. Close it, or use it as a context; threads may share it."""

    def __init__(self, settings: Settings) -> None:
        """Open the jobs' database; raises BadInput for an address that is none, LedgerError if it cannot be reached."""
        self._settings = settings
        self._book = JobBook(open_jobs_engine(settings.jobs_address))
        self._dbos: DBOSClient | None = None
        self._kept_ledger: Ledger | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the database connections back."""
        if self._dbos is not None:
            self._dbos.destroy()
        if self._kept_ledger is not None:
            self._kept_ledger.close()
        self._book.engine.dispose()

    def submit(self, spec: JobSpec, *, key: str = "", schedule: str = "", logical_at: datetime | None = None) -> str:
        """Put a job into the queue and return its id. The same `key` with the same job gives the same id again.

        Raises BadInput for a key under which another job was submitted and for a job that cannot be done, UnknownName
        for a question, member or rule that there is none of. `schedule` and `logical_at` say whose tick it stands for.
        """
        if key.startswith(TICK_KEY) and not schedule:
            raise BadInput(f"keys that begin with {TICK_KEY!r} are those of schedules: choose another key")
        check(spec, self._ledger if isinstance(spec, ForecastJob) else None)
        job = JobRow(
            job_id=job_id_of(key),
            kind=spec.kind,
            title=spec.title or title_of(spec),
            spec=spec.model_dump_json(),
            total=units_of(spec),
            created_at=datetime.now(UTC),
            schedule=schedule,
            logical_at=logical_at,
        )
        engine = self._engine()
        return self._book.submit(job, lambda connection: _begin(engine, connection, job.job_id, 1)).job_id

    def status(self, job_id: str) -> JobStatus:
        """How a job stands; its id may be shortened. Raises UnknownName if there is none, AmbiguousName if several."""
        return self._statuses([self._found(job_id)], failures=True)[0]

    def list(self, *, limit: int = 50, after: str = "", state: str = "") -> Page[JobStatus]:
        """Jobs, newest first, without their failures' groups; `after` is the cursor of the page before."""
        if state and state not in set(JobState):
            raise BadInput(f"{state!r} is no state of a job: choose from {', '.join(JobState)}")
        scope = f"jobs {state}"
        before = int(read_cursor(after, scope=scope)) if after else None
        rows = self._book.jobs(limit=checked_limit(limit) + 1, before=before, state=state)
        shown, following = page_of(rows, limit, key=lambda row: row.position, scope=scope)
        return Page(self._statuses(list(shown), failures=False), following)

    def cancel(self, job_id: str) -> None:
        """Let a job begin nothing more; what is under way ends and is kept. Raises BadInput if the job has ended."""
        job = self._found(job_id)
        if not self._book.cancel(job.job_id):
            raise BadInput(f"job {job.job_id} has ended: there is nothing to cancel")

    def resume(self, job_id: str) -> None:
        """Go on with a job that was cancelled or broke; of one that is done, ask again what failed, and that only.

        Raises BadInput if the job is still under way.
        """
        job = self._found(job_id)
        engine = self._engine()
        broken = None if JobState(job.state).ended or not _over(engine, job) else job.attempt
        if not self._book.again(
            job.job_id, lambda connection, n: _begin(engine, connection, job.job_id, n), broken=broken
        ):
            raise BadInput(f"job {job.job_id} is {job.state}: it goes on by itself while a worker runs")

    def estimate(self, spec: ForecastJob, questions: Sequence[Question] = ()) -> CostEstimate:
        """What a batch would do and cost, before anything is asked; raises as `submit` does.

        `questions` are the job's where the ledger does not hold them yet.
        """
        from app.jobs.estimates import estimate

        check(spec, None if questions else self._ledger)
        asked = questions or self._ledger.questions(dict.fromkeys(spec.question_ids))
        return estimate(spec, self._ledger, asked)

    def schedules(self) -> builtins.list[Schedule]:
        """All schedules by name, with the moments of their last and next ticks."""
        return self._schedules().all()

    def add_schedule(self, schedule: Schedule) -> None:
        """Put a job on a schedule; raises BadInput for a cron line or time zone that is none, or a name in use."""
        self._schedules().add(schedule)

    def pause(self, name: str) -> None:
        """Let a schedule tick no more until `unpause`."""
        self._schedules().pause(name)

    def unpause(self, name: str) -> None:
        """Let a schedule tick again; what it missed is listed by `missed`."""
        self._schedules().unpause(name)

    def remove(self, name: str) -> None:
        """Take a schedule away; its jobs stay."""
        self._schedules().remove(name)

    def backfill(self, name: str, first: datetime, last: datetime) -> builtins.list[str]:
        """Submit the job of every tick from `first` to `last`, both included; returns their ids, old and new ones."""
        return self._schedules().backfill(name, first, last)

    def missed(self, name: str) -> builtins.list[datetime]:
        """The ticks of the last 31 days, none before the schedule was added, that no job stands for; oldest first."""
        return self._schedules().missed(name)

    def fire(self, name: str, fired_at: datetime) -> str:
        """Submit the job of the tick that `fired_at` belongs to, late or early or for the second time; returns its id.

        For the workers, whom the engine tells that a tick is due.
        """
        return self._schedules().fire(name, fired_at)

    def worker_seen_at(self) -> datetime | None:
        """When a worker was last alive, None if there never was one."""
        beat = self._book.workers.last_beat()
        return None if beat is None else datetime.fromtimestamp(beat, UTC)

    @property
    def _ledger(self) -> Ledger:
        if self._kept_ledger is None:
            from db.ledger.ledger import Ledger

            self._kept_ledger = Ledger(self._settings.database_url)
        return self._kept_ledger

    def _schedules(self) -> Schedules:
        from app.jobs.schedules import Schedules

        return Schedules(self._engine(), self._book, self.submit)

    def _engine(self) -> DBOSClient:
        """The engine's own client, its tables made if need be; imported only by those who begin something."""
        if self._dbos is None:
            from app.jobs.engine import connect

            self._dbos = connect(self._settings.jobs_address, self._book)
        return self._dbos

    def _found(self, job_id: str) -> JobRow:
        known = self._book.job(job_id)
        if known is not None:
            return known
        near = self._book.jobs(limit=2, prefix=job_id) if job_id else []
        if len(near) > 1:
            ids = [job.job_id for job in near]
            raise AmbiguousName(f"several jobs have an id that begins with {job_id!r}", name=job_id, candidates=ids)
        if not near:
            raise UnknownName(f"there is no job {job_id!r}: see auspex batch list", name=job_id)
        return near[0]

    def _statuses(self, jobs: Sequence[JobRow], *, failures: bool) -> builtins.list[JobStatus]:
        tallies = self._book.units.tallies([job.job_id for job in jobs])
        return [self._status(job, tallies.get(job.job_id), failures=failures) for job in jobs]

    def _status(self, job: JobRow, tally: Tally | None, *, failures: bool) -> JobStatus:
        units = tally or Tally(done=job.done, failed=0)
        groups = self._book.units.failures(job.job_id) if failures and units.failed else []
        return JobStatus(
            job_id=job.job_id,
            kind=job.kind,
            title=job.title,
            state=JobState(job.state),
            done=units.done,
            failed=units.failed,
            total=job.total,
            failures_by_signature=tuple(
                FailureGroup(
                    signature=one.signature, member=one.member, reason=one.reason, n=one.n, example=one.example
                )
                for one in groups
            ),
            created_at=job.created_at,
            updated_at=job.updated_at,
            run_id=job.job_id if job.kind in ("forecast", "desk") else "",
            cost_usd=units.cost_usd,
            error=job.error,
            result=json.loads(job.result),
            schedule=job.schedule,
            logical_at=job.logical_at,
        )


def _over(engine: DBOSClient, job: JobRow) -> bool:
    """Whether the engine is done with a job's newest attempt, though nobody could put down how it ended."""
    found = engine.list_workflows(workflow_ids=[attempt_id(job.job_id, job.attempt)])
    return bool(found) and found[0].status not in ("ENQUEUED", "DELAYED", "PENDING")


def _begin(engine: DBOSClient, connection: Any, job_id: str, attempt: int) -> None:
    """Put an attempt at a job into the engine's queue, within the transaction that notes it."""
    engine.enqueue_in_transaction(
        connection,
        {
            "workflow_name": JOB_WORKFLOW,
            "queue_name": JOBS,
            "workflow_id": attempt_id(job_id, attempt),
            "app_version": VERSION,
            "application_name": APPLICATION,
        },
        job_id,
        attempt,
    )
