"""What a worker has at hand for all its workflows: the ledger, the book of jobs, and whoever asks the members."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from app.jobs import errands
from app.jobs.client import Jobs
from app.jobs.forecasting import Forecasting
from app.jobs.halts import Halts
from app.jobs.records import BenchmarkJob, DeskJob, GenerateJob, IngestJob, JobSpec, ResolveJob
from app.jobs.terms import Term
from db.jobs.book import JobBook
from db.jobs.engine import open_jobs_engine
from db.ledger.ledger import Ledger

if TYPE_CHECKING:
    from app.settings import Settings


class Work:
    """Opened when a worker starts, closed when it ends."""

    def __init__(self, settings: Settings) -> None:
        """Open everything; raises as `Ledger` and `Jobs` do."""
        self.settings = settings
        self.book = JobBook(open_jobs_engine(settings.jobs_address, durable=False))
        self.ledger = Ledger(settings.database_url)
        self.jobs = Jobs(settings)
        self.halts = Halts(self.book)
        self.term = Term()
        self.forecasting = Forecasting(settings, self.ledger, self.book, self.halts, self.term)

    def close(self) -> None:
        """Give the database connections back; the members' were closed before, by `forecasting.close`."""
        self.jobs.close()
        self.ledger.close()
        self.book.engine.dispose()

    async def errand(self, job_id: str, spec: JobSpec) -> dict[str, Any]:
        """Do a job that is one errand, in a thread; its result."""
        return await asyncio.to_thread(self._errand, job_id, spec)

    def _errand(self, job_id: str, spec: JobSpec) -> dict[str, Any]:
        def progress(done: int, total: int) -> None:
            self.book.progress(job_id, done, total)

        if isinstance(spec, IngestJob):
            return errands.ingest(spec, self.settings, progress)
        if isinstance(spec, DeskJob):
            return errands.refresh(spec, self.settings, _unseen)
        if isinstance(spec, GenerateJob):
            return errands.generate(spec, self.settings, self.ledger)
        if isinstance(spec, ResolveJob):
            return errands.resolve(self.settings, self.ledger)
        if isinstance(spec, BenchmarkJob):
            return errands.benchmark(spec, self.settings, self.ledger, progress)
        raise TypeError(f"a {spec.kind} job is no errand")


def _unseen(done: int, total: int) -> None:
    """The progress of a part of a job whose units are counted otherwise."""
