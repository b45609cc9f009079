"""Writing articles: versions of a URL, each visible from its own `added_at` until a better one is known."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path

from db.articles.article import Article, host_of
from db.articles.headline import headline_of
from db.articles.schema import NEVER, reading, stamp, writing
from db.articles.words import WORD, storable
from db.errors import BadInput
from db.events.files import writable

_SEEN = """
    CREATE TEMP TABLE seen (
        added_at INTEGER, length INTEGER, published_at INTEGER, titled INTEGER,
        host TEXT, url TEXT, title TEXT, text TEXT)
"""
# Versions of a URL in the order in which they became known; one stays only if it says more than all before it. What is
# visible at a moment then depends on what was known before it, never on the order in which it was loaded.
_CHAIN = """
    CREATE TEMP TABLE chain AS
    WITH every AS (
        SELECT id, NULL AS place, url, added_at, 2 * length(text) + titled AS worth
        FROM version WHERE url IN (SELECT url FROM seen)
        UNION ALL
        SELECT NULL, rowid, url, added_at, 2 * length(text) + titled FROM seen),
    compared AS (
        SELECT *, max(worth) OVER (
            PARTITION BY url ORDER BY added_at, worth DESC, id IS NULL, place
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM every)
    SELECT id, place, coalesce(worth > before, true) AS stays, url, added_at FROM compared
"""
_MERGE = (
    # an external-content index is told what to forget
    """
    INSERT INTO word (word, rowid, title, text) SELECT 'delete', id, title, text
    FROM version WHERE id IN (SELECT id FROM chain WHERE NOT stays)
    """,
    "DELETE FROM version WHERE id IN (SELECT id FROM chain WHERE NOT stays)",
    "CREATE TEMP TABLE newest AS SELECT coalesce(max(id), 0) AS id FROM version",
    f"""
    INSERT INTO version (added_at, superseded_at, length, published_at, titled, host, url, title, text)
    SELECT added_at, {NEVER}, length, published_at, titled, host, url, title, text
    FROM seen WHERE rowid IN (SELECT place FROM chain WHERE stays) ORDER BY rowid
    """,
    """
    INSERT INTO word (rowid, title, text) SELECT id, title, text FROM version WHERE id > (SELECT id FROM newest)
    """,
    """
    UPDATE version SET superseded_at = following.next FROM (
        SELECT url, added_at, lead(added_at) OVER (PARTITION BY url ORDER BY added_at) AS next FROM chain WHERE stays
    ) AS following
    WHERE version.url = following.url AND version.added_at = following.added_at AND following.next IS NOT NULL
    """,
)


class ArticleStore:
    """The articles beside an event store, in its folder. Several processes may read while one writes."""

    def __init__(self, path: Path) -> None:
        """The articles of the store in the folder `path`; the index is made by the first write.

        Raises BadInput for object storage, where there are none.
        """
        self._path = writable(path).resolve()

    @property
    def path(self) -> Path:
        """The folder."""
        return self._path

    def add(self, articles: Iterable[Article], *, partition: str | None = None) -> tuple[int, int]:
        """Add versions of articles in one transaction; returns how many said something new and how many did not.

        A version says something new if its text is longer than every earlier version's, or as long but with a title
        of its own; it is visible from its own `added_at` on. `partition` is the event partition that they come from,
        remembered with them. Raises BadInput for a URL that is none and for a moment without a zone.
        """
        with writing(self._path) as connection:
            connection.execute(_SEEN)
            connection.executemany("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(_row, articles))
            [(read,)] = connection.execute("SELECT count(*) FROM seen")
            connection.execute(_CHAIN)
            for statement in _MERGE:
                connection.execute(statement)
            [(kept,)] = connection.execute("SELECT count(*) FROM chain WHERE stays AND id IS NULL")
            if partition is not None:
                connection.execute("INSERT OR IGNORE INTO partition VALUES (?)", [partition])
        return kept, read - kept

    def without_indexed(self, partitions: Collection[str]) -> list[str]:
        """Those of these partition files whose URLs were not added yet."""
        with reading(self._path) as connection:
            known = set() if connection is None else _indexed(connection)
        return [file for file in partitions if file not in known]


def _indexed(connection: sqlite3.Connection) -> set[str]:
    return {file for (file,) in connection.execute("SELECT file FROM partition")}


def _row(article: Article) -> tuple[object, ...]:
    host = host_of(article.url)
    if host is None:
        raise BadInput(f"{article.url!r} is no http(s) address")
    for moment in (article.added_at, article.published_at):
        if moment is not None and moment.tzinfo is None:
            raise BadInput(f"{article.url}: {moment.isoformat()} has no time zone")
    title, text = storable(article.title or headline_of(article.url)), storable(article.text)
    return (
        stamp(article.added_at),
        len(WORD.findall(title)) + len(WORD.findall(text)),
        None if article.published_at is None else stamp(article.published_at),
        bool(article.title),
        host,
        storable(article.url),
        title,
        text,
    )
