"""GDELT event files into the event store: batch by batch, month by month, with totals that add up."""

from __future__ import annotations

import logging
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path

import duckdb

import db.cameo as cameo
import db.countries as countries
from db.errors import StoreError, StoreMissing
from db.events.columns import COLUMNS, table_sql
from db.events.manifest import Manifest, read_manifest
from db.events.partitions import count, publish, writing
from db.events.rejects import add_rejects
from db.gdelt.files import Plain, find_event_files, month_of, spool
from db.gdelt.layout import LAYOUTS, read_csv_sql
from db.gdelt.rows import NO_CODE, Reject, clean, gate_sql

log = logging.getLogger(__name__)

BATCH_BYTES = 24 * 1024**2
"""Compressed bytes read per batch: about 200 MB of plain text, which bounds memory and the spool on disk."""

Progress = Callable[[int, int, int], None]
"""Called after each batch with (files done, files in all, rows read so far)."""


@dataclass(slots=True)
class IngestReport:
    """What an ingest did. `rows_read = rows_kept + rows_duplicate + rows_filtered + rows_rejected`, always."""

    files: int = 0
    rows_read: int = 0
    rows_kept: int = 0
    rows_duplicate: int = 0
    rows_filtered: int = 0
    rows_rejected: int = 0
    gaps: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    months: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak_rss_mb: float = 0.0

    def check(self) -> None:
        """Raises StoreError if a row is unexplained."""
        explained = self.rows_kept + self.rows_duplicate + self.rows_filtered + self.rows_rejected
        if self.rows_read != explained:
            raise StoreError(f"{self.rows_read - explained} of {self.rows_read} rows read are unexplained")


