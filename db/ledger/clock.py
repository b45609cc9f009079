"""Moments as the index holds them: whole microseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """How many microseconds `moment`, which has a time zone, lies after 1970; exact."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(count: int) -> datetime:
    """The moment in UTC that lies `count` microseconds after 1970; exact."""
    return _EPOCH + timedelta(microseconds=count)


def moment_or_none(count: int | None) -> datetime | None:
    """The moment, or None where there is none."""
    return None if count is None else moment(count)
