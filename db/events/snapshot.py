"""A snapshot: the event store as it was known at one moment, and the only thing that forecasters ever hold.

Everything that a snapshot can say goes through `_quads_sql`, where `added_at < as_of` is bound. It has no method that
widens it, no clock but `as_of`, and its files and its moment are fixed when it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import numpy as np

import db.cameo as cameo
from db.errors import BadInput, StoreChanged
from db.events.columns import table_sql
from db.events.filters import EventFilter, View
from db.events.manifest import Partition
from db.events.quads import Quads
from db.events.results import Bin, Bucket, Event, Role, WindowComparison

_EPOCH = date(1970, 1, 1)
_ALL = EventFilter()


class Snapshot:
    """The events known strictly before `as_of`. Made by `EventStore.as_of`, never directly.

    With `cache="memory"` the cleaned quads are read once and every query answers from memory.
    """

    __slots__ = ("_as_of", "_cached", "_connection", "_fingerprint", "_partitions", "_store", "_view")

    def __init__(
        self,
        store: Path,
        partitions: Sequence[Partition],
        fingerprint: str,
        as_of: datetime,
        view: View,
        cache: Literal["memory"] | None,
    ) -> None:
        self._store = store
        self._partitions = tuple(part for part in partitions if part.first_added_at < as_of)
        self._fingerprint = fingerprint
        self._as_of = as_of
        self._view = view
        self._cached = False
        self._connection = duckdb.connect(config={"threads": 2})
        for setting in ("enable_progress_bar = false", "TimeZone = 'UTC'", "parquet_metadata_cache = true"):
            self._connection.execute(f"SET {setting}")
        self._connection.execute(f"SET allowed_directories = ['{store.as_posix().replace(chr(39), chr(39) * 2)}']")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute(table_sql("empty_events"))
        if cache == "memory":
            sql, parameters = self._quads_sql(_ALL)
            self._run(f"CREATE TABLE quads AS {sql} ORDER BY subject, object, day", parameters)
            self._cached = True
        self._connection.execute("SET lock_configuration = true")

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

    def events(self, filter: EventFilter = _ALL, *, limit: int = 30) -> list[Event]:
        """The latest events that match: newest first, ties by mentions, then by id; at most `limit`."""
        sql, parameters = self._quads_sql(filter)
        rows = self._run(f"{sql} ORDER BY day DESC, mentions DESC, event_id LIMIT ?", [*parameters, limit])
        return [
            Event(
                day,
                subject,
                object,
                code,
                int(mentions),
                reports,
                tone,
                cameo.goldstein(code),
                url or "",
                event_id,
                added_at.replace(tzinfo=UTC),
            )
            for day, subject, object, code, mentions, reports, tone, url, event_id, added_at in rows
        ]

    def count_events(self, filter: EventFilter = _ALL) -> int:
        """How many distinct (day, subject, base code, object) match."""
        sql, parameters = self._quads_sql(filter)
        return int(self._run(f"SELECT count(*) FROM ({sql})", parameters)[0][0])

    def latest_added_at(self, filter: EventFilter = _ALL) -> datetime | None:
        """When the newest row behind the matching events became known, always before `as_of`; None without events."""
        sql, parameters = self._quads_sql(filter)
        [(latest,)] = self._run(f"SELECT max(added_at) FROM ({sql})", parameters)
        return None if latest is None else latest.replace(tzinfo=UTC)

    def relation_distribution(self, filter: EventFilter = _ALL) -> dict[str, int]:
        """How many events each base code has, most frequent first."""
        sql, parameters = self._quads_sql(filter)
        return dict(self._run(f"SELECT code, count(*) AS n FROM ({sql}) GROUP BY 1 ORDER BY n DESC, code", parameters))

    def entity_distribution(self, filter: EventFilter = _ALL, *, role: Role = "both") -> dict[str, int]:
        """How many matching events each country has as subject, as object, or in either role; most frequent first."""
        sql, parameters = self._quads_sql(filter)
        roles = {"subject": "subject", "object": "object", "both": "unnest([subject, object])"}
        if role not in roles:
            raise BadInput(f"role {role!r} is not one of {', '.join(roles)}")
        counted = f"SELECT {roles[role]} AS country FROM ({sql})"
        return dict(
            self._run(f"SELECT country, count(*) AS n FROM ({counted}) GROUP BY 1 ORDER BY n DESC, country", parameters)
        )

    def timeline(self, filter: EventFilter = _ALL, *, bucket: Bucket = "week") -> list[Bin]:
        """Matching events per day, week (from Monday) or month, oldest first; buckets without events are left out."""
        if bucket not in ("day", "week", "month"):
            raise BadInput(f"bucket {bucket!r} is not one of day, week, month")
        sql, parameters = self._quads_sql(filter)
        rows = self._run(
            f"SELECT date_trunc('{bucket}', day)::DATE AS first, count(*), sum(mentions) FROM ({sql}) "
            "GROUP BY 1 ORDER BY 1",
            parameters,
        )
        return [Bin(first, count, int(mentions)) for first, count, mentions in rows]

    def decayed_relation_distribution(
        self, subject: str, object: str, *, half_life_days: float = 30
    ) -> dict[str, float]:
        """Each base code's share of a pair's active days, days weighted by 2^(-age / half_life_days); highest first.

        A share is the weight of the days on which the code was seen over the weight of all active days, in 0..1.
        """
        if not half_life_days > 0:
            raise BadInput(f"half_life_days must be above 0, not {half_life_days}")
        sql, parameters = self._quads_sql(EventFilter(subjects=(subject,), objects=(object,)))
        rows = self._run(
            f"""
            WITH seen AS (SELECT day, code, 0.5 ** ((?::DATE - day) / ?::DOUBLE) AS weight FROM ({sql})),
            total AS (SELECT sum(weight) AS weight FROM (SELECT DISTINCT day, weight FROM seen))
            SELECT code, sum(seen.weight) / any_value(total.weight) AS share FROM seen, total
            GROUP BY code ORDER BY share DESC, code
            """,
            [self.today, half_life_days, *parameters],
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
        sql, parameters = self._quads_sql(spanned)
        rows = self._run(
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
        sql, parameters = self._quads_sql(EventFilter(first_day=first_day, last_day=last_day))
        return self._run(f"SELECT subject, object, count(*) FROM ({sql}) GROUP BY 1, 2 ORDER BY 1, 2", parameters)

    def quads(self, filter: EventFilter = _ALL) -> Quads:
        """The matching events as arrays, sorted by day: what statistical members learn from."""
        sql, parameters = self._quads_sql(filter)
        arrays = self._fetch_arrays(
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
        files = [str(self._store / part.file) for part in self._partitions]
        if not files:
            return None
        sql = "SELECT min(added_at), max(added_at) FROM read_parquet(?) WHERE added_at < ?"
        first, last = self._run(sql, [files, self._cut])[0]
        return None if first is None else (first.replace(tzinfo=UTC), last.replace(tzinfo=UTC))

    def known_since(self, days: Sequence[date]) -> list[datetime | None]:
        """When each day was complete: the time of the first row added after it ended, or None if there is none yet."""
        added = (
            self._fetch_arrays(
                "SELECT DISTINCT added_at FROM read_parquet(?) WHERE added_at < ? ORDER BY 1",
                [[str(self._store / part.file) for part in self._partitions], self._cut],
            )["added_at"]
            if self._partitions
            else np.array([], dtype="datetime64[us]")
        )
        ends = np.array([day + timedelta(days=1) for day in days], dtype="datetime64[us]")
        places = np.searchsorted(added, ends, side="left")
        return [added[at].astype(datetime).replace(tzinfo=UTC) if at < len(added) else None for at in places]

    @property
    def _cut(self) -> datetime:
        return self._as_of.astimezone(UTC).replace(tzinfo=None)

    def _quads_sql(self, filter: EventFilter) -> tuple[str, list[Any]]:
        """The cleaned quads that match: the one place where rows are read, and where the future is cut off."""
        conditions, parameters = _conditions(filter)
        if self._cached:
            return f"SELECT * FROM quads WHERE {conditions}", parameters
        source, source_parameters = self._visible(filter)
        return (
            f"""
            SELECT day, subject, object, code, coalesce(sum(mentions), count(*)) AS mentions, count(*) AS reports,
                avg(tone)::DOUBLE AS tone, arg_max(url, mentions) AS url, min(event_id) AS event_id,
                max(added_at) AS added_at
            FROM (SELECT event_date AS day, actor1 AS subject, actor2 AS object, code[:3] AS code, mentions, tone, url,
                    event_id, added_at
                FROM ({source}) WHERE actor1 <> actor2 AND length(code) >= 3 {"AND aligned" * self._view.aligned})
            WHERE {conditions}
            GROUP BY day, subject, object, code
            HAVING coalesce(sum(mentions) > {int(self._view.min_mentions)}, true)
            """,
            [*source_parameters, *parameters],
        )

    def _visible(self, filter: EventFilter) -> tuple[str, list[Any]]:
        """The rows added before `as_of`, from the partitions that can hold the filter's days."""
        first = filter.first_day.isoformat() if filter.first_day else ""
        last = filter.last_day.isoformat() if filter.last_day else "9999"
        files = [
            str(self._store / part.file)
            for part in self._partitions
            if part.last_event_date >= first and part.first_event_date <= last
        ]
        if not files:  # an empty relation of the right shape: no month can hold an answer
            return "SELECT * FROM empty_events", []
        return "SELECT * FROM read_parquet(?) WHERE added_at < ?", [files, self._cut]

    def _run(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        return self._execute(sql, parameters).fetchall()

    def _fetch_arrays(self, sql: str, parameters: Sequence[Any]) -> dict[str, Any]:
        return self._execute(sql, parameters).fetchnumpy()

    def _execute(self, sql: str, parameters: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.cursor().execute(sql, list(parameters))
        except duckdb.IOException as error:
            raise StoreChanged(f"files behind a snapshot of {self._store} are gone: open the store again") from error


def _conditions(filter: EventFilter) -> tuple[str, list[Any]]:
    """The filter as SQL over the columns day, subject, object, code."""
    conditions = ["true"]
    parameters: list[Any] = []
    for column, operator, bound in (("day", ">=", filter.first_day), ("day", "<=", filter.last_day)):
        if bound is not None:
            conditions.append(f"{column} {operator} ?")
            parameters.append(bound)
    for column, wanted in (("subject", filter.subjects), ("object", filter.objects), ("code", filter.base_codes)):
        if wanted is not None:
            conditions.append(f"{column} IN (SELECT unnest(?::VARCHAR[]))" if len(wanted) != 1 else f"{column} = ?")
            parameters.append(wanted[0] if len(wanted) == 1 else list(wanted))
    return " AND ".join(conditions), parameters
