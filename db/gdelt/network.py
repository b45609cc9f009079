"""Event files from the network: fetched in parallel, verified, resumable, then ingested like local ones."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import httpx

from db.errors import BadInput
from db.gdelt.index import Listing, RemoteFile, list_files
from db.gdelt.ingest import IngestReport, Progress, ingest_files

CONCURRENCY = 8
ATTEMPTS = 5
LONGEST_WAIT_S = 30.0
_DONE = "fetched.txt"


@dataclass(slots=True)
class _Fetched:
    """What a run of downloads gave: paths that verified, names that answered 404, and what failed and why."""

    paths: list[Path] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def ingest_url(
    url: str,
    store: Path,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    progress: Progress | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> IngestReport:
    """Fetch the event files that the GDELT list at `url` names for `first_day..last_day`, and ingest them.

    Files already ingested from this list are not fetched again; a file that was fetched before an interruption is
    used if it still verifies. Sizes and md5 sums are those of the list; slots that the list lacks or that answer 404
    are gaps, which are reported and not fatal. Raises BadInput if the list cannot be read or names nothing.
    """
    started = time.monotonic()
    listing, fetched, names = asyncio.run(_fetch(url, store, first_day, last_day, progress, transport))
    report = ingest_files(fetched.paths, store, progress=progress) if fetched.paths else IngestReport()
    report.gaps = sorted(listing.gaps + fetched.gaps)
    report.refused += fetched.failed
    report.seconds = time.monotonic() - started
    _remember(store, names)
    for path in fetched.paths:
        path.unlink()
    return report


async def _fetch(
    url: str,
    store: Path,
    first_day: date | None,
    last_day: date | None,
    progress: Progress | None,
    transport: httpx.AsyncBaseTransport | None,
) -> tuple[Listing, _Fetched, list[str]]:
    folder = store / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    timeout = httpx.Timeout(30.0, read=120.0)
    async with httpx.AsyncClient(timeout=timeout, follow_redirects=True, transport=transport) as client:
        try:
            listing = await list_files(client, url, first_day, last_day)
        except httpx.HTTPError as error:
            raise BadInput(f"{url} cannot be read ({error or type(error).__name__}): check the address") from error
        done = _already(store)
        wanted = [file for file in listing.files if file.name not in done]
        fetched = await _download_all(client, wanted, folder, progress)
    if not listing.files:
        raise BadInput(f"{url} lists no event files from {first_day} to {last_day}")
    return listing, fetched, [path.name for path in fetched.paths]


async def _download_all(
    client: httpx.AsyncClient, files: Sequence[RemoteFile], folder: Path, progress: Progress | None
) -> _Fetched:
    fetched = _Fetched()
    slots = asyncio.Semaphore(CONCURRENCY)
    finished = 0

    async def one(file: RemoteFile) -> None:
        nonlocal finished
        async with slots:
            problem = await _download(client, file, folder / file.name)
        if problem is None:
            fetched.paths.append(folder / file.name)
        elif problem == "404":
            fetched.gaps.append(file.name)
        else:
            fetched.failed.append(f"{file.url}: {problem}")
        finished += 1
        if progress:
            progress(finished, len(files), 0)

    await asyncio.gather(*(one(file) for file in files))
    fetched.paths.sort()
    return fetched


async def _download(client: httpx.AsyncClient, file: RemoteFile, target: Path) -> str | None:
    """Fetch one file into `target`, verified; returns None, "404", or what went wrong at the last attempt."""
    if target.exists() and await asyncio.to_thread(_problem, target, file) is None:
        return None
    partial = target.with_suffix(".part")
    problem = "never tried"
    for attempt in range(ATTEMPTS):
        wait = min(LONGEST_WAIT_S, 0.5 * 2**attempt)
        try:
            async with client.stream("GET", file.url) as answer:
                if answer.status_code == 404:
                    return "404"
                answer.raise_for_status()
                with partial.open("wb") as sink:
                    async for chunk in answer.aiter_bytes():
                        sink.write(chunk)
            found = await asyncio.to_thread(_problem, partial, file)
            if found is None:
                partial.replace(target)
                return None
            problem = found
        except httpx.HTTPStatusError as error:
            problem = f"answered {error.response.status_code}"
            if error.response.status_code != 429 and error.response.status_code < 500:
                break
            wait = min(LONGEST_WAIT_S, _retry_after(error.response) or wait)
        except httpx.TransportError as error:
            problem = f"{type(error).__name__}: {error}"
        if attempt + 1 < ATTEMPTS:
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  jitter, not a secret
    partial.unlink(missing_ok=True)
    return f"{problem} (after {attempt + 1} attempts)"


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdigit() else None


def _problem(path: Path, file: RemoteFile) -> str | None:
    """What is wrong with a fetched file, or None."""
    size = path.stat().st_size
    if size != file.bytes:
        return f"has {size} bytes instead of {file.bytes}"
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return None if digest == file.md5 else f"has md5 {digest} instead of {file.md5}"


def _already(store: Path) -> set[str]:
    path = store / _DONE
    return set(path.read_text().split()) if path.exists() else set()


def _remember(store: Path, names: Sequence[str]) -> None:
    """Note what was ingested. Were this lost, files would be fetched again and all their rows be duplicates."""
    with (store / _DONE).open("a") as done:
        done.writelines(f"{name}\n" for name in names)
