"""A worker: takes jobs from the queue until it is told to stop, and leaves what is unfinished to the next one."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from dbos import DBOS

from app.jobs import workflows
from app.jobs.engine import be_quiet, configuration
from app.jobs.halts import LOOK_EVERY_S
from app.jobs.names import JOBS, WORK
from app.jobs.work import Work
from app.settings import Settings
from db.errors import BadInput

DRAIN_S = 25.0
"""How long what is under way may take to end once a worker is told to stop."""
LOST_AFTER_S = 30.0
"""A worker that is silent for so long is taken for dead, and what it had begun is taken over."""
_BEAT_EVERY_S = 5.0
TERM_S = LOST_AFTER_S - _BEAT_EVERY_S
"""A worker that could not say for so long that it lives begins nothing more; shorter, since clocks differ."""
_JOBS_AT_ONCE = 8
_POLL_S = 0.1
_POLL_JOBS_S = 0.25
_OBJECTS_A_ROUND = 10_000
"""New objects after which the garbage collector makes a round. Each call under way holds hundreds: by Python's 700 it
would go through all that is loaded every other second, a tenth of a busy worker's time."""

log = logging.getLogger(__name__)


class WorkerRuns(BadInput):
    """Another worker works on these jobs, whose database is a file: it has one worker."""


class Worker:
    """A worker in this process, at most one of them. It works from entry to exit; see `drain`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._alone = settings.jobs_address.startswith("sqlite")
        self.executor_id = "worker" if self._alone else f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._open = ExitStack()
        self._ended = threading.Event()
        self._work: Work | None = None

    def __enter__(self) -> Self:
        """Start. Raises WorkerRuns where the jobs' database is a file and has a worker."""
        if self._alone:
            self._open.enter_context(only_worker(self._settings.jobs_address))
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    def _start(self) -> None:
        before = gc.get_threshold()
        gc.set_threshold(_OBJECTS_A_ROUND)
        self._open.callback(gc.set_threshold, *before)
        work = self._work = Work(self._settings)
        self._open.callback(work.close)
        workflows.equip(work)
        self._open.callback(workflows.equip, None)
        be_quiet()
        DBOS(config=configuration(self._settings.jobs_address, work.book, executor_id=self.executor_id))
        self._open.callback(DBOS.destroy)
        began = time.monotonic()
        work.book.workers.beat(self.executor_id)
        if not self._alone:
            work.term.renew(began + TERM_S)
        DBOS.launch()
        DBOS.register_queue(
            JOBS, worker_concurrency=_JOBS_AT_ONCE, polling_interval_sec=_POLL_JOBS_S, on_conflict="always_update"
        )
        parts_at_once = max(2, self._settings.slots // 2)
        DBOS.register_queue(
            WORK, worker_concurrency=parts_at_once, polling_interval_sec=_POLL_S, on_conflict="always_update"
        )
        self._open.callback(work.book.workers.forget, self.executor_id, gone=self._alone)  # once it beats no more
        thread = threading.Thread(target=self._look_after, args=(work,), name="worker-beat", daemon=True)
        thread.start()
        self._open.callback(thread.join)
        self._open.callback(self._ended.set)

    def stop(self) -> None:
        """Begin nothing more, let what is under way end within `DRAIN_S`, and stop."""
        work = self._work
        if work is None:
            return
        self._work = None
        work.forecasting.stop_asking()
        deadline = time.monotonic() + DRAIN_S
        while work.forecasting.under_way and time.monotonic() < deadline:
            time.sleep(0.05)
        work.forecasting.close()
        self._open.close()

    def _look_after(self, work: Work) -> None:
        """Say that this worker lives, see which jobs were cancelled, take over from the dead."""
        beaten = 0.0
        while not self._ended.wait(LOOK_EVERY_S):
            try:
                work.halts.look()
                if time.monotonic() - beaten >= _BEAT_EVERY_S:
                    began = time.monotonic()
                    self._beat(work)
                    beaten = began
            except Exception as error:  # noqa: BLE001 - the database or the engine's: the next round may do better
                log.warning("this worker cannot look after its jobs: %s", error)

    def _beat(self, work: Work) -> None:
        if self._alone:
            work.book.workers.beat(self.executor_id)
            return
        beat(work, self.executor_id)
        take_over(work, self.executor_id)


def beat(work: Work, executor_id: str) -> None:
    """Say that a worker lives. If others took over from it, it lets go of all it had begun and starts as if new."""
    began = time.monotonic()
    if not work.book.workers.beat_again(executor_id):
        log.warning("others took over from this worker, which was silent for too long")
        work.term.renew(began)  # over: nothing is begun, nor ended early, until all is back in the queues
        work.term.begin_another()
        DBOS._recover_pending_workflows([executor_id])  # what the others have not put back
        work.book.workers.beat(executor_id)
    work.term.renew(began + TERM_S)


def take_over(work: Work, executor_id: str) -> None:
    """Put what dead workers had begun back into the queues."""
    workers = work.book.workers
    silent = [other for other in workers.lost(silent_s=LOST_AFTER_S) if other != executor_id]
    lost = [other for other in silent if workers.claim(other, silent_s=LOST_AFTER_S)]
    if lost:
        log.info("taking over from %s", ", ".join(lost))
        DBOS._recover_pending_workflows(lost)  # the engine has no public way: its own coordinator calls this too
        for other in lost:
            workers.taken_over(other)


@contextmanager
def only_worker(address: str) -> Iterator[None]:
    """While this process is the only worker of jobs that are kept in a file; raises WorkerRuns if it is not."""
    file = Path(address.partition("///")[2]).with_suffix(".lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorkerRuns(f"a worker runs already for {address}: one is enough for jobs in a file") from error
        yield
