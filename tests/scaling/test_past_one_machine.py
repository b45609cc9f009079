"""What several machines would share: PostgreSQL for ledger and jobs, a bucket for events, and workers at one batch.

How long the batch took is logged: `pytest tests/scaling --log-cli-level=INFO` (docs/scaling.md).
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from app.dev.llm_server import running
from app.jobs.client import Jobs
from app.jobs.records import ForecastJob, JobState
from app.settings import read_settings
from db.events.exchange import push
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, EventCriterion
from tests.app.jobs.desks import PATIENCE_S, ended, worker_process
from tests.gdelt_rows import row, write_csv
from tests.servers.storage import BUCKET, object_storage, variables

POSTGRES = "postgresql://root@127.0.0.1:5432"
AS_OF = datetime(2025, 5, 21, tzinfo=UTC)
ADDRESS = f"s3://{BUCKET}/desk"
MEMBERS = ("climatology", "direct:scripted")
QUESTIONS = 40
SLOTS = 4
LATENCY_S = 0.5

log = logging.getLogger(__name__)


@pytest.fixture
def database() -> Iterator[str]:
    """A new, empty PostgreSQL database, for ledger and jobs."""
    try:
        admin = psycopg.connect(f"{POSTGRES}/test", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if os.environ.get("AUSPEX_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"no PostgreSQL: {error}")
        pytest.skip(f"no PostgreSQL on 127.0.0.1:5432: {error}")
    name = f"auspex_{uuid.uuid4().hex[:12]}"
    with admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield f"{POSTGRES}/{name}"
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def questions() -> list[BinaryQuestion]:
    """Questions that the event store can answer, each with a window of its own."""
    first = AS_OF.date()
    return [
        BinaryQuestion(
            text=f"Will China threaten Taiwan within {days + 1} days?",
            open_at=AS_OF,
            resolve_by=AS_OF + timedelta(days=days + 1),
            criterion=EventCriterion(
                subject="CHN", object="TWN", codes=("13",), first_day=first, last_day=first + timedelta(days=days)
            ),
        )
        for days in range(QUESTIONS)
    ]


def filled_bucket(folder: Path) -> None:
    """Push a store of 200 days from a folder that nobody reads afterwards."""
    start = date(2024, 11, 1)
    days = [start + timedelta(days=n) for n in range(200)]
    rows = [row(n, SQLDATE=f"{day:%Y%m%d}", DATEADDED=f"{day:%Y%m%d}120000") for n, day in enumerate(days)]
    ingest_files([write_csv(folder / "20241101.export.CSV", rows)], folder / "store")
    push(folder / "store", ADDRESS)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_share_a_batch_over_postgres_and_object_storage_without_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str, workers: int
) -> None:
    with object_storage() as endpoint, running(latency_s=LATENCY_S) as server, ExitStack() as processes:
        models = tmp_path / "models.yaml"
        models.write_text(
            "model_list:\n  - model_name: scripted\n"
            f'    litellm_params: {{model: openai/scripted, api_base: "{server.url}", api_key: unused}}\n'
        )
        for name, value in {
            "AUSPEX_STORE": ADDRESS,
            "AUSPEX_DATABASE_URL": database,
            "AUSPEX_CACHE": str(tmp_path / "cache"),
            "AUSPEX_MODELS": str(models),
            "AUSPEX_SLOTS": str(SLOTS),
            **variables(endpoint),
        }.items():
            monkeypatch.setenv(name, value)
        filled_bucket(tmp_path)
        settings, asked = read_settings(), questions()
        assert EventStore(settings.store).info().events == 200
        with Jobs(settings) as jobs, Ledger(database) as ledger:
            ledger.append(asked)
            for _ in range(workers):
                processes.enter_context(worker_process())
            until_they_work(database, workers)
            started = time.monotonic()
            job = ForecastJob(question_ids=tuple(item.id for item in asked), members=MEMBERS, as_of=AS_OF)
            job_id = jobs.submit(job, key="once")
            assert jobs.submit(job, key="once") == job_id
            found = ended(jobs, job_id)
            took_s = time.monotonic() - started
            assert (found.state, found.failed) == (JobState.DONE, 0)
            made = ledger.forecasts()
            assert Counter(item.member for item in made) == dict.fromkeys(MEMBERS, QUESTIONS)
            assert len({(item.question_id, item.member) for item in made}) == len(made)
            assert len(ledger.aggregates()) == QUESTIONS
            assert ledger.verify().ok
            assert sum(server.counts.values()) == QUESTIONS
        assert len(workers_of(database)) == workers
        ideal_s = QUESTIONS * LATENCY_S / (workers * SLOTS)
        log.info(
            "%d workers: %d calls of %.1f s in %.1f s, ideal %.1f s", workers, QUESTIONS, LATENCY_S, took_s, ideal_s
        )


def until_they_work(database: str, workers: int) -> None:
    """Wait for all workers: a batch that one could end before the other is there shows nothing."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with psycopg.connect(database) as connection:
            alive = connection.execute("SELECT count(*) FROM auspex_workers WHERE beat_at > 0").fetchone()
        if alive == (workers,):
            return
        time.sleep(0.1)
    pytest.fail("the workers did not start in time")


def workers_of(database: str) -> set[str]:
    """The executors that ended any part of the batch."""
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT DISTINCT executor_id FROM dbos.workflow_status WHERE status = 'SUCCESS'")
        return {executor for (executor,) in rows.fetchall()}
