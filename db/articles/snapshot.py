"""Articles as they were known at one moment: found, counted and ranked from nothing that came later.

Everything that a snapshot can say goes through `_VISIBLE`, where `added_at < as_of` is bound. FTS5's own `bm25()`
weighs words by the whole index, the future's articles included, so the ranking is ours, from counts of what is visible
(docs/decisions/005-articles-ranked-as-of.md).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from db.articles.article import Hit
from db.articles.ranking import Postings, bm25
from db.articles.schema import reading, stamp, unstamped
from db.articles.words import WORD, phrases, stems, storable
from db.errors import BadInput

LONGEST_QUERY = 64
"""Different words of a query that count; further ones are ignored."""
SNIPPET_WORDS = 40

_VISIBLE = "WITH visible AS (SELECT * FROM version WHERE added_at < :as_of AND superseded_at >= :as_of) "
_ANY = "true"
_SHOWN = "id, url, host, title, text, added_at, published_at"


class ArticleFilter(TypedDict, total=False):
    """Which articles: every keyword occurs (several words as a phrase), the address is one of `urls`, the day fits.

    None and what is left out filter nothing, empty `urls` match nothing. Days are inclusive; an article's day is that
    of its publication where known, else that on which it was added.
    """

    keywords: Sequence[str]
    urls: Collection[str] | None
    first_day: date | None
    last_day: date | None


class ArticleSnapshot:
    """The articles known strictly before `as_of`; empty where no index or no folder exists. Made with a `Snapshot`.

    Of several versions of an article only the newest known before `as_of` is there. Queries and keywords are words,
    never search syntax.
    """

    __slots__ = ("_as_of", "_folder")

    def __init__(self, folder: Path | None, as_of: datetime) -> None:
        self._folder = folder
        self._as_of = as_of

    @property
    def as_of(self) -> datetime:
        """The information cut-off: nothing added at or after it is visible."""
        return self._as_of

    def search(self, query: str | None = None, *, limit: int = 15, **filter: Unpack[ArticleFilter]) -> list[Hit]:
        """The matching articles with any word of `query`, best BM25 first, ties newest first; at most `limit`.

        Without a query (None) all that match, newest first. Raises BadInput for a negative limit.
        """
        if limit < 0:
            raise BadInput(f"limit {limit} is negative: give how many articles to show at most")
        conditions, parameters = _conditions(filter)
        with reading(self._folder) as connection:
            if connection is None:
                return []
            if query is not None:
                return self._ranked(connection, query, limit, conditions, parameters)
            rows = self._rows(
                connection,
                f"SELECT {_SHOWN} FROM visible WHERE {conditions} ORDER BY added_at DESC, url LIMIT :limit",
                {**parameters, "limit": limit},
            )
            return [_hit(row, snippet=" ".join(row[4].split()[:SNIPPET_WORDS])) for row in rows]

    def count(self, **filter: Unpack[ArticleFilter]) -> int:
        """How many articles match."""
        return int(self._summary("count(*)", filter) or 0)

    def latest_added_at(self, **filter: Unpack[ArticleFilter]) -> datetime | None:
        """When the newest of the matching articles became known, always before `as_of`; None without any."""
        latest = self._summary("max(added_at)", filter)
        return None if latest is None else unstamped(latest)

    def browse(self, title_or_url: str, day: date | None = None) -> Hit | None:
        """The article at this address, else the newest with this title (letter case and punctuation aside); else None.

        `day` tells articles of the same title apart.
        """
        url, words = storable(title_or_url), _words(title_or_url)
        with reading(self._folder) as connection:
            if connection is None:
                return None
            for row in self._rows(connection, f"SELECT {_SHOWN} FROM visible WHERE url = :url", {"url": url}):
                return _hit(row)
            if not words:
                return None
            conditions, parameters = _conditions({"first_day": day, "last_day": day})
            rows = self._rows(
                connection,
                f"""
                SELECT {_SHOWN} FROM visible
                WHERE {conditions} AND id IN (SELECT rowid FROM word WHERE word MATCH :title)
                ORDER BY length(title), added_at DESC, url LIMIT 200
                """,
                {**parameters, "title": f"title : {phrases([title_or_url], 'AND')}"},
            )
            same = [row for row in rows if _words(row[3]) == words]
            return _hit(max(same, key=lambda row: (row[5], row[1]))) if same else None

    def _summary(self, expression: str, filter: ArticleFilter) -> int | None:
        conditions, parameters = _conditions(filter)
        with reading(self._folder) as connection:
            if connection is None:
                return None
            [(value,)] = self._rows(connection, f"SELECT {expression} FROM visible WHERE {conditions}", parameters)
            return None if value is None else int(value)

    def _ranked(
        self, connection: sqlite3.Connection, query: str, limit: int, conditions: str, parameters: dict[str, Any]
    ) -> list[Hit]:
        [(articles, mean_length)] = self._rows(connection, "SELECT count(*), avg(length) FROM visible", {})
        words = [self._postings(connection, stem) for stem in stems(query)[:LONGEST_QUERY]]
        ids, scores = bm25([word for word in words if len(word.ids)], articles=articles, mean_length=mean_length or 1.0)
        if conditions != _ANY:
            matching = self._rows(connection, f"SELECT id FROM visible WHERE {conditions}", parameters)
            keep = np.isin(ids, np.array([id for (id,) in matching], dtype=np.int64))
            ids, scores = ids[keep], scores[keep]
        if not limit or not len(ids):
            return []
        least = np.partition(scores, -limit)[-limit] if len(scores) > limit else scores.min()
        best = dict(zip(ids[scores >= least].tolist(), scores[scores >= least].tolist(), strict=True))
        rows = self._rows(
            connection,
            f"SELECT {_SHOWN} FROM visible WHERE id IN (SELECT value FROM json_each(:ids))",
            {"ids": json.dumps(list(best))},
        )
        top = sorted(rows, key=lambda row: (-best[row[0]], -row[5], row[1]))[:limit]
        return [_hit(row, score=best[row[0]], snippet=_snippet(connection, query, row)) for row in top]

    def _postings(self, connection: sqlite3.Connection, stem: str) -> Postings:
        rows = self._rows(
            connection,
            "SELECT visible.id, count(*), length FROM posting JOIN visible ON visible.id = posting.doc "
            "WHERE term = :stem GROUP BY visible.id",
            {"stem": stem},
        )
        found = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return Postings(found[:, 0], found[:, 1].astype(np.float64), found[:, 2].astype(np.float64))

    def _rows(self, connection: sqlite3.Connection, sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows that `sql` finds in the relation `visible`: the one place where the future is cut off."""
        return connection.execute(_VISIBLE + sql, {"as_of": stamp(self._as_of), **parameters}).fetchall()


