"""A desk for tests of jobs: a store, a ledger with questions in words, a models.yaml, and workers in processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.jobs.client import Jobs
from app.jobs.records import ForecastJob, JobStatus
from app.settings import Settings, read_settings
from db.gdelt.ingest import ingest_files
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion
from tests.gdelt_rows import row, write_csv

AS_OF = datetime(2025, 5, 21, tzinfo=UTC)
PATIENCE_S = 300.0
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a test's desk keeps its things; the environment points there too."""

    folder: Path
    settings: Settings
    questions: tuple[BinaryQuestion, ...]

    def job(self, *members: str, n: int | None = None, as_of: datetime = AS_OF) -> ForecastJob:
        """A batch of the first `n` questions."""
        asked = self.questions[:n]
        return ForecastJob(question_ids=tuple(item.id for item in asked), members=members, as_of=as_of)

    def ledger(self) -> Ledger:
        """The desk's ledger, opened."""
        return Ledger(self.settings.database_url)


def new_desk(
    folder: Path, environment: pytest.MonkeyPatch, *, n: int = 6, llm_url: str = "", address: str = "", slots: int = 8
) -> Desk:
    """A desk with `n` questions; its models ask the server at `llm_url`, its ledger lies at `address`."""
    ingest_files([write_csv(folder / "20250520.export.CSV", [row(1)])], folder / "store")
    environment.setenv("AUSPEX_STORE", str(folder / "store"))
    environment.setenv("AUSPEX_DATABASE_URL", address or str(folder / "ledger.db"))
    environment.setenv("AUSPEX_CACHE", str(folder / "cache"))
    environment.setenv("AUSPEX_SLOTS", str(slots))
    if llm_url:
        environment.setenv("AUSPEX_MODELS", str(_models(folder / "models.yaml", llm_url)))
    settings = read_settings()
    questions = tuple(
        BinaryQuestion(text=f"Will it rain on day {i}?", open_at=AS_OF, resolve_by=AS_OF + timedelta(days=i + 1))
        for i in range(n)
    )
    with Ledger(settings.database_url) as ledger:
        ledger.append(questions)
    return Desk(folder, settings, questions)


def _models(file: Path, url: str) -> Path:
    """Models at the server that do what their names say, and one that does whatever a test told it to."""
    lines = ["model_list:"]
    for name in ("scripted", "told", "other", "third", "fourth"):
        served = name if name == "told" else "scripted"
        lines.append(f"  - model_name: {name}")
        lines.append(f'    litellm_params: {{model: openai/{served}, api_base: "{url}", api_key: unused}}')
        lines.append("    model_info: {input_cost_per_token: 0.000001, output_cost_per_token: 0.000001}")
    file.write_text("\n".join(lines) + "\n")
    return file


def until(jobs: Jobs, job_id: str, true: Callable[[JobStatus], bool], *, every_s: float = 0.05) -> JobStatus:
    """How the job stands once something is true of it; fails if it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while not true(found := jobs.status(job_id)):
        assert time.monotonic() < deadline, found
        time.sleep(every_s)
    return found


def ended(jobs: Jobs, job_id: str) -> JobStatus:
    """How the job ended."""
    return until(jobs, job_id, lambda found: found.state.ended)


@contextmanager
def worker_process(options: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """`auspex worker` in a process of its own, killed at the end if it lives still."""
    process = subprocess.Popen([sys.executable, "-m", "app.cli", "worker", *options], cwd=ROOT, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def scaled(default: float) -> float:
    """Seconds that a long test takes: AUSPEX_SOAK_S where that is set."""
    return float(os.environ.get("AUSPEX_SOAK_S", default))
