"""Schedules: one job for each logical moment, whatever the clocks, the workers and the engine do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs import ticks
from app.jobs.client import Jobs
from app.jobs.records import DeskJob, ForecastJob, GenerateJob, JobState, ResolveJob, Schedule
from app.jobs.schedules import DEFAULT_DESK, as_of_tick
from app.jobs.worker import Worker
from db.errors import BadInput, UnknownName
from tests.app.jobs.desks import AS_OF, Desk, ended

NEW_YORK = "America/New_York"


@pytest.fixture
def jobs(desk: Desk) -> Iterator[Jobs]:
    with Jobs(desk.settings) as opened:
        yield opened


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("cron", "first", "last", "expected"),
    [
        ("30 2 * * *", "2025-03-08T00:00", "2025-03-11T00:00", ["08T07:30", "09T07:00", "10T06:30"]),
        ("30 1 * * *", "2025-11-01T00:00", "2025-11-04T00:00", ["01T05:30", "02T05:30", "03T06:30"]),
        ("30 * * * *", "2025-11-02T05:00", "2025-11-02T08:00", ["02T05:30", "02T06:30", "02T07:30"]),
        ("0 6 * * 1", "2025-11-01T00:00", "2025-11-09T00:00", ["03T11:00"]),
    ],
    ids=["skipped-time-ticks-after-the-gap", "repeated-time-ticks-once", "hourly-ticks-in-both", "weekly"],
)
def test_ticks_when_the_clocks_change(cron: str, first: str, last: str, expected: list[str]) -> None:
    found = ticks.between(cron, NEW_YORK, at(first), at(last))
    assert [f"{tick:%dT%H:%M}" for tick in found] == expected


def test_tick_fired_late_or_in_the_repeated_hour_is_the_same_logical_moment() -> None:
    due = at("2025-11-02T05:30")
    for fired in (due, due + timedelta(seconds=9), due + timedelta(hours=1), due + timedelta(hours=9)):
        assert ticks.logical("30 1 * * *", NEW_YORK, fired) == due


def test_tick_fired_twice_late_and_back_filled_is_one_job(jobs: Jobs) -> None:
    jobs.add_schedule(Schedule(name="nightly", cron="0 3 * * *", spec=ResolveJob()))
    first = jobs.fire("nightly", at("2025-06-01T03:00"))
    assert jobs.fire("nightly", at("2025-06-01T07:11")) == first
    filled = jobs.backfill("nightly", at("2025-05-31T00:00"), at("2025-06-02T03:00"))
    assert len(filled) == 3 and filled[1] == first
    assert jobs.backfill("nightly", at("2025-05-31T00:00"), at("2025-06-02T03:00")) == filled
    assert len(jobs.list().data) == 3
    status = jobs.status(first)
    assert (status.schedule, status.logical_at) == ("nightly", at("2025-06-01T03:00"))


def test_moment_that_has_its_job_is_done_whatever_the_schedule_asks_for_now(jobs: Jobs) -> None:
    jobs.add_schedule(Schedule(name="nightly", cron="0 3 * * *", spec=ResolveJob()))
    first = jobs.fire("nightly", at("2025-06-02T03:00"))
    jobs.remove("nightly")
    jobs.add_schedule(Schedule(name="nightly", cron="0 3 * * *", spec=GenerateJob(as_of=AS_OF)))
    filled = jobs.backfill("nightly", at("2025-06-01T00:00"), at("2025-06-03T03:00"))
    assert filled[1] == first and [jobs.status(job_id).kind for job_id in filled] == ["generate", "resolve", "generate"]


def test_schedule_is_added_paused(jobs: Jobs) -> None:
    jobs.add_schedule(DEFAULT_DESK.model_copy(update={"paused": True}))
    [kept] = jobs.schedules()
    assert kept.paused and kept.spec == DEFAULT_DESK.spec


def test_missed_ticks_are_listed_until_they_are_back_filled(jobs: Jobs) -> None:
    jobs.add_schedule(Schedule(name="often", cron="* * * * *", spec=ResolveJob()))
    assert jobs.missed("often") == []  # it was added just now
    with pytest.raises(BadInput, match="still to come"):
        jobs.backfill("often", AS_OF, datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(BadInput, match="1000 at most"):
        jobs.backfill("often", AS_OF, AS_OF + timedelta(days=2))
    with pytest.raises(BadInput, match="empty"):
        jobs.backfill("often", AS_OF, AS_OF - timedelta(days=2))


def test_schedules_are_kept_paused_and_removed(jobs: Jobs) -> None:
    jobs.add_schedule(DEFAULT_DESK)
    [kept] = jobs.schedules()
    assert (kept.name, kept.spec, kept.paused) == (DEFAULT_DESK.name, DEFAULT_DESK.spec, False)
    assert kept.next_at is not None and kept.next_at > datetime.now(UTC)
    with pytest.raises(BadInput, match="already"):
        jobs.add_schedule(DEFAULT_DESK)
    jobs.pause(kept.name)
    assert jobs.schedules()[0].paused
    jobs.unpause(kept.name)
    assert not jobs.schedules()[0].paused
    jobs.remove(kept.name)
    assert jobs.schedules() == []
    for change in (jobs.pause, jobs.unpause, jobs.remove, jobs.missed):
        with pytest.raises(UnknownName, match="no schedule"):
            change(kept.name)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cron": "30 6 * *"}, "no cron line"),
        ({"cron": "61 6 * * *"}, "no cron line"),
        ({"cron": "0 0 30 2 *"}, "never ticks"),
        ({"time_zone": "Mars/Base"}, "no time zone"),
        ({"name": "a name/with signs"}, "no name"),
    ],
)
def test_schedule_that_is_none_is_refused(jobs: Jobs, changes: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        jobs.add_schedule(DEFAULT_DESK.model_copy(update=changes))


def test_job_of_a_tick_is_as_of_the_tick() -> None:
    due = at("2025-06-01T03:00")
    forecast = ForecastJob(question_ids=("x",), as_of=AS_OF)
    for spec in (forecast, GenerateJob(as_of=AS_OF), DeskJob()):
        assert getattr(as_of_tick(spec, due), "as_of") == due  # noqa: B009 - the kinds share no base with it
    assert as_of_tick(ResolveJob(), due) == ResolveJob()


def test_worker_runs_the_job_when_the_schedule_ticks(desk: Desk, jobs: Jobs) -> None:
    jobs.add_schedule(Schedule(name="often", cron="* * * * *", spec=ResolveJob()))
    with Worker(desk.settings):
        job_id = jobs.fire("often", datetime.now(UTC))
        assert ended(jobs, job_id).state == JobState.DONE


@pytest.mark.slow
def test_worker_sees_by_itself_that_a_tick_is_due(desk: Desk, jobs: Jobs) -> None:
    jobs.add_schedule(Schedule(name="often", cron="* * * * *", spec=ResolveJob()))
    with Worker(desk.settings):
        deadline = datetime.now(UTC) + timedelta(minutes=3)
        while not (found := jobs.list().data) and datetime.now(UTC) < deadline:
            time.sleep(0.5)
        assert found[0].schedule == "often"
        assert found[0].logical_at is not None and found[0].logical_at.second == 0
