"""`auspex articles`."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from app.cli.options import moment
from app.commands.places import open_store, store_path
from app.output import emit_json, err, out, progress_bar
from db.articles.article import Article, Hit, LoadReport, RejectedRow
from db.articles.files import import_articles
from db.articles.slugs import index_slugs
from db.articles.store import ArticleStore
from db.errors import BadInput, SourceRefused
from tools.untrusted import visible
from tools.web import download

_DOWNLOADS_AT_ONCE = 8
_REJECTS_SHOWN = 10


def index(store: Path | None, *, as_json: bool) -> None:
    """Make the headlines in the URLs of the store's events searchable."""
    target = store_path(store)
    with progress_bar("index") as update:
        report = index_slugs(target, progress=lambda done, total, urls: update(done, total, f"{urls:,} URLs"))
    _report([report], target, as_json=as_json)


def import_files(paths: Sequence[Path], store: Path | None, *, as_json: bool) -> None:
    """Read articles from files; exits with 1 if a row was rejected."""
    target = store_path(store)
    reports = []
    with progress_bar("import") as update:
        for done, path in enumerate(paths, start=1):
            reports.append(import_articles(path, target))
            update(done, len(paths), f"{sum(report.read for report in reports):,} rows")
    _report(reports, target, as_json=as_json)


def fetch(sources: Sequence[str], store: Path | None, *, as_json: bool) -> None:
    """Download articles, from URLs or files of one URL a line; exits with 1 if one was refused."""
    started = time.monotonic()
    target = store_path(store)
    asked = [place for source in sources for place in _places(source)]
    with progress_bar("fetch") as update:
        found, rejected = asyncio.run(_download_all(asked, lambda done: update(done, len(asked))))
    kept, duplicate = ArticleStore(target).add(found)
    report = LoadReport(len(asked), kept, duplicate, tuple(rejected), time.monotonic() - started)
    _report([report], target, as_json=as_json)


def search(query: str, store: Path | None, as_of: str | None, limit: int, *, as_json: bool) -> None:
    """Search as of a moment; now if none is given."""
    cut = moment(as_of, "--as-of") if as_of else datetime.now(UTC)
    snapshot = open_store(store).as_of(cut)
    hits = snapshot.articles.search(query, limit=limit)
    if as_json:
        emit_json({"query": query, "as_of": cut.isoformat(), "articles": [_as_json(hit) for hit in hits]})
        return
    if not hits:
        known = snapshot.articles.count()
        hint = "" if known else " Fill the index with `auspex articles index` or `auspex articles import`."
        out.print(f"No article matches; {known:,} are known as of {cut:%Y-%m-%d %H:%M} UTC.{hint}")
        return
    out.print(
        f"{len(hits)} articles as of {cut:%Y-%m-%d %H:%M} UTC, best match first: score, day added, title, address"
    )
    for hit in hits:
        title = "" if hit.title == hit.url else f"{hit.title}\n{' ' * 18}"
        line = f"{hit.score:5.1f}  {hit.added_at:%Y-%m-%d} {title}{hit.url}"
        out.print(visible(line), highlight=False, soft_wrap=True)


async def _download_all(
    places: Sequence[tuple[str, int, str]], progress: Callable[[int], None]
) -> tuple[list[Article], list[RejectedRow]]:
    slots = asyncio.Semaphore(_DOWNLOADS_AT_ONCE)
    found: list[Article] = []
    rejected: list[RejectedRow] = []

    async def one(file: str, line: int, url: str) -> None:
        try:
            async with slots:
                found.append(await download(url, clock=lambda: datetime.now(UTC)))
        except SourceRefused as refusal:
            rejected.append(RejectedRow(file, line, str(refusal)))
        progress(len(found) + len(rejected))

    await asyncio.gather(*(one(*place) for place in places))
    return found, sorted(rejected, key=lambda row: (row.file, row.line or 0))


def _places(source: str) -> list[tuple[str, int, str]]:
    """(source, line, URL) of what was given: one URL, or a file with one on each line."""
    if "://" in source:
        return [(source, 1, source)]
    try:
        lines = Path(source).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{source} is neither an address with :// nor a readable file of such: {error}") from error
    return [(source, number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]


def _report(reports: Sequence[LoadReport], target: Path, *, as_json: bool) -> None:
    rejected = [row for report in reports for row in report.rejected]
    total = LoadReport(
        sum(report.read for report in reports),
        sum(report.kept for report in reports),
        sum(report.duplicate for report in reports),
        tuple(rejected),
        sum(report.seconds for report in reports),
    )
    if as_json:
        emit_json({**asdict(total), "store": str(target)})
    else:
        out.print(
            f"{total.read:,} articles read in {total.seconds:.1f} s: {total.kept:,} kept, "
            f"{total.duplicate:,} already known, {len(rejected):,} rejected. Store: {target}"
        )
        for row in rejected[:_REJECTS_SHOWN]:
            err.print(f"rejected: {row.file}, line {row.line}: {row.reason}")
        if len(rejected) > _REJECTS_SHOWN:
            err.print(f"... and {len(rejected) - _REJECTS_SHOWN:,} more: --json lists them all")
    if rejected:
        sys.exit(1)


def _as_json(hit: Hit) -> dict[str, object]:
    return {
        "title": hit.title,
        "url": hit.url,
        "host": hit.host,
        "added_at": hit.added_at.isoformat(),
        "published_at": None if hit.published_at is None else hit.published_at.isoformat(),
        "snippet": hit.snippet,
        "score": hit.score,
    }
