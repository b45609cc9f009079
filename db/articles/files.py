"""Articles from local files: JSONL or CSV with url, title, text, published_at, added_at."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from db.articles.article import Article, LoadReport, RejectedRow, host_of
from db.articles.store import ArticleStore
from db.errors import BadInput

COLUMNS = ("url", "title", "text", "published_at", "added_at")
LONGEST_FIELD = 1 << 20
"""Characters that a text may have."""


def import_articles(path: Path, store: Path) -> LoadReport:
    """Add the articles of a file, all in one transaction; reading it again changes nothing.

    An article counts as known from its `added_at` on: an ISO time with a zone, or a date, which counts from the
    midnight after it (UTC). Without one, `published_at` counts by the same rule; an article is never known before it
    was published. A row with neither, or without an http(s) URL, is rejected with its line and reason; other columns
    are ignored. Raises BadInput for a file that cannot be read or is neither JSONL (`.jsonl`, `.ndjson`) nor CSV
    (`.csv`, with a first line that names the columns).
    """
    started = time.monotonic()
    rejected: list[RejectedRow] = []

    def articles() -> Iterator[Article]:
        for line, row in _rows(path):
            try:
                yield _article(row)
            except ValueError as error:
                rejected.append(RejectedRow(str(path), line, str(error)))

    kept, duplicate = ArticleStore(store).add(articles())
    return LoadReport(kept + duplicate + len(rejected), kept, duplicate, tuple(rejected), time.monotonic() - started)


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    """Each row with the line on which it ends; one that cannot be read is the ValueError that says why."""
    readers = {".jsonl": _json_rows, ".ndjson": _json_rows, ".csv": _csv_rows}
    if path.suffix.lower() not in readers:
        raise BadInput(f"{path} is neither .jsonl nor .csv: articles are read from JSONL and CSV")
    try:
        yield from readers[path.suffix.lower()](path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error


def _json_rows(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:
                yield number, ValueError(f"not a JSON object in UTF-8: {error}")


def _csv_rows(path: Path) -> Iterator[tuple[int, Any]]:
    csv.field_size_limit(2 * LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as source:
        reader = csv.reader(source)
        header = next(reader, [])
        if "url" not in header:
            raise BadInput(f"{path} has no column url: its first line must name the columns, {', '.join(COLUMNS)}")
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield reader.line_num, ValueError(f"not CSV: {error}")
                continue
            if fields:
                yield reader.line_num, _labelled(header, fields)


def _labelled(header: list[str], fields: list[str]) -> Any:
    if len(fields) != len(header):
        return ValueError(f"{len(fields)} fields where the first line names {len(header)}")
    return dict(zip(header, fields, strict=True))


def _article(row: Any) -> Article:
    """The article of a row; raises ValueError with what is wrong with it."""
    if isinstance(row, ValueError):
        raise row
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    url, title, text, published, added = (_text(row, name) for name in COLUMNS)
    if host_of(url) is None:
        raise ValueError(f"url {url[:200]!r} is no http(s) address" if url else "no url")
    published_at, published_by = _moment("published_at", published) if published else (None, None)
    known_by = _moment("added_at", added)[1] if added else published_by
    if known_by and published_at and published_at > known_by:
        known_by = published_by  # nobody knew it before it was published
    if known_by is None:
        raise ValueError("neither added_at nor published_at: it cannot be said when it became known")
    return Article(
        url=url,
        title=title,
        text=text,
        published_at=published_at,
        added_at=known_by,
    )


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is not text")
    if len(value) > LONGEST_FIELD:
        raise ValueError(f"{name} has {len(value):,} characters, more than {LONGEST_FIELD:,}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} is not valid UTF-8") from None
    return value.strip()


def _moment(name: str, text: str) -> tuple[datetime, datetime]:
    """The moment that `text` names, and the moment by which it has passed: for a date the midnight after it."""
    try:
        if len(text) == len("2025-06-01"):
            midnight = datetime.combine(date.fromisoformat(text), datetime.min.time(), tzinfo=UTC)
            return midnight, midnight + timedelta(days=1)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return (moment.astimezone(UTC),) * 2
    except (ValueError, OverflowError):
        raise ValueError(f"{name} {text[:40]!r} is no date and no ISO time") from None
    raise ValueError(f"{name} {text!r} has no time zone: write it with one, such as {text}+00:00")
