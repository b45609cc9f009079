"""`articles.db`: the versions of every article, the words in them, and which event partitions were read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.errors import StoreCorrupt, StoreError

NAME = "articles.db"
FORMAT = 1
NEVER = 2**62
"""`superseded_at` of a version that none has followed."""
TOKENIZER = "porter unicode61 remove_diacritics 2"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUSY_S = 30.0
_SCHEMA = (
    """
    CREATE TABLE version (
        id INTEGER PRIMARY KEY,
        added_at INTEGER NOT NULL,       -- microseconds since 1970, UTC: when this version became known
        superseded_at INTEGER NOT NULL,  -- when the next version of the same URL became known
        length INTEGER NOT NULL,         -- words in title and text
        published_at INTEGER,
        titled INTEGER NOT NULL,         -- 0 where the title is the words of the URL
        host TEXT NOT NULL,
        url TEXT NOT NULL,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (url, added_at)
    )
    """,
    "CREATE INDEX version_known ON version (added_at, superseded_at, length)",
    f"""
    CREATE VIRTUAL TABLE word USING fts5(
        title, text, content = 'version', content_rowid = 'id', tokenize = '{TOKENIZER}')
    """,
    "CREATE VIRTUAL TABLE posting USING fts5vocab(word, instance)",
    "CREATE TABLE partition (file TEXT PRIMARY KEY) WITHOUT ROWID",
    f"PRAGMA user_version = {FORMAT}",
)


def stamp(moment: datetime) -> int:
    """A zoned moment as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def unstamped(microseconds: int) -> datetime:
    """The moment of a stamp, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


@contextmanager
def writing(folder: Path) -> Iterator[sqlite3.Connection]:
    """One transaction on the folder's index, made if it is not there: all of it is committed, or nothing.

    Raises StoreError while another process writes for longer than half a minute, StoreCorrupt if the file is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _faults_named(folder), closing(_connect(folder / NAME)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if _format(connection, folder) == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
        yield connection
        connection.execute("COMMIT")


@contextmanager
def reading(folder: Path | None) -> Iterator[sqlite3.Connection | None]:
    """One consistent view of the folder's index while others write; None where there is no index yet."""
    if folder is None or not (path := folder / NAME).exists():
        yield None
        return
    with _faults_named(folder), closing(_connect(path)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        yield None if _format(connection, folder) == 0 else connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def _format(connection: sqlite3.Connection, folder: Path) -> int:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found not in (0, FORMAT):
        raise StoreError(f"{folder / NAME} has format {found}, this Auspex reads {FORMAT}")
    return found


@contextmanager
def _faults_named(folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(f"the article index {folder / NAME} cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreCorrupt(
            f"the article index {folder / NAME} is damaged ({error}): move it away, "
            f"then run `auspex articles index` and import your files again"
        ) from error
