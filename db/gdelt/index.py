"""GDELT's file lists: which event files exist for a span of days, with size and md5, and which slots are missing.

2.0: `masterfilelist.txt` / `lastupdate.txt`, lines `<bytes> <md5> <url>`, a slot every 15 minutes.
1.0: `md5sums` (`<md5>  <name>`) and `filesizes` (`<bytes> <name>`), a file per day.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import httpx

from db.errors import BadInput

_SLOT = timedelta(minutes=15)
_LINE = re.compile(r"(\d+)\s+([0-9a-fA-F]{32})\s+(\S+/(\d{14})(?:\.translation)?\.export\.CSV\.zip)\s*$")
_MD5 = re.compile(r"([0-9a-fA-F]{32})\s+((\d{8})\.export\.CSV\.zip)\s*$")
_SIZE = re.compile(r"(\d+)\s+(\d{8}\.export\.CSV\.zip)\s*$")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One event file to fetch: its address and name, and the size in bytes and md5 that the index states."""

    url: str
    name: str
    bytes: int
    md5: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a span, in time order, and the slots or days that the index does not list."""

    files: list[RemoteFile]
    gaps: list[str]


async def list_files(client: httpx.AsyncClient, url: str, first_day: date | None, last_day: date | None) -> Listing:
    """What the index at `url` lists for `first_day..last_day` (inclusive).

    `url` is a 2.0 list (`…/masterfilelist.txt`, `…/lastupdate.txt` or a `-translation` twin) or the folder of 1.0
    daily files (ends in `/`). Both days are needed for everything but `lastupdate`. Raises BadInput for anything else,
    and httpx.HTTPError if the index cannot be read.
    """
    latest = url.rsplit("/", 1)[-1].startswith("lastupdate")
    if not latest and (first_day is None or last_day is None):
        raise BadInput(f"{url} lists years of files: say which days with --from and --to")
    if first_day and last_day and last_day < first_day:
        raise BadInput(f"--to {last_day} lies before --from {first_day}")
    if url.endswith("/"):
        return await _list_daily(client, url, first_day or date.min, last_day or date.max)
    if url.endswith(".txt"):
        found = [item async for item in _list_slots(client, url, first_day, last_day)]
        stamps = [stamp for stamp, _ in found]
        gaps = [] if latest or not first_day or not last_day else missing_slots(stamps, first_day, last_day)
        return Listing([file for _, file in sorted(found, key=lambda item: item[0])], gaps)
    raise BadInput(f"{url} is neither a GDELT 2.0 file list (.txt) nor a folder of 1.0 files (ending in /)")


async def _list_slots(
    client: httpx.AsyncClient, url: str, first_day: date | None, last_day: date | None
) -> AsyncIterator[tuple[str, RemoteFile]]:
    low = f"{first_day:%Y%m%d}" if first_day else ""
    high = f"{last_day:%Y%m%d}" if last_day else "99999999"
    async with client.stream("GET", url) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            match = _LINE.match(line)
            if match and low <= match[4][:8] <= high:
                yield match[4], RemoteFile(match[3], match[3].rsplit("/", 1)[-1], int(match[1]), match[2].lower())


def missing_slots(stamps: Iterable[str], first_day: date, last_day: date) -> list[str]:
    """The 15-minute stamps of the span that are not among `stamps`, up to the last one listed."""
    known = set(stamps)
    if not known:
        return [f"{first_day}..{last_day}: nothing listed"]
    newest = max(known)
    return [stamp for stamp in _slots(first_day, last_day) if stamp not in known and stamp <= newest]


def _slots(first_day: date, last_day: date) -> Iterator[str]:
    moment = datetime.combine(first_day, time(), tzinfo=UTC)
    while moment.date() <= last_day:
        yield f"{moment:%Y%m%d%H%M%S}"
        moment += _SLOT


async def _list_daily(client: httpx.AsyncClient, url: str, first_day: date, last_day: date) -> Listing:
    sums, sizes = await client.get(url + "md5sums"), await client.get(url + "filesizes")
    sums.raise_for_status()
    sizes.raise_for_status()
    size_of = {match[2]: int(match[1]) for line in sizes.text.splitlines() if (match := _SIZE.match(line))}
    found = {
        match[3]: RemoteFile(url + match[2], match[2], size_of[match[2]], match[1].lower())
        for line in sums.text.splitlines()
        if (match := _MD5.match(line)) and match[2] in size_of
    }
    days = [f"{first_day + timedelta(days=offset):%Y%m%d}" for offset in range((last_day - first_day).days + 1)]
    return Listing([found[day] for day in days if day in found], [day for day in days if day not in found])
