"""Connections to the jobs' database, whose own errors leave this room as `LedgerError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from db.errors import LedgerError


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read from; raises LedgerError where the database cannot be read."""
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise LedgerError(f"the jobs could not be read: {_said(error)}") from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is kept whole or not at all; what breaks a unique key is raised as it is.

    Raises LedgerError where the database cannot be written.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise LedgerError(f"the jobs could not be written: {_said(error)}") from error


def _said(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]
