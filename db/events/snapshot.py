"""A snapshot: the event store as it was known at one moment, and the only thing that forecasters ever hold.

Everything that a snapshot can say about events goes through `VisibleRows`, where `added_at < as_of` is bound. It has
no method that widens it, no clock but `as_of`, and its files and its moment are fixed when it is made. Several threads
may ask one snapshot at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import numpy as np

import db.cameo as cameo
from db.articles.snapshot import ArticleSnapshot
from db.errors import BadInput
from db.events.files import StoreFiles
from db.events.filters import EventFilter, View
from db.events.manifest import Partition
from db.events.quads import Quads
from db.events.ranking import best, postings_sql
from db.events.results import Bin, Bucket, Event, Role, WindowComparison
from db.events.visible import VisibleRows

_EPOCH = date(1970, 1, 1)
_ALL = EventFilter()


class Snapshot:
    """The events known strictly before `as_of`. Made by `EventStore.as_of`, never directly.

    With `cache="memory"` the cleaned quads are read once and every query answers from memory.
    """

    __slots__ = ("_articles", "_as_of", "_fingerprint", "_rows", "_view")

    def __init__(
        self,
        files: StoreFiles,
        partitions: Sequence[Partition],
        fingerprint: str,
        as_of: datetime,
        view: View,
        cache: Literal["memory"] | None,
    ) -> None:
        self._fingerprint = fingerprint
        self._as_of = as_of
        self._view = view
        self._articles = ArticleSnapshot(files.folder, as_of)
        self._rows = VisibleRows(files, partitions, as_of, view, cache)

    @property
    def as_of(self) -> datetime:
        """The information cut-off: nothing added at or after it is visible."""
        return self._as_of

    @property
    def today(self) -> date:
        """The day of `as_of`, of which a snapshot knows only what was added before `as_of`."""
        return self._as_of.date()

    @property
    def view(self) -> View:
        """Which rows count as events."""
        return self._view

    @property
    def fingerprint(self) -> str:
        """A hash of the stored events that this snapshot was made from."""
        return self._fingerprint

    @property
    def articles(self) -> ArticleSnapshot:
        """The news articles known at the same moment; empty where none were indexed, and on object storage."""
        return self._articles

    def urls(self, filter: EventFilter = _ALL) -> frozenset[str]:
        """The addresses of the articles behind the events that match."""
        sql, parameters = self._rows.urls(filter)
        return frozenset(url for (url,) in self._rows.run(sql, parameters))

    def events(self, filter: EventFilter = _ALL, *, limit: int = 30) -> list[Event]:
        """The latest events that match: newest first, ties by mentions, then by id; at most `limit`."""
        sql, parameters = self._rows.quads(filter)
        rows = self._rows.run(f"{sql} ORDER BY day DESC, mentions DESC, event_id LIMIT ?", [*parameters, limit])
        return [_event(row) for row in rows]

    def search_events(self, text: str, filter: EventFilter = _ALL, *, limit: int = 30) -> list[Event]:
        """The matching events that share a word with `text`, best match first (`db.events.ranking`); at most `limit`.

        Ties go to the newest event, then to the one with most mentions, then to the lowest id.
        """
        sql, parameters = self._rows.quads(filter)
        ids = best(self._rows.arrays(*postings_sql(sql, parameters, text)), limit)
        rows = self._rows.run(
            f"SELECT * FROM ({sql}) WHERE event_id IN (SELECT unnest(?::BIGINT[]))", [*parameters, ids]
        )
        return sorted(map(_event, rows), key=lambda event: ids.index(event.event_id))

    def count_events(self, filter: EventFilter = _ALL) -> int:
        """How many distinct (day, subject, base code, object) match."""
        sql, parameters = self._rows.quads(filter)
        return int(self._rows.run(f"SELECT count(*) FROM ({sql})", parameters)[0][0])

    def latest_added_at(self, filter: EventFilter = _ALL) -> datetime | None:
        """When the newest row behind the matching events became known, always before `as_of`; None without events."""
        sql, parameters = self._rows.quads(filter)
        [(latest,)] = self._rows.run(f"SELECT max(added_at) FROM ({sql})", parameters)
        return None if latest is None else latest.replace(tzinfo=UTC)

    def relation_distribution(self, filter: EventFilter = _ALL) -> dict[str, int]:
        """How many events each base code has, most frequent first."""
        sql, parameters = self._rows.quads(filter)
        return dict(
            self._rows.run(f"SELECT code, count(*) AS n FROM ({sql}) GROUP BY 1 ORDER BY n DESC, code", parameters)
        )

    def entity_distribution(self, filter: EventFilter = _ALL, *, role: Role = "both") -> dict[str, int]:
        """How many matching events each country has as subject, as object, or in either role; most frequent first."""
        sql, parameters = self._rows.quads(filter)
        roles = {"subject": "subject", "object": "object", "both": "unnest([subject, object])"}
        if role not in roles:
            raise BadInput(f"role {role!r} is not one of {', '.join(roles)}")
        counted = f"SELECT {roles[role]} AS country FROM ({sql})"
        return dict(
            self._rows.run(
                f"SELECT country, count(*) AS n FROM ({counted}) GROUP BY 1 ORDER BY n DESC, country", parameters
            )
        )

    def timeline(self, filter: EventFilter = _ALL, *, bucket: Bucket = "week") -> list[Bin]:
        """Matching events per day, week (from Monday) or month, oldest first; buckets without events are left out."""
        if bucket not in ("day", "week", "month"):
            raise BadInput(f"bucket {bucket!r} is not one of day, week, month")
        sql, parameters = self._rows.quads(filter)
        rows = self._rows.run(
            f"SELECT date_trunc('{bucket}', day)::DATE AS first, count(*), sum(mentions) FROM ({sql}) "
            "GROUP BY 1 ORDER BY 1",
            parameters,
        )
        return [Bin(first, count, int(mentions)) for first, count, mentions in rows]

    def decayed_relation_distribution(
        self, subject: str, object: str, *, half_life_days: float = 30
    ) -> dict[str, float]:
        """Each base code's share of a pair's active days, days weighted by 2^(-age / half_life_days); highest first.

        A share is the weight of the days on which the code was seen over the weight of all active days, in 0..1. Ages
        count from the pair's last active day, which changes no share and leaves none without a weight.
        """
        if not half_life_days > 0:
            raise BadInput(f"half_life_days must be above 0, not {half_life_days}")
        sql, parameters = self._rows.quads(EventFilter(subjects=(subject,), objects=(object,)))
        rows = self._rows.run(
            f"""
            WITH seen AS (SELECT day, code, 0.5 ** ((max(day) OVER () - day) / ?::DOUBLE) AS weight FROM ({sql})),
            total AS (SELECT sum(weight) AS weight FROM (SELECT DISTINCT day, weight FROM seen))
            SELECT code, sum(seen.weight) / any_value(total.weight) AS share FROM seen, total
            GROUP BY code ORDER BY share DESC, code
            """,
            [half_life_days, *parameters],
        )
        return dict(rows)

    def compare_windows(
        self, filter: EventFilter = _ALL, *, recent_days: int = 7, baseline_days: int = 90
    ) -> list[WindowComparison]:
        """Per code, the last `recent_days` full days against the `baseline_days` before them; most recent events first.

        The windows replace the filter's own days.
        """
        if recent_days < 1 or baseline_days < 1:
            raise BadInput(f"both windows need at least one day, not {recent_days} and {baseline_days}")
        cut = self.today - timedelta(days=recent_days)
        spanned = EventFilter(
            first_day=cut - timedelta(days=baseline_days),
            last_day=self.today - timedelta(days=1),
            subjects=filter.subjects,
            objects=filter.objects,
            codes=filter.codes,
        )
        sql, parameters = self._rows.quads(spanned)
        rows = self._rows.run(
            f"SELECT code, count(*) FILTER (day >= ?) AS recent, count(*) FILTER (day < ?) AS baseline "
            f"FROM ({sql}) GROUP BY code ORDER BY recent DESC, baseline DESC, code",
            [cut, cut, *parameters],
        )
        return [
            WindowComparison(code, recent, baseline, recent / recent_days, baseline / baseline_days)
            for code, recent, baseline in rows
        ]

    def active_pairs(self, first_day: date, last_day: date) -> list[tuple[str, str, int]]:
        """Ordered pairs with an event in the window, as (subject, object, number of events), by name."""
        sql, parameters = self._rows.quads(EventFilter(first_day=first_day, last_day=last_day))
        return self._rows.run(f"SELECT subject, object, count(*) FROM ({sql}) GROUP BY 1, 2 ORDER BY 1, 2", parameters)

    def quads(self, filter: EventFilter = _ALL) -> Quads:
        """The matching events as arrays, sorted by day: what statistical members learn from."""
        sql, parameters = self._rows.quads(filter)
        arrays = self._rows.arrays(
            f"SELECT day - DATE '{_EPOCH}' AS day, subject, object, code, mentions FROM ({sql}) "
            "ORDER BY day, subject, object, code",
            parameters,
        )
        countries, positions = np.unique(np.concatenate([arrays["subject"], arrays["object"]]), return_inverse=True)
        codes = cameo.base_codes()
        size = len(arrays["day"])
        return Quads(
            day=arrays["day"].astype(np.int32),
            subject=positions[:size].astype(np.int16),
            object=positions[size:].astype(np.int16),
            code=np.searchsorted(np.array(codes), arrays["code"].astype(str)).astype(np.int16),
            mentions=arrays["mentions"].astype(np.float32),
            countries=tuple(map(str, countries)),
            codes=tuple(codes),
        )

    def span(self) -> tuple[datetime, datetime] | None:
        """When the first and the last visible row was added, or None for an empty snapshot."""
        return self._rows.span()

    def known_since(self, days: Sequence[date]) -> list[datetime | None]:
        """When each day was complete: the time of the first row added after it ended, or None if there is none yet."""
        sql, parameters = self._rows.added()
        added = self._rows.arrays(f"SELECT DISTINCT added_at FROM ({sql}) ORDER BY 1", parameters)["added_at"]
        ends = np.array([day + timedelta(days=1) for day in days], dtype="datetime64[us]")
        places = np.searchsorted(added, ends, side="left")
        return [added[at].astype(datetime).replace(tzinfo=UTC) if at < len(added) else None for at in places]


def _event(row: tuple[Any, ...]) -> Event:
    """One row of the cleaned quads."""
    day, subject, object, code, mentions, reports, tone, url, event_id, added_at = row
    goldstein, known = cameo.goldstein(code), added_at.replace(tzinfo=UTC)
    return Event(day, subject, object, code, int(mentions), reports, tone, goldstein, url or "", event_id, known)
