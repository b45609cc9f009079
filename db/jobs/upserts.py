"""What SQLite and PostgreSQL say each in a way of its own, and how moments are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def upsert(dialect: str, table: Any) -> Any:
    """An INSERT into `table` that may say what happens on conflict."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql

        return insert_postgresql(table)
    from sqlalchemy.dialects.sqlite import insert as insert_sqlite

    return insert_sqlite(table)


def moment_text(moment: datetime | None = None) -> str:
    """A moment, or now, as text in UTC that sorts as moments do."""
    return (moment or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds")
