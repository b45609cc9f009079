"""What the event store shows as of one moment: all that the World page draws, read through one snapshot.

Nothing here can reach past the snapshot, so nothing added at or after its `as_of` is ever shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.ui.charts.world_map import Flow
from db.events.filters import EventFilter
from db.events.quads import Quads
from db.events.results import Bin, Bucket, Event
from db.events.snapshot import Snapshot

FLOWS_SHOWN = 40
"""Arcs on the map: more hide each other."""
EVENTS_SHOWN = 50
_MONDAY = np.timedelta64(4, "D")
"""numpy's weeks begin on the weekday of 1970-01-01, a Thursday."""
_DAYS_BY_DAY, _DAYS_BY_WEEK = 62, 800
"""Up to so many days a timeline goes by day, then by week, then by month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """What is looked at: the last `days` before the snapshot's moment, from a subject, at an object, of codes.

    Empty texts and tuples do not filter.
    """

    days: int
    subject: str = ""
    object: str = ""
    codes: tuple[str, ...] = ()

    def filter(self, snapshot: Snapshot) -> EventFilter:
        """The same as a query of `snapshot`."""
        return EventFilter(
            first_day=snapshot.today - timedelta(days=self.days),
            last_day=snapshot.today,
            subjects=(self.subject,) if self.subject else None,
            objects=(self.object,) if self.object else None,
            codes=self.codes or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Events by country, pair, time and kind; `newest_added_at`, always before `as_of`, None where there are none."""

    as_of: datetime
    first_day: date
    last_day: date
    n: int
    newest_added_at: datetime | None
    countries: Mapping[str, int]
    flows: Sequence[Flow]
    n_pairs: int
    bucket: Bucket
    timeline: Sequence[Bin]
    relations: Mapping[str, int]
    latest: Sequence[Event]


def seen(snapshot: Snapshot, looking: Looking) -> Seen:
    """What `snapshot` shows of what is looked at: one read of its events, counted here."""
    wanted, bucket = looking.filter(snapshot), bucket_of(looking.days)
    quads = snapshot.quads(wanted)
    flows = _flows(quads)
    return Seen(
        as_of=snapshot.as_of,
        first_day=snapshot.today - timedelta(days=looking.days),
        last_day=snapshot.today,
        n=len(quads),
        newest_added_at=snapshot.latest_added_at(wanted),
        countries=_counted(np.concatenate([quads.subject, quads.object]), quads.countries),
        flows=flows[:FLOWS_SHOWN],
        n_pairs=len(flows),
        bucket=bucket,
        timeline=_timeline(quads, bucket),
        relations=_counted(quads.code, quads.codes),
        latest=snapshot.events(wanted, limit=EVENTS_SHOWN),
    )


def bucket_of(days: int) -> Bucket:
    """What a timeline of so many days counts by."""
    return "day" if days <= _DAYS_BY_DAY else "week" if days <= _DAYS_BY_WEEK else "month"


def _counted(places: NDArray[np.int16], names: Sequence[str]) -> dict[str, int]:
    """How often each name is pointed at, most often first; names that are not are left out."""
    counts = np.bincount(places, minlength=len(names))
    ranked = sorted(((int(n), name) for n, name in zip(counts, names, strict=True) if n), key=_most_first)
    return {name: n for n, name in ranked}


def _flows(quads: Quads) -> list[Flow]:
    """Every ordered pair with events, most events first."""
    size = len(quads.countries) or 1
    both, counts = np.unique(quads.subject.astype(np.int64) * size + quads.object, return_counts=True)
    flows = [
        Flow(quads.countries[pair // size], quads.countries[pair % size], n)
        for pair, n in zip(both.tolist(), counts.tolist(), strict=True)
    ]
    return sorted(flows, key=lambda flow: (-flow.n, flow.subject, flow.object))


def _timeline(quads: Quads, bucket: Bucket) -> list[Bin]:
    """Events and their mentions by day, by week from Monday, or by month; empty ones left out."""
    days = quads.day.astype("datetime64[D]")
    if bucket == "month":
        firsts = days.astype("datetime64[M]").astype("datetime64[D]")
    elif bucket == "week":
        firsts = (days.astype("datetime64[W]").astype("datetime64[D]") + _MONDAY).astype("datetime64[D]")
        firsts = np.where(firsts > days, firsts - np.timedelta64(7, "D"), firsts)
    else:
        firsts = days
    found, place, counts = np.unique(firsts, return_inverse=True, return_counts=True)
    mentions = np.bincount(place, weights=quads.mentions, minlength=len(found))
    return [Bin(first, int(n), int(said)) for first, n, said in zip(found.tolist(), counts, mentions, strict=True)]


def _most_first(item: tuple[int, str]) -> tuple[int, str]:
    n, name = item
    return -n, name
