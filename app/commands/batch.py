"""`auspex batch`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.commands.forecast import questions_asked
from app.commands.places import settings_at
from app.jobs.client import Jobs
from app.jobs.records import ForecastJob, JobStatus
from app.output import emit_json, err, money, out, progress_bar, table
from app.settings import Settings
from db.ledger.ledger import Ledger
from db.records import Question

_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What `auspex batch run` was given."""

    questions: Path | None
    members: tuple[str, ...]
    as_of: str | None
    rule: str | None
    budget_usd: float | None
    key: str

    def job(self, ledger: Ledger) -> tuple[ForecastJob, list[Question]]:
        """The job, and its questions; raises as `questions_asked` does."""
        asked, cut = questions_asked(self.questions, self.as_of, ledger)
        ids = tuple(dict.fromkeys(question.id for question in asked))
        spec = ForecastJob(
            question_ids=ids, members=self.members, as_of=cut, rule=self.rule, budget_usd=self.budget_usd
        )
        return spec, asked


def run(asked: Asked, store: Path | None, ledger: str | None, *, wait: bool, as_json: bool) -> None:
    """Submit a batch and, unless it is left to a worker, work on it here until it has ended."""
    settings = settings_at(store, ledger)
    with Jobs(settings) as jobs:
        with Ledger(settings.database_url) as book:
            spec, questions = asked.job(book)
            jobs.estimate(spec, questions)  # a member or rule that there is none of is said before anything is kept
            book.append(questions)
        job_id = jobs.submit(spec, key=asked.key)
        _followed(jobs, job_id, settings, wait=wait, as_json=as_json)


def estimate(asked: Asked, store: Path | None, ledger: str | None, *, as_json: bool) -> None:
    """Say what a batch would do and cost."""
    settings = settings_at(store, ledger)
    with Jobs(settings) as jobs, Ledger(settings.database_url) as book:
        spec, questions = asked.job(book)
        found = jobs.estimate(spec, questions)
    if as_json:
        emit_json({"dry_run": True, **found.model_dump()})
        return
    out.print(
        f"{found.questions} questions x {found.members} members: {found.forecasts} forecasts to make, "
        f"{found.already_forecast} in the ledger already; {found.calls} runs of models, {money(found.cost_usd)}."
    )
    if found.cost_usd is None:
        out.print("A model's cost is known once it has made a forecast: try one with --budget-usd.", style="dim")


def resume(job_id: str, store: Path | None, ledger: str | None, *, wait: bool, as_json: bool) -> None:
    """Go on with an ended job, here unless it is left to a worker."""
    settings = settings_at(store, ledger)
    with Jobs(settings) as jobs:
        found = jobs.status(job_id).job_id
        jobs.resume(found)
        _followed(jobs, found, settings, wait=wait, as_json=as_json)


def status(job_id: str, ledger: str | None, *, as_json: bool) -> None:
    """How a job stands; exit code 1 where something in it failed."""
    with Jobs(settings_at(None, ledger)) as jobs:
        _show(jobs.status(job_id), as_json=as_json)


def list_jobs(state: str, limit: int, ledger: str | None, *, as_json: bool) -> None:
    """Jobs, newest first."""
    with Jobs(settings_at(None, ledger)) as jobs:
        page = jobs.list(limit=limit, state=state)
    if as_json:
        emit_json({"jobs": [as_dict(job) for job in page.data], "next": page.next})
    elif not page.data:
        out.print("No jobs yet. Begin one: auspex batch run --as-of DATE")
    else:
        rows = [
            (job.title, job.job_id, str(job.state), f"{job.done}/{job.total}", str(job.failed)) for job in page.data
        ]
        table("Jobs", ("job", "id", "state", "done", "failed"), rows)


def cancel(job_id: str, ledger: str | None, *, as_json: bool) -> None:
    """Cancel a job and say how it stands."""
    with Jobs(settings_at(None, ledger)) as jobs:
        jobs.cancel(job_id)
        found = jobs.status(job_id)
    if as_json:
        emit_json(as_dict(found))
    else:
        out.print(f"Job {found.job_id} is cancelled: {found.done} of {found.total} were done.")
        out.print(f"Next: auspex batch resume {found.job_id}")


def as_dict(job: JobStatus) -> dict[str, Any]:
    """A job as `--json` shows it."""
    return job.model_dump(mode="json")


def _followed(jobs: Jobs, job_id: str, settings: Settings, *, wait: bool, as_json: bool) -> None:
    if not wait:
        found = jobs.status(job_id)
        if as_json:
            emit_json(as_dict(found))
        else:
            out.print(f"Job {job_id} is {found.state}: {found.title}")
            out.print(f"Next: auspex worker, auspex batch status {job_id}")
        return
    with ExitStack() as stack:
        _working(stack, settings)
        _watch(jobs, job_id, show=not as_json)
    _show(jobs.status(job_id), as_json=as_json)


def _working(stack: ExitStack, settings: Settings) -> None:
    """A worker in this process while the stack is open, unless one runs for these jobs already."""
    from app.jobs.worker import Worker, WorkerRuns

    try:
        stack.enter_context(Worker(settings))
    except WorkerRuns:
        err.print("A worker runs already: it does the work, and this only watches.")


def _watch(jobs: Jobs, job_id: str, *, show: bool) -> None:
    """Wait until a job has ended; Ctrl-C leaves it to be gone on with."""
    with progress_bar("batch") as update:
        try:
            while not (found := jobs.status(job_id)).state.ended:
                if show:
                    update(found.done, found.total, f"{found.failed} failed" if found.failed else "")
                time.sleep(_LOOK_EVERY_S)
        except KeyboardInterrupt:
            err.print(f"Interrupted: what was answered is kept. auspex worker goes on with {job_id}.")
            raise


def _show(found: JobStatus, *, as_json: bool) -> None:
    if as_json:
        emit_json(as_dict(found))
    else:
        out.print(
            f"Job {found.job_id} is {found.state}: {found.done} of {found.total} done, {found.failed} failed, "
            f"{money(found.cost_usd)}."
        )
        _show_failures(found)
        if found.error:
            err.print(found.error, highlight=False)
        if found.state.ended and (found.failed or found.error):
            out.print(f"Next: auspex batch resume {found.job_id}")
    if found.failed or found.error:
        sys.exit(1)


def _show_failures(found: JobStatus) -> None:
    groups = found.failures_by_signature
    if groups:
        rows: Sequence[Sequence[object]] = [(one.signature, one.member, one.reason, one.n) for one in groups]
        table("Failures", ("what", "member", "reason", "n"), rows)
