"""Schedules: jobs at set times."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Path, Response

from app.api import examples
from app.api.asked import Backfill, NewSchedule
from app.api.callers import Asker, Caller, needs
from app.api.described import reads, writes
from app.api.freshness import Fresh
from app.api.problems import Refused
from app.api.routers.jobs import demand
from app.api.schemas import Answer
from app.api.service import Desk, Service
from app.api.strictly import StrictRoute, strictly
from app.jobs.records import Schedule
from db.errors import UnknownName
from db.ledger.api_keys import Scope

router = APIRouter(prefix="/v1/schedules", tags=["schedules"], route_class=StrictRoute)
Name = Annotated[str, Path(max_length=200, examples=["daily-desk"])]
_NEW = {"name": "daily-desk", "cron": "0 6 * * *", "time_zone": "UTC", "spec": {"kind": "desk", "n": 100}}
ScheduleBody = Annotated[NewSchedule, strictly(NewSchedule), Body(examples=[_NEW])]
BackfillBody = Annotated[
    Backfill, strictly(Backfill), Body(examples=[{"first": "2026-01-01T00:00:00Z", "last": "2026-01-07T00:00:00Z"}])
]


class Schedules(Answer):
    """All schedules by name."""

    data: list[Schedule]


class Submitted(Answer):
    """The jobs of the ticks, old and new ones."""

    job_ids: list[str]


class Missed(Answer):
    """The ticks of the last 31 days that no job stands for."""

    moments: list[datetime]


@router.get(
    "",
    operation_id="list_schedules",
    summary="List schedules",
    responses=reads({"data": [examples.SCHEDULE]}),
    dependencies=[needs(Scope.READ)],
)
def list_schedules(desk: Desk, fresh: Fresh) -> Schedules:
    """All of them, with the moments of their last and next ticks."""
    return fresh.by_content(Schedules(data=desk.jobs.schedules()))


@router.get(
    "/{name}",
    operation_id="get_schedule",
    summary="Read a schedule",
    responses=reads(examples.SCHEDULE, missing=True),
    dependencies=[needs(Scope.READ)],
)
def get_schedule(name: Name, desk: Desk, fresh: Fresh) -> Schedule:
    """One schedule with the moments of its last and next ticks."""
    return fresh.by_content(_found(name, desk))


@router.get(
    "/{name}/missed",
    operation_id="list_missed_ticks",
    summary="List missed ticks",
    responses=reads({"moments": ["2026-01-02T06:00:00Z"]}, missing=True),
    dependencies=[needs(Scope.READ)],
)
def list_missed_ticks(name: Name, desk: Desk, fresh: Fresh) -> Missed:
    """Ticks that were due and for which no job stands: make up for them with a backfill."""
    return fresh.by_content(Missed(moments=desk.jobs.missed(name)))


@router.post(
    "",
    status_code=201,
    operation_id="create_schedule",
    summary="Put a job on a schedule",
    responses=writes(201, examples.SCHEDULE, leads=True),
    dependencies=[needs(Scope.FORECAST)],
)
def create_schedule(asked: ScheduleBody, asker: Asker, desk: Desk, response: Response) -> Schedule:
    """The job is submitted at each tick. What takes the scope admin as a job takes it here too."""
    demand(asker, asked.spec)
    if any(known.name == asked.name for known in desk.jobs.schedules()):
        raise Refused(409, f"there is a schedule {asked.name!r} already: remove it or choose another name")
    desk.jobs.add_schedule(Schedule(name=asked.name, cron=asked.cron, time_zone=asked.time_zone, spec=asked.spec))
    response.headers["Location"] = f"/v1/schedules/{asked.name}"
    return _found(asked.name, desk)


@router.post(
    "/{name}/pause",
    operation_id="pause_schedule",
    summary="Pause a schedule",
    responses=writes(200, examples.SCHEDULE, missing=True),
    dependencies=[needs(Scope.FORECAST)],
)
def pause_schedule(name: Name, asker: Asker, desk: Desk) -> Schedule:
    """It ticks no more until it is resumed. One whose job takes the scope admin takes it here too."""
    _demanded(name, asker, desk)
    desk.jobs.pause(name)
    return _found(name, desk)


@router.post(
    "/{name}/resume",
    operation_id="resume_schedule",
    summary="Resume a schedule",
    responses=writes(200, examples.SCHEDULE, missing=True),
    dependencies=[needs(Scope.FORECAST)],
)
def resume_schedule(name: Name, asker: Asker, desk: Desk) -> Schedule:
    """It ticks again; what it missed is listed as missed."""
    _demanded(name, asker, desk)
    desk.jobs.unpause(name)
    return _found(name, desk)


@router.post(
    "/{name}/backfill",
    status_code=202,
    operation_id="backfill_schedule",
    summary="Make up for missed ticks",
    responses=writes(202, {"job_ids": ["job-0123456789abcdef"]}, missing=True),
    dependencies=[needs(Scope.FORECAST)],
)
def backfill_schedule(name: Name, window: BackfillBody, asker: Asker, desk: Desk) -> Submitted:
    """Submit the job of every tick of a time; a tick that has its job keeps it."""
    _demanded(name, asker, desk)
    return Submitted(job_ids=desk.jobs.backfill(name, window.first, window.last))


@router.delete(
    "/{name}",
    status_code=204,
    operation_id="remove_schedule",
    summary="Remove a schedule",
    responses=writes(204, None, missing=True),
    dependencies=[needs(Scope.FORECAST)],
)
def remove_schedule(name: Name, asker: Asker, desk: Desk) -> None:
    """Its jobs stay."""
    _demanded(name, asker, desk)
    desk.jobs.remove(name)


def _demanded(name: str, asker: Caller, desk: Service) -> None:
    """Raise UnknownName without such a schedule, Refused where whoever asks could not have made it."""
    demand(asker, _found(name, desk).spec)


def _found(name: str, desk: Service) -> Schedule:
    for schedule in desk.jobs.schedules():
        if schedule.name == name:
            return schedule
    raise UnknownName(f"there is no schedule {name!r}: see auspex schedule list", name=name)
