"""`auspex schedule`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.cli.options import moment
from app.commands.places import settings_at
from app.jobs.client import Jobs
from app.jobs.records import JOB_SPEC, DeskJob, JobSpec, Schedule
from app.jobs.schedules import DEFAULT_DESK
from app.output import emit_json, out, table
from db.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a day at the desk is to be like; empty `sources` ingest nothing, or with the default what it ships."""

    sources: tuple[str, ...]
    n: int
    horizon_days: int
    members: tuple[str, ...]
    budget_usd: float | None

    def job(self) -> DeskJob:
        """The job of one day."""
        return DeskJob(
            sources=self.sources,
            n=self.n,
            horizon_days=self.horizon_days,
            members=self.members,
            budget_usd=self.budget_usd,
        )


def default(desk: Desk) -> Schedule:
    """The daily desk as it ships, but for what was asked for otherwise."""
    shipped = DEFAULT_DESK.spec
    sources = desk.sources or (shipped.sources if isinstance(shipped, DeskJob) else ())
    spec = desk.job().model_copy(update={"sources": sources, "title": shipped.title})
    return DEFAULT_DESK.model_copy(update={"spec": spec})


def named(schedule: Schedule, name: str, cron: str, time_zone: str) -> Schedule:
    """The schedule under another name, at other times or on another clock; "" leaves each as it is."""
    wanted = {"name": name, "cron": cron, "time_zone": time_zone}
    return schedule.model_copy(update={key: value for key, value in wanted.items() if value})


def made(name: str, cron: str, time_zone: str, job: Path | None, desk: Desk) -> Schedule:
    """A schedule of a job in a file, or of days at the desk; raises BadInput for what is missing or wrong."""
    if not name or not cron:
        raise BadInput("a schedule needs a name and --cron '30 6 * * *', or --default for the daily desk")
    return Schedule(name=name, cron=cron, time_zone=time_zone or "UTC", spec=_read(job) if job else desk.job())


def add(schedule: Schedule, ledger: str | None, *, as_json: bool) -> None:
    """Keep it, and say when it ticks first."""
    with Jobs(settings_at(None, ledger)) as jobs:
        jobs.add_schedule(schedule)
        [kept] = [one for one in jobs.schedules() if one.name == schedule.name]
    if as_json:
        emit_json(_dict(kept, []))
    else:
        out.print(f"Schedule {kept.name} ticks first at {_when(kept.next_at)}. A worker must run: auspex worker")


def list_schedules(ledger: str | None, *, as_json: bool) -> None:
    """All of them with the ticks that they missed."""
    with Jobs(settings_at(None, ledger)) as jobs:
        found = [(one, jobs.missed(one.name)) for one in jobs.schedules()]
    if as_json:
        emit_json({"schedules": [_dict(one, missed) for one, missed in found]})
    elif not found:
        out.print("No schedules yet. Begin with the daily desk: auspex schedule add --default")
    else:
        rows = [
            (one.name, one.cron, one.time_zone, "paused" if one.paused else _when(one.next_at), len(missed))
            for one, missed in found
        ]
        table("Schedules", ("name", "cron", "time zone", "next", "missed"), rows)


def change(verb: str, name: str, ledger: str | None, *, as_json: bool) -> None:
    """Pause, unpause or remove one."""
    with Jobs(settings_at(None, ledger)) as jobs:
        {"pause": jobs.pause, "unpause": jobs.unpause, "remove": jobs.remove}[verb](name)
    if as_json:
        emit_json({"name": name, "done": verb})
    else:
        out.print(f"Schedule {name} is {verb.removesuffix('e')}ed.")


def backfill(name: str, first: str | None, last: str | None, ledger: str | None, *, as_json: bool) -> None:
    """Submit the jobs of the ticks in a window, or of all that were missed."""
    with Jobs(settings_at(None, ledger)) as jobs:
        missed = jobs.missed(name) if first is None else []
        begin = moment(first, "--from") if first else missed[0] if missed else None
        end = moment(last, "--to") if last else datetime.now(UTC)
        found = [] if begin is None else jobs.backfill(name, begin, end)
    if as_json:
        emit_json({"name": name, "jobs": found})
    elif not found:
        out.print(f"Schedule {name} missed nothing.")
    else:
        out.print(f"{len(found)} jobs stand for the ticks of {name} in that window: {', '.join(found[:5])}")
        out.print("Next: auspex worker, auspex batch list")


def _read(file: Path) -> JobSpec:
    try:
        spec: JobSpec = JOB_SPEC.validate_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"job file {file} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadInput(f"job file {file} holds no job: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return spec


def _dict(schedule: Schedule, missed: list[datetime]) -> dict[str, Any]:
    return {**schedule.model_dump(mode="json"), "missed": [at.isoformat() for at in missed]}


def _when(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
