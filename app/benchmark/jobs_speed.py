"""How close a batch comes to what a model server can do, and whether a worker's memory stays as it is.

The worker is a process of its own, `auspex worker`, and so is the server; the time is from the submission of a batch to
its end, after a first forecast has brought the imports and connections.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.dev.llm_server import running_apart
from app.jobs.client import Jobs
from app.jobs.records import ForecastJob, JobState
from app.settings import Settings, read_settings
from db.demo import DemoWorld
from db.errors import BadInput
from db.gdelt.ingest import ingest_files
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion

LATENCY_S = 1.0
SLOTS = 64
QUESTIONS = 512
MANY = 2500
MEMBERS = tuple(f"direct:scripted?temperature=0.{n}" for n in range(1, 5))
_OPENED = datetime(2025, 1, 1, tzinfo=UTC)
_PATIENCE_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSpeed:
    """Seconds a batch took and at best could, its forecasts, and the worker's memory in MB after a fifth and all."""

    seconds: float
    ideal: float
    forecasts: int
    memory_early_mb: float
    memory_late_mb: float


def batch_speed(
    folder: Path, *, questions: int = QUESTIONS, latency_s: float = LATENCY_S, slots: int = SLOTS
) -> BatchSpeed:
    """Run a batch of `questions` x `MEMBERS` in `folder` against a server of this latency and these slots."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_apart(latency_s=latency_s, slots=slots) as url:
        settings = _settings(folder, url, slots)
        asked = [_question(number) for number in range(questions + 1)]
        with Ledger(settings.database_url) as ledger:
            ledger.append(asked)
        with Jobs(settings) as jobs, _worker(settings) as worker:
            _run(jobs, asked[-1:], worker)
            started = time.monotonic()
            memory = _run(jobs, asked[:-1], worker)
            seconds = time.monotonic() - started
    n = questions * len(MEMBERS)
    return BatchSpeed(
        seconds=seconds,
        ideal=n * latency_s / slots,
        forecasts=n,
        memory_early_mb=memory[0],
        memory_late_mb=memory[1],
    )


def _run(jobs: Jobs, asked: list[BinaryQuestion], worker: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Wait for a batch to end; the worker's memory when a fifth was done, and at the end."""
    ids = tuple(question.id for question in asked)
    job_id = jobs.submit(ForecastJob(question_ids=ids, members=MEMBERS, as_of=_OPENED))
    early, deadline = 0.0, time.monotonic() + _PATIENCE_S
    while not (found := jobs.status(job_id)).state.ended:
        if worker.poll() is not None or time.monotonic() > deadline:
            raise BadInput(f"the worker did not end its batch: {found.done} of {found.total} were done")
        if not early and 5 * found.done >= found.total:
            early = _memory_mb(worker.pid)
        time.sleep(0.1)
    if found.state != JobState.DONE or found.failed:
        raise BadInput(f"the batch ended {found.state} with {found.failed} failures: {found.error}")
    return early, _memory_mb(worker.pid)


def _settings(folder: Path, url: str, slots: int) -> Settings:
    DemoWorld().write_files(folder / "files")
    ingest_files([folder / "files"], folder / "store")
    models = folder / "models.yaml"
    models.write_text(
        "model_list:\n  - model_name: scripted\n"
        f'    litellm_params: {{model: openai/scripted, api_base: "{url}", api_key: unused}}\n'
    )
    changes = {
        "store": folder / "store",
        "database_url": str(folder / "ledger.db"),
        "jobs_url": "",
        "models": models,
        "slots": slots,
    }
    return read_settings().model_copy(update=changes)


@contextmanager
def _worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`auspex worker` with these settings, told to stop at the end."""
    environment = {
        **os.environ,
        "AUSPEX_STORE": str(settings.store),
        "AUSPEX_DATABASE_URL": settings.database_url,
        "AUSPEX_JOBS_URL": "",
        "AUSPEX_MODELS": str(settings.models),
        "AUSPEX_SLOTS": str(settings.slots),
    }
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "app.cli", "worker"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _memory_mb(pid: int) -> float:
    """What a process holds in memory now, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024**2


def _question(number: int) -> BinaryQuestion:
    return BinaryQuestion(
        text=f"Will event {number} come to pass?", open_at=_OPENED, resolve_by=_OPENED + timedelta(days=30)
    )
