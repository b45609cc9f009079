"""Opening the database of the jobs: SQLite in WAL mode, or PostgreSQL, with the book's tables in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from db.errors import BadInput, LedgerError
from db.jobs.models import Base

_TABLES_LOCK = 0x6A6F6273  # "jobs": held while a PostgreSQL database is given its tables
_CONNECTIONS = 8


def open_jobs_engine(address: str, *, durable: bool = True) -> Engine:
    """An engine on the jobs' database at `address` (a URL), its tables made if need be.

    `durable` off lets SQLite forget the last moments in a power cut, not in a crash of the process: a worker's own
    notes may be lost so, since what it forecast is in the ledger and is found there.
    Raises BadInput for an address that is none, LedgerError if the database cannot be reached.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise BadInput("AUSPEX_JOBS_URL is no address: write sqlite:///jobs.db or postgresql://host/name") from error
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    elif url.get_backend_name() != "postgresql":
        raise BadInput(f"{url.render_as_string(hide_password=True)}: jobs live in SQLite or PostgreSQL")
    engine = create_engine(url, pool_size=_CONNECTIONS, max_overflow=0, pool_timeout=60)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_durable if durable else _prepare)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _TABLES_LOCK})
            Base.metadata.create_all(connection)
    except DBAPIError as error:
        engine.dispose()
        shown = url.render_as_string(hide_password=True)
        reason = str(error.orig).strip().splitlines()[0]
        raise LedgerError(f"the jobs' database {shown} cannot be opened: {reason}") from error
    return engine


def _prepare(connection: Any, _: object, *, synchronous: str = "NORMAL") -> None:
    """Writers wait for each other, and take the write lock when they begin: the engine of the jobs relies on both."""
    connection.isolation_level = "IMMEDIATE"
    for pragma in (
        "busy_timeout = 30000",
        "journal_mode = WAL",
        f"synchronous = {synchronous}",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_durable(connection: Any, record: object) -> None:
    _prepare(connection, record, synchronous="FULL")
