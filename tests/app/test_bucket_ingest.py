"""Events ingested onto object storage, by the command and by jobs: through a working folder, and never twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.ingesting import ingest_into
from app.jobs.client import Jobs
from app.jobs.records import DeskJob, IngestJob, JobState
from app.jobs.worker import Worker
from db.demo import DemoWorld
from db.errors import BadInput
from db.events.filters import View
from db.events.store import EventStore
from tests.app.jobs.desks import ended, new_desk
from tests.gdelt_rows import row, write_csv
from tests.servers.storage import BUCKET, object_storage, variables


@pytest.fixture
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An address on object storage where nothing is yet, as settings hold it."""
    with object_storage() as endpoint:
        for name, value in variables(endpoint).items():
            monkeypatch.setenv(name, value)
        yield Path(f"s3://{BUCKET}/desk")


def event(number: int, day: date) -> str:
    return row(number, SQLDATE=f"{day:%Y%m%d}", DATEADDED=f"{day:%Y%m%d}120000")


def stored(store: Path) -> list[int]:
    snapshot = EventStore(store).as_of(datetime(2026, 1, 1, tzinfo=UTC), view=View(min_mentions=0))
    return sorted(item.event_id for item in snapshot.events(limit=1000))


def test_machines_that_ingest_onto_one_address_add_and_never_double(tmp_path: Path, store: Path) -> None:
    april, may = (event(n, date(2025, 4, n)) for n in (1, 2)), (event(n, date(2025, 5, n)) for n in (3, 4))
    first = write_csv(tmp_path / "20250501.export.CSV", [*april, *may])
    second = write_csv(tmp_path / "20250502.export.CSV", [event(4, date(2025, 5, 4)), event(5, date(2025, 5, 5))])
    here = ingest_into([str(first)], store, tmp_path / "here")
    there = ingest_into([str(second)], store, tmp_path / "there")
    assert here.pushed and there.pushed
    assert (here.pushed.added, there.pushed.added, there.report.rows_kept) == (4, 1, 2)
    assert (there.pushed.merged, there.pushed.uploaded) == (("2025-05",), ("2025-05",))
    assert EventStore(there.folder).info().months == ("2025-05",)  # April has no part in it and stays where it is
    assert stored(store) == [1, 2, 3, 4, 5]
    again = ingest_into([str(second)], store, tmp_path / "here")
    assert again.pushed and again.pushed.added == 0
    assert again.folder == here.folder != there.folder
    assert stored(store) == [1, 2, 3, 4, 5]


def test_the_command_ingests_onto_an_address(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSPEX_CACHE", str(tmp_path / "cache"))
    file = write_csv(tmp_path / "20250520.export.CSV", [event(1, date(2025, 5, 20)), "broken"])
    address = f"s3://{BUCKET}/desk"
    command = [sys.executable, "-m", "app.cli", "ingest", str(file), "--store", address, "--json"]
    done = subprocess.run(command, capture_output=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    assert (report["store"], report["rows_kept"], report["pushed"]["added"]) == (address, 1, 1)
    assert stored(store) == [1]
    shown = subprocess.run(command[:-1], capture_output=True, check=True, text=True)
    assert "1 events, 0 of them new" in " ".join(shown.stdout.split())


def test_an_address_that_is_none_is_refused_before_anything_is_fetched(tmp_path: Path, store: Path) -> None:
    with pytest.raises(BadInput, match="s3://bucket/prefix"):
        ingest_into([str(tmp_path)], Path("s3://x"), tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_day_at_the_desk_refreshes_object_storage_and_forecasts_from_it(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    DemoWorld(days=130, start=date(2024, 1, 1)).write_files(tmp_path / "files")
    settings = new_desk(tmp_path, monkeypatch, n=1).settings.model_copy(update={"store": store})
    sources = (str(tmp_path / "files"),)
    with Jobs(settings) as jobs, Worker(settings):
        day = DeskJob(as_of=datetime(2024, 4, 1, tzinfo=UTC), sources=sources, n=10, members=("climatology",))
        found = ended(jobs, jobs.submit(day, key="day"))
        assert (found.state, found.error) == (JobState.DONE, "")
        assert (found.done, found.failed) == (10, 0)
        pushed = found.result["ingest"]["pushed"]
        assert pushed["added"] == pushed["events"] == EventStore(store).info().events > 0
        rest = ended(jobs, jobs.submit(IngestJob(sources=sources)))
        assert rest.state == JobState.DONE and rest.result["pushed"]["added"] > 0
