"""Backups of a PostgreSQL ledger, by PostgreSQL's own tools: a dump is one consistent moment, and holds the jobs too.

A restore goes into a database of its own, is verified there, and then takes the ledger's name; what had the name before
is kept under another.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from db.errors import LedgerError

MAGIC = b"PGDMP"
"""How a file of `pg_dump --format=custom` begins."""


def dump(address: str, path: Path) -> None:
    """Write the database at `address` to `path`, while it is in use; nothing is left there if that fails."""
    try:
        _run("pg_dump", address, "--format=custom", "--no-owner", f"--file={path}")
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def restore_dump(path: Path, address: str, stamp: str, verify: Callable[[str], int]) -> tuple[int, str]:
    """Restore a dump as the database at `address`; returns its rows and the name under which the old one is kept.

    `verify` is given the address of the restored database before it takes the ledger's name, and returns its rows or
    raises. Raises LedgerError if a tool is missing or fails, or while others are connected to the old database.
    """
    url = make_url(address)
    fresh, aside = f"{url.database}_restored_{stamp}", f"{url.database}_before_{stamp}"
    scratch = url.set(database=fresh).render_as_string(hide_password=False)
    with _administering(url) as connection:
        kept = aside if _exists(connection, url) else ""
        connection.execute(text(f"CREATE DATABASE {_name(connection, fresh)}"))
        try:
            _run("pg_restore", scratch, "--no-owner", "--exit-on-error", str(path))
            rows = verify(scratch)
            _take_place(connection, fresh, str(url.database), kept)
        except BaseException:
            connection.execute(text(f"DROP DATABASE IF EXISTS {_name(connection, fresh)} WITH (FORCE)"))
            raise
    return rows, kept


def _take_place(connection: Connection, fresh: str, name: str, kept: str) -> None:
    """Give the database `fresh` the `name`, and what has it, if `kept` is not empty, that name; both or neither."""
    if kept:
        _rename(connection, name, kept)
    try:
        _rename(connection, fresh, name)
    except BaseException:
        if kept:
            _rename(connection, kept, name)
        raise


def exists(address: str) -> bool:
    """Whether the server has the database at `address`."""
    url = make_url(address)
    with _administering(url) as connection:
        return _exists(connection, url)


def _run(tool: str, address: str, *options: str) -> None:
    """Run a tool on a database; the password goes through the environment, where `ps` does not show it."""
    url = make_url(address).set(drivername="postgresql")
    shown = url.set(password=None).render_as_string()
    if shutil.which(tool) is None:
        raise LedgerError(
            f"{tool} is not installed: install postgresql-client, or run where it is: "
            f"{tool} --dbname={shown} {' '.join(options)}"
        )
    environment = {**os.environ, "PGPASSWORD": url.password} if url.password else dict(os.environ)
    done = subprocess.run(  # noqa: S603  a fixed tool, no shell
        [tool, f"--dbname={shown}", *options], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise LedgerError(f"{tool} failed: {said[0]}")


@contextmanager
def _administering(url: URL) -> Iterator[Connection]:
    """A connection to the server beside the ledger's database, in no transaction."""
    server = url.set(drivername="postgresql+psycopg", database="postgres")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise LedgerError(f"the restore could not be done: {str(error.orig).strip().splitlines()[0]}") from error
    finally:
        engine.dispose()


def _exists(connection: Connection, url: URL) -> bool:
    found = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": url.database})
    return found.scalar() is not None


def _rename(connection: Connection, old: str, new: str) -> None:
    connection.execute(text(f"ALTER DATABASE {_name(connection, old)} RENAME TO {_name(connection, new)}"))


def _name(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
