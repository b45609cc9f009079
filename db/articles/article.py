"""What is known of a news article: as it comes in, as a search shows it, and how a load went."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_HOST = 253
"""Characters of a host in the domain name system (RFC 1035), and 63 of each of its labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One version of an article. `added_at` is when it became known, with a zone; title and text may be empty."""

    url: str
    title: str = ""
    text: str = ""
    published_at: datetime | None = None
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An article as a snapshot shows it: the newest version known before `as_of`.

    `title` is the article's own, else the words of its URL, else the URL. `snippet` is the part of the text where the
    query was found, empty where only a headline is stored. `score` is BM25, 0 where nothing was ranked.
    """

    url: str
    host: str
    title: str
    text: str
    added_at: datetime
    published_at: datetime | None
    snippet: str = ""
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that is no article: its file, its line there (from 1; None in an event partition), and why."""

    file: str
    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did: `read = kept + duplicate + len(rejected)`."""

    read: int
    kept: int
    duplicate: int
    rejected: tuple[RejectedRow, ...]
    seconds: float


def host_of(url: str) -> str | None:
    """The host of an http(s) URL, in lower case, without `www.` and port; None for what is no such URL.

    A host is ASCII letters, digits and hyphens between dots (RFC 1123; other alphabets are written as punycode), so
    that no space or underscore makes it a sentence.
    """
    try:
        parsed = urlsplit(url)
        host = parsed.hostname
    except ValueError:
        return None
    if parsed.scheme not in ("http", "https") or not host or len(host) > _LONGEST_HOST:
        return None
    if not all(map(_LABEL.fullmatch, host.split("."))):
        return None
    return host.removeprefix("www.")
