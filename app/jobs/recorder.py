"""What members answered, into the ledger and the book of jobs: whatever comes at one time is written together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from app.jobs.retries import insistently
from db.jobs.book import JobBook
from db.jobs.units import UnitRow
from db.ledger.batches import Batches
from db.ledger.ledger import Ledger
from db.ledger.traces import TraceStore
from db.records import Record
from db.traces import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Records of a job, what they say of its units, and the traces of how they came about."""

    job_id: str
    records: tuple[Record, ...]
    units: tuple[UnitRow, ...] = ()
    traces: tuple[Trace, ...] = ()


class Recorder:
    """Writes for many coroutines at once. A transaction of the ledger ends on the disk, which takes longer than what it
    writes: so one is made for all that waits."""

    def __init__(self, ledger: Ledger, book: JobBook) -> None:
        self._ledger = ledger
        self._book = book
        self._traces = TraceStore(ledger.address)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
        self._writing = Batches(self._thread, self._write)

    def close(self) -> None:
        """Write what is left."""
        self._thread.shutdown()
        self._traces.close()

    async def record(self, answered: Answered) -> None:
        """Keep answers: the ledger first, so that no unit is noted as done that is not in it.

        Tries again where the database could not be written. Raises LedgerError when that was in vain.
        """
        await insistently(lambda: self._writing.do(answered), "answers")

    def _write(self, batch: Sequence[Answered]) -> Sequence[None]:
        if traces := [trace for answered in batch for trace in answered.traces]:
            self._traces.append(traces)
        by_job: dict[str, list[Record]] = defaultdict(list)
        for answered in batch:
            by_job[answered.job_id] += answered.records
        for job_id, records in by_job.items():
            self._ledger.append(records, run_id=job_id)
        self._book.units.note([(answered.job_id, unit) for answered in batch for unit in answered.units])
        return [None] * len(batch)
