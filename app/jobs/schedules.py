"""Jobs at set times: schedules of the engine, whose ticks are submitted as jobs, one for each logical moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.jobs import ticks
from app.jobs.checks import check
from app.jobs.engine import keep_schedule
from app.jobs.names import TICK_KEY, TICK_WORKFLOW, job_id_of
from app.jobs.records import JOB_SPEC, DeskJob, ForecastJob, GenerateJob, JobSpec, Schedule
from db.errors import BadInput, UnknownName
from db.jobs.book import JobBook

if TYPE_CHECKING:
    from dbos import DBOSClient

LOOK_BACK = timedelta(days=31)
"""How far back missed ticks are looked for."""
MOST_AT_ONCE = 1000
"""Ticks that one back-fill may submit."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")

DEFAULT_DESK = Schedule(
    name="daily-desk",
    cron="30 6 * * *",
    time_zone="UTC",
    spec=DeskJob(sources=("http://data.gdeltproject.org/gdeltv2/masterfilelist.txt",), title="the daily desk"),
)
"""The default day at the desk, at half past six."""


class Schedules:
    """The schedules in the engine's database; `submit` puts a tick's job into the queue."""

    def __init__(self, engine: DBOSClient, book: JobBook, submit: Callable[..., str]) -> None:
        self._engine = engine
        self._book = book
        self._submit = submit

    def all(self) -> list[Schedule]:
        """All of them by name."""
        found = [_schedule(row) for row in self._engine.list_schedules() if row["workflow_name"] == TICK_WORKFLOW]
        return sorted(found, key=lambda schedule: schedule.name)

    def add(self, schedule: Schedule) -> None:
        """Keep a new one; see `Jobs.add_schedule`."""
        if not _NAME.fullmatch(schedule.name):
            raise BadInput(f"{schedule.name!r} is no name of a schedule: use letters, digits, dots, dashes, up to 60")
        ticks.check(schedule.cron, schedule.time_zone)
        check(schedule.spec, None)
        if self._engine.get_schedule(schedule.name) is not None:
            raise BadInput(f"there is a schedule {schedule.name!r} already: remove it or choose another name")
        context = {
            "schedule": schedule.name,
            "spec": schedule.spec.model_dump_json(),
            "added_at": datetime.now(UTC).isoformat(),
        }
        keep_schedule(self._engine, schedule, context)

    def pause(self, name: str) -> None:
        """See `Jobs.pause`."""
        self._row(name)
        self._engine.pause_schedule(name)

    def unpause(self, name: str) -> None:
        """See `Jobs.unpause`."""
        self._row(name)
        self._engine.resume_schedule(name)

    def remove(self, name: str) -> None:
        """See `Jobs.remove`."""
        self._row(name)
        self._engine.delete_schedule(name)

    def backfill(self, name: str, first: datetime, last: datetime) -> list[str]:
        """See `Jobs.backfill`. Raises BadInput for a window that is empty, lies ahead or holds too many ticks."""
        schedule = _schedule(self._row(name))
        if last < first:
            raise BadInput(f"the window {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} is empty: turn it round")
        if last > datetime.now(UTC):
            raise BadInput(f"the window ends at {last:%Y-%m-%d %H:%M}, which is still to come: end it now or before")
        due = ticks.between(schedule.cron, schedule.time_zone, first, last)
        if len(due) > MOST_AT_ONCE:
            raise BadInput(f"schedule {name!r} ticks {len(due)} times in that window: take {MOST_AT_ONCE} at most")
        return [self._tick(schedule, moment) for moment in due]

    def missed(self, name: str) -> list[datetime]:
        """See `Jobs.missed`."""
        row, now = self._row(name), datetime.now(UTC)
        schedule = _schedule(row)
        first = max(datetime.fromisoformat(row["context"]["added_at"]), now - LOOK_BACK)
        there = self._book.logical_moments(name, first, now)
        return [
            moment for moment in ticks.between(schedule.cron, schedule.time_zone, first, now) if moment not in there
        ]

    def fire(self, name: str, fired_at: datetime) -> str:
        """See `Jobs.fire`."""
        schedule = _schedule(self._row(name))
        return self._tick(schedule, ticks.logical(schedule.cron, schedule.time_zone, fired_at))

    def _tick(self, schedule: Schedule, logical_at: datetime) -> str:
        key = f"{TICK_KEY}{schedule.name}@{logical_at.isoformat()}"
        known = self._book.job(job_id_of(key))
        if known is not None:  # what a schedule of this name asked for at that moment, whatever it asks for now
            return known.job_id
        return self._submit(
            as_of_tick(schedule.spec, logical_at), key=key, schedule=schedule.name, logical_at=logical_at
        )

    def _row(self, name: str) -> Any:
        row = self._engine.get_schedule(name)
        if row is None or row["workflow_name"] != TICK_WORKFLOW:
            near = tuple(schedule.name for schedule in self.all())
            raise UnknownName(f"there is no schedule {name!r}: see auspex schedule list", name=name, near=near)
        return row


def as_of_tick(spec: JobSpec, logical_at: datetime) -> JobSpec:
    """The job that a tick stands for: with the tick's own moment as its cut-off, however late it runs."""
    if isinstance(spec, DeskJob) and spec.as_of is not None:
        return spec
    if isinstance(spec, DeskJob | ForecastJob | GenerateJob):
        return spec.model_copy(update={"as_of": logical_at})
    return spec


def _schedule(row: Any) -> Schedule:
    fired = row["last_fired_at"]
    time_zone = row["cron_timezone"] or "UTC"
    return Schedule(
        name=row["schedule_name"],
        cron=row["schedule"],
        time_zone=time_zone,
        spec=JOB_SPEC.validate_json(row["context"]["spec"]),
        paused=row["status"] != "ACTIVE",
        next_at=next(ticks.ticks(row["schedule"], time_zone, datetime.now(UTC))),
        last_at=None if fired is None else datetime.fromisoformat(fired),
    )
