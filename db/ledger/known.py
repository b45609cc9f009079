"""Which records the journal holds already, by their natural keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select, text

from db.ledger.models import Entry

_SLICE = 500  # keys in one query of SQLite
_PROBES = text(  # one step through the unique index for each key, whatever the planner knows of a table that just grew
    "SELECT wanted.key FROM unnest(CAST(:keys AS text[])) AS wanted(key) CROSS JOIN LATERAL "
    "(SELECT 1 FROM entries WHERE kind = :kind AND entries.key = wanted.key LIMIT 1) AS found"
)


def known_keys(connection: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these pairs of kind and natural key the journal holds."""
    of_kind: dict[str, list[str]] = defaultdict(list)
    for kind, key in keys:
        of_kind[kind].append(key)
    return {(kind, key) for kind, wanted in of_kind.items() for key in _known(connection, kind, wanted)}


def _known(connection: Connection, kind: str, keys: Sequence[str]) -> set[str]:
    if connection.dialect.name == "postgresql":
        return set(connection.execute(_PROBES, {"kind": kind, "keys": list(keys)}).scalars())
    found: set[str] = set()
    for start in range(0, len(keys), _SLICE):
        some = select(Entry.key).where(Entry.kind == kind, Entry.key.in_(keys[start : start + _SLICE]))
        found.update(connection.execute(some).scalars())
    return found
