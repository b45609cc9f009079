"""When a schedule ticks: cron lines in a time zone, one tick per logical moment, whatever the clocks do.

A time of day that is skipped in spring ticks when the clocks have moved; one that comes twice in autumn ticks the first
time. A line that ticks every hour, or every few, ticks in the repeated hour too: an hour has passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter
from croniter.croniter import CroniterError

from db.errors import BadInput

_LOOK_AHEAD_YEARS = 8
"""From one 29 February to the next it may be so long, and no line ticks more rarely."""
_FIXED_HOURS = re.compile(r"\d+(,\d+)*")


def check(cron: str, time_zone: str) -> None:
    """Raises BadInput for a line that is not five cron fields or never ticks, or a time zone that there is none of."""
    if len(cron.split()) != 5 or not croniter.is_valid(cron):
        raise BadInput(f"{cron!r} is no cron line: write five fields, such as '30 6 * * *' for 6:30 every day")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(f"{time_zone!r} is no time zone: write one such as Europe/Berlin or UTC") from error
    try:
        next(ticks(cron, time_zone, datetime.now(UTC)))
    except CroniterError as error:
        raise BadInput(f"{cron!r} never ticks: there is no such day in {_LOOK_AHEAD_YEARS} years") from error


def ticks(cron: str, time_zone: str, after: datetime) -> Iterator[datetime]:
    """The ticks after a moment, in order and in UTC, without end."""
    zone = ZoneInfo(time_zone)
    once_a_day = _FIXED_HOURS.fullmatch(cron.split()[1]) is not None
    every = croniter(cron, after.astimezone(zone), max_years_between_matches=_LOOK_AHEAD_YEARS)
    last = after.astimezone(UTC)
    while True:
        tick = every.get_next(datetime).astimezone(UTC)
        if tick <= last or (once_a_day and tick.astimezone(zone).fold):
            continue
        last = tick
        yield tick


def between(cron: str, time_zone: str, first: datetime, last: datetime) -> list[datetime]:
    """The ticks from `first` to `last`, both included."""
    found: list[datetime] = []
    for tick in ticks(cron, time_zone, first - timedelta(microseconds=1)):
        if tick > last:
            return found
        found.append(tick)
    return found


def logical(cron: str, time_zone: str, fired_at: datetime) -> datetime:
    """The tick that a moment belongs to: the last one that is not after it, looked for as far back as it may lie."""
    for days in (2, 62, 800, 3000):
        found = between(cron, time_zone, fired_at - timedelta(days=days), fired_at)
        if found:
            return found[-1]
    raise BadInput(f"{cron!r} has not ticked within eight years before {fired_at:%Y-%m-%d}")
