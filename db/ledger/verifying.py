"""Auditing a ledger: whether its journal is what was recorded, and its index what the journal makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, select

from db.ledger.chain import GENESIS, link
from db.ledger.index import fold, slices
from db.ledger.index_models import TABLES


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the chain holds, over how many rows, and the position of the first row where it does not.

    `index_ok` tells whether the index, which lists and scores are read from, is what the journal makes it; None where
    the chain is broken, so that there is nothing to hold it against. `Ledger.reindex` mends it.
    """

    ok: bool
    rows: int
    first_break: int | None
    index_ok: bool | None


def verify(connection: Connection) -> Verification:
    """Walk the chain from its beginning and make the index once more on the way, in tables of its own.

    The connection must see one state of the ledger throughout; its transaction is rolled back.
    """
    chain, expected = GENESIS, 0
    with _index_beside(connection) as pairs:
        for entries in slices(connection):
            for entry in entries:
                expected += 1
                chain = link(chain, int(entry["position"]), entry)
                if entry["position"] != expected or entry["chain"] != chain:
                    return Verification(False, expected, int(entry["position"]), None)
            fold(connection, entries)
        alike = all(_alike(connection, made, kept) for made, kept in pairs)
    return Verification(True, expected, None, alike)


@contextmanager
def _index_beside(connection: Connection) -> Iterator[list[tuple[Table, Table]]]:
    """Empty temporary tables, each with the one of the index that it hides for as long: names without a schema mean
    the temporary ones, so that what keeps the index fills them."""
    if connection.dialect.name == "sqlite":
        beside, own = "temp", "main"
        driver: Any = None
    else:
        beside, own = "pg_temp", connection.execute(select(func.current_schema())).scalar_one()
        driver = connection.connection.driver_connection
        threshold, driver.prepare_threshold = driver.prepare_threshold, None  # plans made before know the hidden ones
    made, kept = MetaData(), MetaData()
    try:
        pairs = [(table.to_metadata(made, schema=beside), table.to_metadata(kept, schema=own)) for table in TABLES]
        made.create_all(connection, checkfirst=False)
        yield pairs
    finally:
        connection.rollback()
        if driver is not None:
            driver.prepare_threshold = threshold


def _alike(connection: Connection, made: Table, kept: Table) -> bool:
    """Whether two tables hold the same rows; those of `made`, which has a key, are distinct."""
    n_made, n_kept = (
        connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (made, kept)
    )
    missing = select(made).except_(select(kept)).limit(1)
    return bool(n_made == n_kept and connection.execute(missing).first() is None)
