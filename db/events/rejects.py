"""The rejects of a store: every line that was no event, with file, line and reason, kept once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import duckdb

from db.events.manifest import sync_folder

NAME = "rejects.parquet"


class RejectedLine(Protocol):
    """Where a line stands, why it was rejected, and its text."""

    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def text(self) -> str: ...


def add_rejects(store: Path, rejects: Sequence[RejectedLine]) -> None:
    """Add lines to the store's rejects; a line that is already there is not added twice."""
    if not rejects:
        return
    target = store / NAME
    temporary = store / f".{NAME}.{os.getpid()}.tmp"
    columns = [[getattr(reject, name) for reject in rejects] for name in ("file", "line", "reason", "text")]
    with duckdb.connect() as connection:
        new = "SELECT unnest(?) AS file, unnest(?)::BIGINT AS line, unnest(?) AS reason, unnest(?) AS text"
        known = f" UNION ALL SELECT * FROM read_parquet('{_quoted(target)}')" if target.exists() else ""
        sql = f"SELECT DISTINCT * FROM ({new}{known}) ORDER BY file, line"
        connection.execute(f"COPY ({sql}) TO '{_quoted(temporary)}' (FORMAT parquet, COMPRESSION zstd)", columns)
    temporary.replace(target)
    sync_folder(store)


def read_rejects(store: Path, limit: int = 100) -> list[tuple[str, int, str]]:
    """The first `limit` rejects as (file, line, reason), in file and line order."""
    target = store / NAME
    if not target.exists():
        return []
    with duckdb.connect() as connection:
        return connection.execute(
            "SELECT file, line, reason FROM read_parquet(?) ORDER BY file, line LIMIT ?", [str(target), limit]
        ).fetchall()


def _quoted(path: Path) -> str:
    return path.as_posix().replace("'", "''")
