"""The floor under every ingest: DuckDB merely reading the same columns of the same files."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from db.gdelt.files import spool
from db.gdelt.layout import LAYOUTS, WANTED, read_csv_sql


def scan_seconds(files: Sequence[Path]) -> float:
    """Seconds that DuckDB takes to read and parse, and do nothing with, the columns that an ingest needs.

    Archives that DuckDB cannot read itself (zip) are unpacked first, which is not counted.
    """
    by_columns: dict[int, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET enable_progress_bar = false")
        direct = all(file.suffix == ".zst" for file in files)
        unpacked, _ = spool(list(files)[:1] if direct else list(files), Path(folder))
        for columns, plains in unpacked.items():
            by_columns[columns] = [str(file) for file in files] if direct else [str(plain.path) for plain in plains]
        started = time.perf_counter()
        for columns, paths in by_columns.items():
            counted = ", ".join(f"count({name})" for name in WANTED if name in LAYOUTS[columns])
            source = read_csv_sql(columns, "zstd" if direct else "none")
            connection.execute(f"SELECT {counted} FROM {source}", [paths]).fetchall()
        return time.perf_counter() - started