def _conditions(filter: ArticleFilter) -> tuple[str, dict[str, Any]]:
    """The filter as SQL over the columns of a version."""
    conditions = [_ANY]
    parameters: dict[str, Any] = {}
    if keywords := filter.get("keywords", ()):
        conditions.append("id IN (SELECT rowid FROM word WHERE word MATCH :keywords)")
        parameters["keywords"] = phrases(keywords, "AND")
        if not all(map(stems, keywords)):  # a keyword without a word in it occurs nowhere
            conditions.append("false")
    urls = filter.get("urls")
    if urls is not None:
        conditions.append("url IN (SELECT value FROM json_each(:urls))")
        parameters["urls"] = json.dumps(list(urls))
    for name, operator, clock in (("first_day", ">=", time.min), ("last_day", "<=", time.max)):
        day = filter.get(name)
        if isinstance(day, date):
            conditions.append(f"coalesce(published_at, added_at) {operator} :{name}")
            parameters[name] = stamp(datetime.combine(day, clock, tzinfo=UTC))
    return " AND ".join(conditions), parameters


def _snippet(connection: sqlite3.Connection, query: str, row: tuple[Any, ...]) -> str:
    """The part of a visible article's text that holds most of the query's words."""
    words = WORD.findall(query)[:LONGEST_QUERY]
    if not row[4] or not words:
        return ""
    sql = f"SELECT snippet(word, 1, '', '', '…', {SNIPPET_WORDS}) FROM word WHERE word MATCH ? AND rowid = ?"
    found = connection.execute(sql, [phrases(words, "OR"), row[0]]).fetchone()
    return found[0] if found else ""


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def _hit(row: tuple[Any, ...], *, score: float = 0.0, snippet: str = "") -> Hit:
    _, url, host, title, text, added_at, published_at = row
    return Hit(
        url=url,
        host=host,
        title=title or url,
        text=text,
        added_at=unstamped(added_at),
        published_at=None if published_at is None else unstamped(published_at),
        snippet=snippet,
        score=score,
    )
