"""The rows that a snapshot may see: the one place where stored events are read, and where the future is cut off."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from db.errors import StoreChanged, StoreError
from db.events.columns import table_sql
from db.events.files import StoreFiles
from db.events.filters import EventFilter, View
from db.events.manifest import Partition

if TYPE_CHECKING:
    from db.events.object_storage import Keys

_GONE = 404


class VisibleRows:
    """The rows added before `as_of`, cleaned as `view` says; `cache="memory"` reads them once.

    Several threads may read at once: every query runs on a cursor of its own.
    """

    __slots__ = ("_as_of", "_cached", "_files", "_keys", "_opened", "_opening", "_partitions", "_view")

    def __init__(
        self,
        files: StoreFiles,
        partitions: Sequence[Partition],
        as_of: datetime,
        view: View,
        cache: Literal["memory"] | None,
    ) -> None:
        self._files = files
        self._partitions = tuple(part for part in partitions if part.first_added_at < as_of)
        self._as_of = as_of.astimezone(UTC).replace(tzinfo=None)
        self._view = view
        self._cached = False
        self._keys: Keys | None = None
        self._opened: duckdb.DuckDBPyConnection | None = None
        self._opening = threading.Lock()
        if cache == "memory":
            sql, parameters = self.quads(EventFilter())
            self.run(f"CREATE TABLE quads AS {sql} ORDER BY subject, object, day", parameters)
            self._cached = True

    def quads(self, filter: EventFilter) -> tuple[str, list[Any]]:
        """The cleaned quads that match, as SQL and its parameters."""
        conditions, parameters = _conditions(filter)
        if self._cached:
            return f"SELECT * FROM quads WHERE {conditions}", parameters
        rows, row_parameters = self._clean(filter)
        return (
            f"""
            SELECT day, subject, object, code, coalesce(sum(mentions), count(*)) AS mentions, count(*) AS reports,
                avg(tone)::DOUBLE AS tone, arg_max(url, mentions) AS url, min(event_id) AS event_id,
                max(added_at) AS added_at
            FROM ({rows}) WHERE {conditions}
            GROUP BY day, subject, object, code
            HAVING coalesce(sum(mentions) > {int(self._view.min_mentions)}, true)
            """,
            [*row_parameters, *parameters],
        )

    def urls(self, filter: EventFilter) -> tuple[str, list[Any]]:
        """The addresses behind the quads that match, as SQL and its parameters."""
        rows, row_parameters = self._clean(filter)
        quads, parameters = self.quads(filter)
        return (
            f"SELECT DISTINCT reported.url FROM ({rows}) AS reported "
            f"JOIN ({quads}) AS matching USING (day, subject, object, code) WHERE reported.url IS NOT NULL",
            [*row_parameters, *parameters],
        )

    def added(self) -> tuple[str, list[Any]]:
        """When each visible row was added, cleaned away or not, as SQL and its parameters."""
        source, parameters = self._read(self._partitions)
        return f"SELECT added_at FROM ({source})", parameters

    def span(self) -> tuple[datetime, datetime] | None:
        """When the first and the last visible row was added; only partitions that go on after `as_of` are read."""
        if not self._partitions:
            return None
        cut = self._as_of.replace(tzinfo=UTC)
        past = [part.last_added_at for part in self._partitions if part.last_added_at < cut]
        source, parameters = self._read([part for part in self._partitions if part.last_added_at >= cut])
        [(newest,)] = self.run(f"SELECT max(added_at) FROM ({source})", parameters)
        moments = past if newest is None else [*past, newest.replace(tzinfo=UTC)]
        return min(part.first_added_at for part in self._partitions), max(moments)

    def run(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows that a query gives."""
        return self._execute(sql, parameters).fetchall()

    def arrays(self, sql: str, parameters: Sequence[Any]) -> dict[str, Any]:
        """The columns that a query gives, as NumPy arrays."""
        return self._execute(sql, parameters).fetchnumpy()

    def _clean(self, filter: EventFilter) -> tuple[str, list[Any]]:
        """The visible rows that count as events, from the partitions that can hold the filter's days."""
        source, parameters = self._visible(filter)
        return (
            f"""
            SELECT event_date AS day, actor1 AS subject, actor2 AS object, code[:3] AS code, mentions, tone, url,
                event_id, added_at
            FROM ({source}) WHERE actor1 <> actor2 AND length(code) >= 3 {"AND aligned" * self._view.aligned}
            """,
            parameters,
        )

    def _visible(self, filter: EventFilter) -> tuple[str, list[Any]]:
        """The rows added before `as_of`, from the partitions that can hold the filter's days."""
        first = filter.first_day.isoformat() if filter.first_day else ""
        last = filter.last_day.isoformat() if filter.last_day else "9999"
        return self._read(
            [part for part in self._partitions if part.last_event_date >= first and part.first_event_date <= last]
        )

    def _read(self, partitions: Sequence[Partition]) -> tuple[str, list[Any]]:
        """The rows of these partitions that were added before `as_of`."""
        if not partitions:  # an empty relation of the right shape: no month can hold an answer
            return "SELECT * FROM empty_events", []
        files = [self._files.name(part) for part in partitions]
        return "SELECT * FROM read_parquet(?) WHERE added_at < ?", [files, self._as_of]

    def _execute(self, sql: str, parameters: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection().cursor().execute(sql, list(parameters))
        except duckdb.IOException as error:
            if self._files.folder is None and getattr(error, "status_code", 0) != _GONE:
                raise StoreError(f"{self._files.address} does not answer: {str(error).splitlines()[0]}") from error
            raise StoreChanged(
                f"files behind a snapshot of {self._files.address} are gone: open the store again"
            ) from error

    def _connection(self) -> duckdb.DuckDBPyConnection:
        """The connection to these files and nothing else, opened by the first query: it takes longer than most."""
        with self._opening:
            if self._opened is None:
                connection = duckdb.connect(config={"threads": 2})
                for setting in ("enable_progress_bar = false", "TimeZone = 'UTC'", "parquet_metadata_cache = true"):
                    connection.execute(f"SET {setting}")
                self._files.allow(connection, self._partitions)
                connection.execute("SET enable_external_access = false")
                connection.execute(table_sql("empty_events"))
                connection.execute("SET lock_configuration = true")
                self._opened = connection
            self._keys = self._files.sign_in(self._opened, self._keys)
            return self._opened


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
