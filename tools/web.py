"""Downloading an article from the public web, and from nowhere else.

Every hop's name is resolved here, every address of it must be public, and the connection goes to the very address that
was checked, so that a name which changes its mind gains nothing. No cookies, no proxy or credential of this machine.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import httpx

from db.articles.article import Article
from db.errors import SourceRefused
from tools.addresses import Resolver, checked_addresses, resolve, shown
from tools.extraction import Extract, decoded, extract
from tools.fetching import ask, unreadable

MOST_REDIRECTS = 5
MOST_BYTES = 4 << 20
"""Bytes that a page may have, as sent and again as unpacked."""
DEADLINE_S = 20.0
"""Seconds for everything: names, connections, redirects, the last byte, and finding the text."""

_TYPES = ("text/html", "application/xhtml+xml", "text/plain")
_REDIRECTS = (301, 302, 303, 307, 308)
_LONGEST_TITLE = 500
_HEADERS = {
    "User-Agent": "auspex (article reader)",
    "Accept": ", ".join(_TYPES),
    "Accept-Encoding": "gzip",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class _Page:
    """A page's unpacked bytes, with the type and character set that its server says."""

    body: bytes
    type: str
    charset: str | None


async def download(
    url: str,
    *,
    clock: Callable[[], datetime],
    resolver: Resolver = resolve,
    trusted: Collection[tuple[str, int]] = (),
    deadline_s: float = DEADLINE_S,
) -> Article:
    """The article at a public http(s) address, known from now on: `added_at` is what `clock` says when it is here.

    Its URL is the one asked for, wherever redirects led; a date of publication that has not come yet is left out.
    `resolver` and `trusted` (address, port) pairs let tests use servers of their own. Raises SourceRefused, with one
    sentence, for an address that is not public, for what is no readable page, and for what is too large or too slow.
    """
    try:
        async with asyncio.timeout(deadline_s):
            page = await _follow(_parsed(url), resolver, trusted)
            found = await _extracted(page, url)
    except TimeoutError:
        raise SourceRefused(f"{url[:200]} is refused: it was not here after {deadline_s:g} s") from None
    if not found.text:
        raise SourceRefused(f"{url[:200]} is refused: there is no article text on the page")
    now, published_at = clock(), found.published_at
    return Article(
        url=url,
        title=found.title[:_LONGEST_TITLE],
        text=found.text,
        published_at=published_at if published_at is not None and published_at <= now else None,
        added_at=now,
    )


def _parsed(text: str, *, base: httpx.URL | None = None) -> httpx.URL:
    try:
        return httpx.URL(text) if base is None else base.join(text)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise SourceRefused(f"{text[:200]!r} is refused: it is no address ({error})") from None


async def _follow(url: httpx.URL, resolver: Resolver, trusted: Collection[tuple[str, int]]) -> _Page:
    """The page that `url` leads to; each hop is checked, and connected to, as if it were the first."""
    for _ in range(MOST_REDIRECTS + 1):
        addresses = await checked_addresses(url, resolver=resolver, trusted=trusted)
        async with httpx.AsyncHTTPTransport(trust_env=False) as transport:
            answer = await ask(transport, url, addresses, _HEADERS)
            try:
                if answer.status_code not in _REDIRECTS or "location" not in answer.headers:
                    return await _read(answer, url)
            except httpx.HTTPError as error:
                raise unreadable(url, error) from None
            finally:
                await answer.aclose()
        url = _parsed(answer.headers["location"], base=url)
    raise SourceRefused(f"{shown(url)} is refused: more than {MOST_REDIRECTS} redirects led there")


async def _read(answer: httpx.Response, url: httpx.URL) -> _Page:
    """The body of an answer, if it is a page of a size that can be handled."""
    if answer.status_code != httpx.codes.OK:
        raise SourceRefused(f"{shown(url)} is refused: it answered {answer.status_code}")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise SourceRefused(f"{shown(url)} is refused: it is {kind[:100]!r}, neither HTML nor plain text")
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise SourceRefused(f"{shown(url)} is refused: it is packed as {encoding[:100]!r}, which was not asked for")
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _too_large(url)
    return _Page(bytes(body) if encoding == "identity" else _unpack(bytes(body), url), kind, answer.charset_encoding)


def _unpack(packed: bytes, url: httpx.URL) -> bytes:
    """The content of a gzip stream, never more than `MOST_BYTES` of it in memory."""
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = stream.decompress(packed, MOST_BYTES + 1)
    except zlib.error as error:
        raise SourceRefused(f"{shown(url)} is refused: its gzip is damaged ({error})") from None
    if len(content) > MOST_BYTES:
        raise _too_large(url)
    if not stream.eof or stream.unused_data:
        raise SourceRefused(f"{shown(url)} is refused: its gzip does not end where the page does")
    return content


async def _extracted(page: _Page, url: str) -> Extract:
    if page.type == "text/plain":
        text = decoded(page.body, page.charset)
        return Extract(text=(page.body.decode("utf-8", "replace") if text is None else text).strip())
    return await extract(page.body, charset=page.charset, url=url)


def _too_large(url: httpx.URL) -> SourceRefused:
    return SourceRefused(f"{shown(url)} is refused: it has more than {MOST_BYTES:,} bytes")
