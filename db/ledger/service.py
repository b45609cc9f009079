"""What the parts of the service share: a connection to the ledger's database, for reading or for writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError

from db.errors import LedgerError
from db.ledger.engine import open_engine


class ServiceTables:
    """Tables beside the journal, in SQLite (a file path) or PostgreSQL (a URL). Close it, or use it as a context.

    It may be used from several threads at once.
    """

    def __init__(self, address: str) -> None:
        """Open the ledger's database at `address`, making or migrating it if need be; errors as in `open_engine`."""
        self._engine = open_engine(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the database connections back."""
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _in_a_sentence("the database could not be read"), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that is kept whole or not at all; what breaks a unique key is raised as it is."""
        with (
            _in_a_sentence("the database could not be written"),
            self._engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            yield connection


@contextmanager
def _in_a_sentence(failed: str) -> Iterator[None]:
    """Raise what a database refuses inside as a LedgerError that says what `failed`, and why.

    What breaks a unique key is raised as it is: that is about the rows, not the database.
    """
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise LedgerError(f"{failed}: {reason}") from error
    except TimeoutError as error:  # all its connections are taken
        raise LedgerError(f"{failed}: no connection came free in time") from error
