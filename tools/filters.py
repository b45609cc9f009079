"""The common filter of the event tools: what models write, and the `EventFilter` it stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

import db.countries as countries
from db.errors import BadInput
from db.events.filters import EventFilter
from db.events.snapshot import Snapshot

Name = Annotated[str, Field(max_length=100)]
Names = Annotated[list[Name], Field(max_length=300)]
DateRange = Annotated[list[Name], Field(min_length=2, max_length=2)]
Days = Annotated[int, Field(ge=1, le=3660)]
Query = Annotated[str, Field(max_length=400)]

_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")


def event_filter(
    date_range: Sequence[str] | None = None,
    head_entities: Sequence[str] | None = None,
    tail_entities: Sequence[str] | None = None,
    relations: Sequence[str] | None = None,
) -> EventFilter:
    """The filter that these arguments mean; None filters nothing, an empty list matches nothing.

    Raises BadInput for a date not written YYYY-MM-DD or a range that ends before it begins, UnknownName or
    AmbiguousName for a country or code that is none or several.
    """
    first, last = (None, None) if date_range is None else [day_of(text) for text in date_range]
    return EventFilter(
        first_day=first,
        last_day=last,
        subjects=_countries(head_entities),
        objects=_countries(tail_entities),
        codes=None if relations is None else tuple(dict.fromkeys(relations)),
    )


def day_of(text: str) -> date:
    """The day that a text writes as YYYY-MM-DD, and no other way; raises BadInput."""
    found = _DATE.fullmatch(text)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise BadInput(f"{text!r} is not a date: write a day that exists as YYYY-MM-DD, such as 2025-01-05")
    if day.isoformat() != text:
        raise BadInput(f"{text!r} is not written as YYYY-MM-DD: write {day.isoformat()}")
    return day


def known_note(snapshot: Snapshot) -> str:
    """From when to when anything is known, in a sentence."""
    until = f"nothing is known from {snapshot.as_of:%Y-%m-%d %H:%M} UTC on."
    span = snapshot.span()
    if span is None:
        return f"The record is empty; {until}"
    return f"The record runs from {span[0]:%Y-%m-%d} to {span[1]:%Y-%m-%d}; {until}"


def known_days(snapshot: Snapshot) -> tuple[date, date]:
    """The first and the last whole day that the record covers; raises BadInput where it covers none."""
    span = snapshot.span()
    if span is not None:
        first, last = span[0].date(), min(span[1].date(), snapshot.today - timedelta(days=1))
        if first <= last:
            return first, last
    raise BadInput(f"no whole day is known before {snapshot.as_of:%Y-%m-%d %H:%M} UTC")


def _countries(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(dict.fromkeys(countries.resolve(name) for name in names))
