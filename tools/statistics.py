"""Statistics that forecasters ask for first: how often, how lately, and whether it is changing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field

import db.cameo as cameo
import db.countries as countries
from db.errors import BadInput
from db.events.filters import EventFilter, pair
from db.events.results import Bucket
from db.events.snapshot import Snapshot
from tools.filters import DateRange, Days, Name, Names, event_filter, known_days, known_note
from tools.rendering import counted
from tools.tool import Answer

MOST_BUCKETS = 200
"""How many buckets of a timeline one call returns at most."""


def get_event_timeline(
    snapshot: Snapshot,
    *,
    date_range: DateRange | None = None,
    head_entities: Names | None = None,
    tail_entities: Names | None = None,
    relations: Names | None = None,
    bucket: Bucket = "week",
) -> Answer[list[dict[str, Any]]]:
    """How many events match per day, week (from Monday) or month, quiet ones included: a time series.

    date_range: ["2025-05-01", "2025-05-31"], both days included. head_entities: who acts; tail_entities: towards whom;
    ISO codes or names, ["CHN", "Japan"]. relations: CAMEO codes, ["042", "13"]; a root includes its children.
    A list means any of its items, None no filter, [] matches nothing. bucket: "day", "week" or "month".
    Returns [{"first_day": "2025-05-26", "days": 7, "events": 4, "mentions": 210}], oldest first, the newest 200 buckets
    at most; "days" counts the days of the bucket that are known and asked for, fewer than all at the ends.
    """
    wanted, first_day, last_day = _known(snapshot, event_filter(date_range, head_entities, tail_entities, relations))
    found = {bin.first_day: bin for bin in snapshot.timeline(wanted, bucket=bucket)}
    series: list[dict[str, Any]] = [
        {
            "first_day": first.isoformat(),
            "days": days,
            "events": found[first].events if first in found else 0,
            "mentions": found[first].mentions if first in found else 0,
        }
        for first, days in _buckets(first_day, last_day, bucket)
    ]
    kept = series[-MOST_BUCKETS:]
    total = sum(bin.events for bin in found.values())
    return Answer(
        data=kept,
        heading=f"{counted(total, 'event')} in {counted(len(series), bucket)}, newest first:",
        lines=[f"{item['first_day']} ({counted(item['days'], 'day')}): {item['events']}" for item in reversed(kept)],
        note=known_note(snapshot),
        latest_added_at=snapshot.latest_added_at(wanted),
    )


def get_decayed_relation_distribution(
    snapshot: Snapshot,
    *,
    head_entity: Name,
    tail_entity: Name,
    half_life_days: Annotated[float, Field(gt=0, le=36_600)] = 30,
) -> Answer[dict[str, float]]:
    """How likely each kind of event is on a day when anything happens from one country to another, recent days first.

    A good first estimate of which codes will be reported. The share of a code is the weight of the pair's active days
    on which it was seen over the weight of all its active days; a day loses half its weight every half_life_days.
    head_entity: who acts; tail_entity: towards whom; ISO code or name, "CHN" or "China".
    half_life_days: 7 for what is in the news now, 90 for what is usual.
    Returns {three-digit CAMEO code: share in 0..1}, highest first; shares do not add up to 1, as a day can have many
    codes. {} if the pair has no events.
    """
    head, tail = countries.resolve(head_entity), countries.resolve(tail_entity)
    shares = snapshot.decayed_relation_distribution(head, tail, half_life_days=half_life_days)
    return Answer(
        data={code: round(share, 4) for code, share in shares.items()},
        heading=f"Share of active days from {head} to {tail}, half-life {half_life_days:g} days:",
        lines=[f"{code} {cameo.name(code)}: {share:.3f}" for code, share in shares.items()],
        note=known_note(snapshot),
        latest_added_at=snapshot.latest_added_at(pair(head, tail)),
    )


def compare_windows(
    snapshot: Snapshot,
    *,
    head_entities: Names | None = None,
    tail_entities: Names | None = None,
    relations: Names | None = None,
    recent_days: Days = 7,
    baseline_days: Days = 90,
) -> Answer[list[dict[str, Any]]]:
    """What is changing: events per day of each kind in the last days against the days before them.

    head_entities: who acts; tail_entities: towards whom; ISO codes or names, ["CHN", "Japan"]. relations: CAMEO codes,
    ["042", "13"]; a root includes its children. A list means any of its items, None no filter, [] matches nothing.
    recent_days: the last whole days; baseline_days: the days before those, shortened to what the record covers.
    Returns [{"code": "042", "title": "Make a visit", "recent": 3, "baseline": 9, "recent_per_day": 0.43,
    "baseline_per_day": 0.1, "baseline_days": 90}], most recent events first.
    """
    first, last = known_days(snapshot)
    cut = snapshot.today - timedelta(days=recent_days)
    known = (cut - first).days
    if last < snapshot.today - timedelta(days=1):
        raise BadInput(f"the record ends on {last}, so the last {recent_days} days are not known: look at a timeline")
    if known < 1:
        raise BadInput(f"the record begins on {first}: recent_days must be below {(snapshot.today - first).days}")
    baseline_days = min(baseline_days, known)
    wanted = event_filter(None, head_entities, tail_entities, relations)
    found = snapshot.compare_windows(wanted, recent_days=recent_days, baseline_days=baseline_days)
    both = replace(wanted, first_day=cut - timedelta(days=baseline_days), last_day=last)
    return Answer(
        data=[
            {
                "code": row.code,
                "title": cameo.name(row.code),
                "recent": row.recent,
                "baseline": row.baseline,
                "recent_per_day": round(row.recent_per_day, 4),
                "baseline_per_day": round(row.baseline_per_day, 4),
                "baseline_days": baseline_days,
            }
            for row in found
        ],
        heading=f"Events in the last {recent_days} days, and in the {baseline_days} days before them:",
        lines=[
            f"{row.code} {cameo.name(row.code)}: {row.recent} ({row.recent_per_day:.2f} a day), "
            f"before {row.baseline} ({row.baseline_per_day:.2f} a day)"
            for row in found
        ],
        note=known_note(snapshot),
        latest_added_at=snapshot.latest_added_at(both),
    )


def get_base_rate(
    snapshot: Snapshot,
    *,
    head_entities: Names | None = None,
    tail_entities: Names | None = None,
    relations: Names | None = None,
    window_days: Days = 7,
    at_least: Annotated[int, Field(ge=1, le=1_000_000)] = 1,
    date_range: DateRange | None = None,
) -> Answer[dict[str, Any]]:
    """In what share of past windows of some length did at least so many events match: the outside view of a question.

    head_entities: who acts; tail_entities: towards whom; ISO codes or names, ["CHN", "Japan"]. relations: CAMEO codes,
    ["042", "13"]; a root includes its children. A list means any of its items, None no filter, [] matches nothing.
    window_days: length of the question's window. at_least: how many events it asks for (distinct day, head, base code,
    tail). date_range: the past to look at, ["2025-01-01", "2025-05-31"]; None for all that is known.
    Returns {"windows": 84, "hits": 21, "rate": 0.25, "separate_windows": 12, "events": 40, "days": 90,
    "last_event": "2025-05-28"}: windows start on every day and overlap, so the rate rests on about separate_windows
    independent cases.
    """
    wanted, first, last = _known(snapshot, event_filter(date_range, head_entities, tail_entities, relations))
    days = (last - first).days + 1
    if window_days > days:
        raise BadInput(f"only {days} whole days are known there: choose window_days of at most {days}")
    per_day = {bin.first_day: bin.events for bin in snapshot.timeline(wanted, bucket="day")}
    series = [per_day.get(first + timedelta(days=offset), 0) for offset in range(days)]
    sums = [sum(series[:window_days])]
    for leaving, entering in zip(series, series[window_days:], strict=False):
        sums.append(sums[-1] + entering - leaving)
    hits = sum(total >= at_least for total in sums)
    answer = {
        "windows": len(sums),
        "hits": hits,
        "rate": round(hits / len(sums), 4),
        "separate_windows": days // window_days,
        "events": sum(series),
        "days": days,
        "last_event": max(per_day).isoformat() if per_day else None,
    }
    return Answer(
        data=answer,
        heading=f"{hits} of {len(sums)} windows of {window_days} days had at least {counted(at_least, 'event')}: "
        f"{hits / len(sums):.1%} (they overlap; {answer['separate_windows']} fit side by side)",
        lines=[f"{counted(sum(series), 'event')} in {days} days, last on {answer['last_event'] or 'none'}"],
        note=known_note(snapshot),
        latest_added_at=snapshot.latest_added_at(wanted),
    )


def _known(snapshot: Snapshot, wanted: EventFilter) -> tuple[EventFilter, date, date]:
    """The filter narrowed to the whole days that are known, and the first and last of them.

    Raises BadInput where none of its days is known.
    """
    begin, end = known_days(snapshot)
    first, last = max(wanted.first_day or begin, begin), min(wanted.last_day or end, end)
    if first > last:
        raise BadInput(f"date_range lies outside of what is known: choose days from {begin} to {end}")
    return replace(wanted, first_day=first, last_day=last), first, last


def _buckets(first: date, last: date, bucket: Bucket) -> Iterator[tuple[date, int]]:
    """The first day of each bucket that has a day in `first..last`, and how many it has there, oldest first."""
    day = first
    while day <= last:
        if bucket == "day":
            start, following = day, day + timedelta(days=1)
        elif bucket == "week":
            start = day - timedelta(days=day.weekday())
            following = start + timedelta(days=7)
        else:
            start = day.replace(day=1)
            following = (start + timedelta(days=31)).replace(day=1)
        yield start, (min(following, last + timedelta(days=1)) - day).days
        day = following
