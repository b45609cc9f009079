"""Many rows into a table at once, and out of one, as each database takes and gives them fastest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, text

from db.errors import LedgerError

_FETCHED = 500  # rows: so few live so shortly that the garbage collector does not walk them again and again
_MANY = 1000  # rows, below which PostgreSQL's own watch over its tables is soon enough


def insert_rows(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, each with its values in the order of `columns`: one prepared statement in SQLite, COPY elsewhere.

    `table` and `columns` are our own names, never what somebody gave. Raises LedgerError for values that the database
    refuses.
    """
    if not rows:
        return
    driver: Any = connection.connection.driver_connection
    names = ", ".join(columns)
    try:
        if connection.dialect.name == "sqlite":
            places = ", ".join("?" * len(columns))
            driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)
            return
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except (connection.dialect.loaded_dbapi.Error, OverflowError) as error:  # SQLite's integers have 64 bits
        raise LedgerError(f"the ledger could not be written: {str(error).splitlines()[0]}") from error


def rows(connection: Connection, wanted: Select[*tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """What a query gives, in plain tuples from the driver: SQLAlchemy's own rows take twice as long."""
    cursor: Any = connection.execute(wanted).cursor
    try:
        while fetched := cursor.fetchmany(_FETCHED):
            yield from fetched
    finally:
        cursor.close()


def note_growth(connection: Connection, n_new: int, n_rows: int) -> None:
    """Let PostgreSQL look at tables that doubled at once, of which it would otherwise know for a minute only
    that they were small, and read them from end to end."""
    if connection.dialect.name == "postgresql" and n_new >= max(_MANY, n_rows / 2):
        connection.execute(text("ANALYZE entries, question_index, answer_index"))
