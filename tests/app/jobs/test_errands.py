"""The jobs that are one errand, and the day at the desk that is made of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.jobs.client import Jobs
from app.jobs.records import BenchmarkJob, DeskJob, GenerateJob, IngestJob, JobState, ResolveJob
from app.jobs.worker import Worker
from db.demo import DemoWorld
from db.ledger.ledger import Ledger
from tests.app.jobs.desks import Desk, ended, new_desk

OPENED = datetime(2024, 4, 1, tzinfo=UTC)
MEMBERS = ("climatology", "persistence")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a year of the demo world, as files."""
    folder = tmp_path_factory.mktemp("world")
    DemoWorld(days=130, start=date(2024, 1, 1)).write_files(folder)
    return folder


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose store is still to be filled."""
    desk = new_desk(tmp_path, monkeypatch, n=1)
    return Desk(desk.folder, desk.settings.model_copy(update={"store": tmp_path / "new"}), desk.questions)


def test_day_at_the_desk_refreshes_draws_forecasts_resolves_and_scores(events: Path, empty: Desk) -> None:
    with Jobs(empty.settings) as jobs, Ledger(empty.settings.database_url) as ledger, Worker(empty.settings):
        day = DeskJob(as_of=OPENED, sources=(str(events),), n=20, members=MEMBERS)
        found = ended(jobs, jobs.submit(day, key="day"))
        assert (found.state, found.error) == (JobState.DONE, "")
        assert (found.done, found.failed, found.total) == (40, 0, 40)
        assert found.result["ingest"]["rows_kept"] > 0
        assert found.result["generate"] == {"questions": 20, "new": 20}
        assert found.result["resolve"]["resolved"] == 0  # the store holds nothing of what is to come
        assert len(ledger.forecasts(run_id=found.run_id)) == 40

        rest = ended(jobs, jobs.submit(IngestJob(sources=(str(events),))))
        assert rest.state == JobState.DONE and rest.result["rows_rejected"] == 0
        resolved = ended(jobs, jobs.submit(ResolveJob()))
        assert (resolved.done, resolved.total) == (1, 1) and resolved.result["resolved"] == 20
        assert {row["member"] for row in resolved.result["members"]} >= set(MEMBERS)


def test_drawing_again_draws_the_same_questions(events: Path, empty: Desk) -> None:
    with Jobs(empty.settings) as jobs, Ledger(empty.settings.database_url) as ledger, Worker(empty.settings):
        assert ended(jobs, jobs.submit(IngestJob(sources=(str(events),)))).state == JobState.DONE
        spec = GenerateJob(as_of=OPENED, n=10, seed=3)
        first, second = (ended(jobs, jobs.submit(spec, key=key)) for key in ("a", "b"))
        assert first.result["questions"] == second.result["questions"] and second.result["new"] == 0
        assert ledger.counts()["question"] == 11


def test_errand_that_cannot_be_done_says_why(empty: Desk) -> None:
    with Jobs(empty.settings) as jobs, Worker(empty.settings):
        wrong = ended(jobs, jobs.submit(IngestJob(sources=(str(empty.folder / "nowhere"),))))
        assert wrong.state == JobState.FAILED and "nowhere" in wrong.error
        bench = ended(jobs, jobs.submit(BenchmarkJob(name="relations", arguments={})))
        assert bench.state == JobState.FAILED and "'data'" in bench.error
