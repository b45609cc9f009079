"""The event store's own URLs as articles: a headline from the words of each, known from its first event on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from db.articles.article import Article, LoadReport, RejectedRow, host_of
from db.articles.store import ArticleStore
from db.events.files import writable
from db.events.manifest import read_manifest
from db.events.store import EventStore

Progress = Callable[[int, int, int], None]
"""Called with (partitions done, partitions in all, URLs so far)."""


def index_slugs(store: Path, *, progress: Progress | None = None) -> LoadReport:
    """Add each URL of events between two countries, known from the first such event on.

    Only partitions that were not read yet are: a partition's name is its content, so a rewritten one is read again and
    what it repeats counts as duplicate. Raises StoreMissing, or StoreCorrupt if a partition is not whole.
    """
    started = time.monotonic()
    folder = EventStore(writable(store)).path
    articles = ArticleStore(folder)
    files = articles.without_indexed([part.file for _, part in sorted(read_manifest(folder).partitions.items())])
    read = kept = duplicate = 0
    rejected: list[RejectedRow] = []
    for done, file in enumerate(files, start=1):
        found = _urls(folder / file)
        bad = {url for url, _ in found if host_of(url) is None}
        rejected += [RejectedRow(file, None, f"{url[:200]!r} is no http(s) address") for url in sorted(bad)]
        good = (Article(url=url, added_at=added_at) for url, added_at in found if url not in bad)
        new, known = articles.add(good, partition=file)
        read, kept, duplicate = read + len(found), kept + new, duplicate + known
        if progress:
            progress(done, len(files), read)
    return LoadReport(read, kept, duplicate, tuple(rejected), time.monotonic() - started)


def _urls(partition: Path) -> list[tuple[str, datetime]]:
    """Each URL of events between two countries, with when the first of them was added, in that order."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT url, min(added_at) AS added_at FROM read_parquet(?) "
            "WHERE actor1 <> actor2 AND url IS NOT NULL GROUP BY url ORDER BY added_at, url",
            [str(partition)],
        ).fetchall()
    return [(url, added_at.replace(tzinfo=UTC)) for url, added_at in rows]