def ingest_files(
    paths: Sequence[Path],
    store: Path,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Ingest every GDELT event file at or under `paths` into the store at `store`, which is made if need be.

    Rows added outside `first_day..last_day` (inclusive, by DATEADDED) count as filtered, as do rows without an event
    code. Files are taken month by month; each month's group is published whole. Raises BadInput if there are no files,
    StoreError if another process writes; a refused file is listed in the report and the rest goes on.
    """
    started = time.monotonic()
    files = find_event_files(paths)
    report = IngestReport(files=len(files))
    with writing(store):
        workplace = Path(tempfile.mkdtemp(prefix=".ingest-", dir=store))
        try:
            _ingest_months(files, store, workplace, (first_day, last_day), report, progress)
        finally:
            shutil.rmtree(workplace)
    report.check()
    report.seconds = time.monotonic() - started
    report.peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return report


def _ingest_months(
    files: Sequence[Path],
    store: Path,
    workplace: Path,
    days: tuple[date | None, date | None],
    report: IngestReport,
    progress: Progress | None,
) -> None:
    try:
        manifest = read_manifest(store)
    except StoreMissing:
        manifest = Manifest()
    done = 0
    for _, month_files in groupby(files, key=month_of):
        with staging(workplace) as connection:
            rejects: list[Reject] = []
            for batch in batches(list(month_files)):
                rejects += _stage_batch(connection, batch, workplace, days, report)
                done += len(batch)
                if progress:
                    progress(done, len(files), report.rows_read)
            manifest, published = publish(connection, store, manifest)
        add_rejects(store, rejects)
        report.rows_rejected += len(rejects)
        report.rows_kept += published.kept
        report.rows_duplicate += published.duplicate
        report.months += [month for month in published.months if month not in report.months]


def batches(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Split `files` into runs of about `BATCH_BYTES` compressed bytes each (plain text counts a tenth)."""
    batch: list[Path] = []
    size = 0.0
    for file in files:
        weight = file.stat().st_size / (1 if file.suffix.lower() in (".zip", ".zst") else 10)
        if batch and size + weight > BATCH_BYTES:
            yield batch
            batch, size = [], 0.0
        batch.append(file)
        size += weight
    if batch:
        yield batch


@contextmanager
def staging(workplace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection of its own with an empty `staged` table and the lookup tables; it spills to `workplace`."""
    with duckdb.connect(
        config={"memory_limit": "900MB", "temp_directory": str(workplace / "spill"), "threads": 2}
    ) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(table_sql("staged"))
        connection.execute("CREATE TABLE known_codes AS SELECT unnest(?) AS code", [[*cameo.all_codes(), *NO_CODE]])
        for table, mapping in (("actor_countries", countries.cameo_map()), ("places", countries.fips_map())):
            connection.execute(
                f"CREATE TABLE {table} AS SELECT unnest(?) AS code, unnest(?) AS iso3",
                [list(mapping.keys()), list(mapping.values())],
            )
        yield connection


def _stage_batch(
    connection: duckdb.DuckDBPyConnection,
    batch: Sequence[Path],
    workplace: Path,
    days: tuple[date | None, date | None],
    report: IngestReport,
) -> list[Reject]:
    """Append one batch's good rows to `staged`; returns its rejects."""
    by_columns, refused = spool(batch, workplace)
    report.refused += [str(refusal) for refusal in refused]
    rejects: list[Reject] = []
    for plains in by_columns.values():
        report.rows_read += sum(plain.lines for plain in plains)
        if not _stage(connection, plains, days, report):
            for plain in plains:
                rejects += _stage_cleaned(connection, plain, days, report)
        for plain in plains:
            plain.path.unlink()
    return rejects


def _stage_cleaned(
    connection: duckdb.DuckDBPyConnection, plain: Plain, days: tuple[date | None, date | None], report: IngestReport
) -> list[Reject]:
    """Append the good rows of one file of a batch that did not load as a whole; returns its rejects."""
    if _stage(connection, [plain], days, report):
        return []
    good, rejects = clean(plain)
    if good.lines and not _stage(connection, [good], days, report):
        raise StoreError(f"rows of {plain.source} pass every rule and still do not load: please report this file")
    good.path.unlink()
    return rejects


def _stage(
    connection: duckdb.DuckDBPyConnection,
    plains: Sequence[Plain],
    days: tuple[date | None, date | None],
    report: IngestReport,
) -> bool:
    """Append the rows of `plains`, all of one layout, to `staged` if every one is good; says whether they were.

    One pass over the files: a bad value raises inside the query, and a line that DuckDB passed over shows in the count.
    """
    if not all(plain.is_text for plain in plains):
        return False
    columns = plains[0].columns
    lines = sum(plain.lines for plain in plains)
    condition, bounds = _wanted(*days)
    rows = _rows_sql(columns)
    paths: list[object] = [[str(plain.path) for plain in plains]]
    connection.execute("BEGIN")
    try:
        insert = f"INSERT INTO staged ({', '.join(COLUMNS)}) {_staged_sql(columns, rows)} WHERE {condition}"
        inserted = count(connection, insert, paths + bounds)
        filtered = 0
        if inserted < lines:
            filtered = count(connection, f"SELECT count(*) FROM {rows} WHERE ({condition}) IS NOT TRUE", paths + bounds)
        if inserted + filtered == lines:
            connection.execute("COMMIT")
            report.rows_filtered += filtered
            return True
    except duckdb.Error as error:
        log.info("%d files need a closer look: %s", len(plains), str(error).splitlines()[0])
    connection.execute("ROLLBACK")
    return False


def _wanted(first_day: date | None, last_day: date | None) -> tuple[str, list[object]]:
    """The condition that a row is not filtered out, and its parameters."""
    conditions = [f"EventCode IS NOT NULL AND EventCode NOT IN {NO_CODE}"]
    if first_day is not None:
        conditions.append("stamp >= ?")
    if last_day is not None:
        conditions.append("stamp < ?::DATE + 1")
    return " AND ".join(conditions), [day for day in (first_day, last_day) if day is not None]


def _rows_sql(columns: int) -> str:
    """The rows of a batch as read, with `stamp`, the time of DATEADDED."""
    url = "" if "SOURCEURL" in LAYOUTS[columns] else ", NULL::VARCHAR AS SOURCEURL"
    return f"(SELECT *, DATEADDED::TIMESTAMP AS stamp{url} FROM {read_csv_sql(columns)})"


def _staged_sql(columns: int, rows: str) -> str:
    """The rows of a batch as the `staged` table wants them; raises inside DuckDB on the first bad one."""
    # A daily file of GDELT 1.0 carries a date only and is posted at about 6:00 in New York the next morning.
    added_at = "stamp" if columns == 61 else "stamp + INTERVAL 35 HOUR"
    return f"""
        SELECT CASE WHEN {gate_sql(columns)} THEN error('a value breaks a rule') ELSE GLOBALEVENTID END,
            SQLDATE, {added_at}, one.iso3, two.iso3, Actor1Code, Actor2Code, EventCode, GoldsteinScale,
            NumMentions, NumSources, NumArticles, AvgTone, places.iso3, ActionGeo_Lat, ActionGeo_Long,
            SQLDATE = stamp::DATE, SOURCEURL
        FROM {rows}
        LEFT JOIN actor_countries AS one ON one.code = Actor1CountryCode
        LEFT JOIN actor_countries AS two ON two.code = Actor2CountryCode
        LEFT JOIN places ON places.code = ActionGeo_CountryCode
        LEFT JOIN known_codes ON known_codes.code = EventCode"""
