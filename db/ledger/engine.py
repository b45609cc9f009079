"""Opening a ledger's database: SQLite in WAL mode, or PostgreSQL by URL, brought to the newest schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from db.errors import BadInput, LedgerError

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0004"
"""The newest schema, so that a ledger that has it is opened without loading Alembic, which takes half a second."""

_MIGRATION_LOCK = 0x61757370  # "ausp": held while a PostgreSQL schema is brought up to date


def open_engine(address: str) -> Engine:
    """An engine on the ledger at `address`, a file path or a database URL, with its schema up to date.

    Raises BadInput for an address that is no ledger's, LedgerError if the database cannot be reached or is newer than
    this Auspex.
    """
    engine = _create(address)
    try:
        _migrate(engine)
    except DBAPIError as error:
        engine.dispose()
        raise LedgerError(
            f"ledger {_shown(address)} cannot be opened: {str(error.orig).strip().splitlines()[0]}"
        ) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose queries all see one state of the ledger, whatever is recorded meanwhile."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":  # in SQLite a transaction always does
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def _create(address: str) -> Engine:
    if "://" not in address:
        path = Path(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        address = f"sqlite:///{path}"
    try:
        url = make_url(address)
        if url.drivername in ("postgres", "postgresql"):
            url = url.set(drivername="postgresql+psycopg")
        engine = create_engine(url)
    except (ArgumentError, SQLAlchemyError, ModuleNotFoundError) as error:
        raise BadInput(f"{_shown(address)} is no ledger address: give a file path or a postgresql:// URL") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif engine.dialect.name != "postgresql":
        raise BadInput(f"{_shown(address)}: a ledger lives in SQLite or PostgreSQL")
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    """WAL lets readers go on while one writes; FULL, because a forecast once recorded must survive a power cut."""
    connection.isolation_level = None  # the driver begins nothing by itself
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Transactions that will write take the write lock when they begin, so that none fails half-way for want of it."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _shown(address: str) -> str:
    """An address as it may be shown: without a password."""
    try:
        return make_url(address).render_as_string(hide_password=True) if "://" in address else address
    except ArgumentError:
        return address.split("://", 1)[0] + "://…"


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        if _revision(connection) == NEWEST:
            return
    from alembic import command
    from alembic.script import ScriptDirectory

    config = migrations()
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        connection = connection.execution_options(writing=True)
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        found = _revision(connection)
        if found is not None and found not in {revision.revision for revision in script.walk_revisions()}:
            raise LedgerError(f"the ledger has schema {found}, newer than this Auspex knows: update Auspex")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def migrations() -> Config:
    """Alembic's configuration of the ledger's migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    return config


def _revision(connection: Any) -> str | None:
    """The schema's revision; None for an empty database. Raises LedgerError for somebody else's database."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if "entries" in tables:
            raise LedgerError("the database has a table `entries` that is not a ledger's: choose another database")
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).fetchone()
    return None if row is None else str(row[0])
