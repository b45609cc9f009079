"""Several processes at the same jobs: workers share a batch, one takes over from another, readers always read."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.dev.llm_server import running
from app.jobs.client import Jobs
from app.jobs.records import IngestJob, JobState
from db.demo import DemoWorld
from db.ledger.ledger import Ledger
from tests.app.jobs.desks import ended, new_desk, scaled, until, worker_process
from tests.db.conftest import _postgres_address as postgres_address

MEMBERS = ("direct:scripted", "direct:other")


@pytest.fixture
def postgres() -> Iterator[str]:
    """A new, empty PostgreSQL database."""
    yield from postgres_address()


@pytest.mark.slow
def test_two_workers_share_a_batch_without_doubles_and_one_takes_over(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(latency_s=0.3) as server, ExitStack() as stack:
        desk = new_desk(tmp_path, monkeypatch, n=80, llm_url=server.url, address=postgres, slots=4)
        jobs, ledger = stack.enter_context(Jobs(desk.settings)), stack.enter_context(desk.ledger())
        both = [stack.enter_context(worker_process()) for _ in range(2)]
        job_id = jobs.submit(desk.job(*MEMBERS))
        until(jobs, job_id, lambda found: found.done >= 40)
        assert server.most_in_flight > desk.settings.slots  # more than one worker would ask at once
        both[0].send_signal(signal.SIGKILL)
        found = ended(jobs, job_id)
        assert (found.state, found.done, found.failed) == (JobState.DONE, 160, 0)
        made = ledger.forecasts()
        assert len(made) == len({(item.question_id, item.member) for item in made}) == 160
        assert 160 <= sum(server.counts.values()) <= 160 + desk.settings.slots
        assert ledger.verify().ok


@pytest.mark.slow
def test_readers_are_never_locked_out_while_workers_write_and_events_are_ingested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "world"
    DemoWorld(days=60).write_files(files)
    with running() as server, ExitStack() as stack:
        desk = new_desk(tmp_path, monkeypatch, n=400, llm_url=server.url, slots=8)
        jobs = stack.enter_context(Jobs(desk.settings))
        stack.enter_context(worker_process())
        batches = [jobs.submit(desk.job(member), key=member) for member in MEMBERS]
        jobs.submit(IngestJob(sources=(str(files),)))
        broken: list[Exception] = []
        over, reads = threading.Event(), [0, 0]

        def read(number: int) -> None:
            try:
                with Jobs(desk.settings) as reader, Ledger(desk.settings.database_url) as ledger:
                    while not over.is_set():
                        reader.list()
                        for job_id in batches:
                            reader.status(job_id)
                        ledger.views.counts()
                        ledger.views.questions(limit=50)
                        reads[number] += 1
            except Exception as error:  # noqa: BLE001 - told by the test
                broken.append(error)

        threads = [threading.Thread(target=read, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + scaled(20.0)
        while time.monotonic() < end:
            time.sleep(0.5)
        over.set()
        for thread in threads:
            thread.join()
        assert broken == [] and min(reads) > 0
        for job_id in batches:
            assert ended(jobs, job_id).failed == 0
