"""ICEWS-style quads (Parquet with day, subject country, object country, CAMEO code) into the event store."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

import db.cameo as cameo
import db.countries as countries
from db.errors import BadInput, StoreMissing
from db.events.columns import table_sql
from db.events.manifest import Manifest, read_manifest
from db.events.partitions import publish, writing
from db.events.rejects import add_rejects

REQUIRED = ("day", "subj_country", "obj_country", "cameo")


@dataclass(frozen=True, slots=True)
class RejectedQuad:
    """A row that is no event, and why."""

    file: str
    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class QuadReport:
    """What a load did: `rows_read = rows_kept + rows_duplicate + rows_rejected`."""

    rows_read: int
    rows_kept: int
    rows_duplicate: int
    rows_rejected: int
    months: tuple[str, ...]
    seconds: float


def is_quad_file(path: Path) -> bool:
    """Whether `path` is a Parquet file with the columns of a quad set."""
    if path.suffix != ".parquet" or not path.is_file():
        return False
    with duckdb.connect() as connection:
        try:
            described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        except duckdb.Error as error:
            raise BadInput(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from error
    return {row[0] for row in described}.issuperset(REQUIRED)


def ingest_quads(path: Path, store: Path) -> QuadReport:
    """Load a quad set into the store at `store`; loading it again changes nothing.

    A quad of day D is taken to be known at 23:45 UTC of D, the last slot of its day. It counts no mentions and has no
    URL; its id is a negative hash of its content, so it never meets a GDELT id. Equal rows are told apart by their
    order. Raises BadInput if the columns are not there.
    """
    started = time.monotonic()
    if not is_quad_file(path):
        raise BadInput(f"{path} is not a quad set: a Parquet file with the columns {', '.join(REQUIRED)}")
    with writing(store), tempfile.TemporaryDirectory(prefix=".ingest-", dir=store) as workplace:
        with duckdb.connect(config={"memory_limit": "900MB", "temp_directory": workplace}) as connection:
            read, rejects = _stage(connection, path)
            try:
                manifest = read_manifest(store)
            except StoreMissing:
                manifest = Manifest()
            _, published = publish(connection, store, manifest)
        add_rejects(store, rejects)
    return QuadReport(
        read, published.kept, published.duplicate, len(rejects), published.months, time.monotonic() - started
    )


def _stage(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[int, list[RejectedQuad]]:
    """Fill `staged` from the file; returns how many rows were read and which were rejected."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(table_sql("staged"))
    connection.execute(
        "CREATE TABLE known AS SELECT unnest(?) AS code, unnest(?)::FLOAT AS goldstein",
        [list(cameo.all_codes()), [cameo.goldstein(code) for code in cameo.all_codes()]],
    )
    connection.execute("CREATE TABLE countries AS SELECT unnest(?) AS iso3", [list(countries.iso3_codes())])
    connection.execute(
        """
        CREATE TABLE source AS
        SELECT row_number() OVER () AS line, day::DATE AS day, subj_country, obj_country, cameo::VARCHAR AS cameo, CASE
            WHEN day IS NULL THEN 'no day'
            WHEN cameo IS NULL OR cameo::VARCHAR NOT IN (SELECT code FROM known) THEN 'unknown CAMEO code'
            WHEN subj_country NOT IN (SELECT iso3 FROM countries) THEN 'unknown subj_country'
            WHEN obj_country NOT IN (SELECT iso3 FROM countries) THEN 'unknown obj_country'
            END AS reason
        FROM read_parquet(?)
        """,
        [str(path)],
    )
    connection.execute(
        """
        INSERT INTO staged (event_id, event_date, added_at, actor1, actor2, code, goldstein, same_day)
        SELECT -1 - (hash(day, subj_country, obj_country, cameo, copy) >> 2)::BIGINT, day,
            day + INTERVAL '23 hours 45 minutes', subj_country, obj_country, cameo, known.goldstein, true
        FROM (SELECT *, row_number() OVER (PARTITION BY day, subj_country, obj_country, cameo) AS copy
              FROM source WHERE reason IS NULL)
        JOIN known ON known.code = cameo
        """
    )
    read = connection.execute("SELECT count(*) FROM source").fetchall()[0][0]
    rejected = connection.execute(
        "SELECT line, reason, concat_ws(' ', day, subj_country, obj_country, cameo) FROM source "
        "WHERE reason IS NOT NULL ORDER BY line"
    ).fetchall()
    return read, [RejectedQuad(str(path), line, reason, text) for line, reason, text in rejected]
