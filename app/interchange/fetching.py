"""Reading a market's JSON interface on the public web, and nothing else, at the pace that it asks for.

The same rules as for articles (`tools.web`): every address of the name must be public, the connection goes to the one
that was checked, no proxy or credential of this machine is used. Redirects are refused: a key goes where it was meant
to go and nowhere else.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from db.errors import SourceRefused
from tools.addresses import Resolver, checked_addresses, resolve, shown
from tools.fetching import ask, unreadable

Document = dict[str, Any]
"""An object of an answer."""
MOST_BYTES = 32 << 20
DEADLINE_S = 60.0
"""Seconds that one answer may take."""
MOST_TRIES = 6
LONGEST_WAIT_S = 120.0
"""Seconds that a server may ask to be left alone; one that asks for more is not asked again."""

_BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
_HEADERS = {"User-Agent": "auspex (question importer)", "Accept": "application/json", "Accept-Encoding": "identity"}


class NotThere(SourceRefused):
    """An address where there is nothing, or no longer."""


class JsonSource:
    """A JSON interface at a base address; use it as a context, which closes its connections."""

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str] | None = None,
        resolver: Resolver = resolve,
        trusted: Collection[tuple[str, int]] = (),
    ) -> None:
        """`headers` go to this address with every request. `resolver` and `trusted` let tests use their own servers."""
        try:
            self._base = httpx.URL(base)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise SourceRefused(f"{base[:200]!r} is refused: it is no address ({error})") from None
        self._headers = {**_HEADERS, **(headers or {})}
        self._resolver = resolver
        self._trusted = trusted
        self._transport = httpx.AsyncHTTPTransport(trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    @property
    def one_document(self) -> bool:
        """Whether the address is of one document, rather than of the whole interface."""
        return self._base.path not in ("", "/")

    async def document(self) -> Any:
        """What the base address itself answers."""
        return await self._get(self._base)

    async def get(self, path: str, **parameters: str | int) -> Any:
        """What the interface answers at a path. Raises SourceRefused for no answer, and for one that is no JSON."""
        return await self._get(self._base.copy_with(path=path, params=parameters or None))

    async def objects(self, path: str, **parameters: str | int) -> list[Document]:
        """The objects that are listed at a path; raises SourceRefused as `get`, and for an answer of another shape."""
        return self._objects(await self.get(path, **parameters), path)

    async def one_or_more(self, path: str = "", *, under: str = "", **parameters: str | int) -> list[Document]:
        """The one object that is answered at a path ("" is the base address), or those that are listed there, in its
        field `under` if it has that; raises as `objects`."""
        found = await (self.get(path, **parameters) if path else self.document())
        return self._objects(found.get(under, [found]) if isinstance(found, dict) else found, path)

    def _objects(self, listed: Any, path: str) -> list[Document]:
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise self.strange(path, "it is no list of objects")
        return listed

    async def object(self, path: str, **parameters: str | int) -> Document:
        """The one object that is answered at a path; raises as `objects`."""
        found = await self.get(path, **parameters)
        if not isinstance(found, dict):
            raise self.strange(path, "it is no object")
        return found

    def named(self, item: Any, path: str) -> str:
        """The `id` of an object that was listed at a path; raises SourceRefused for one without."""
        if not isinstance(item, dict) or not isinstance(item.get("id"), str | int):
            raise self.strange(path, "an object in it has no id")
        return quote(str(item["id"]), safe="")

    def strange(self, path: str, why: str) -> SourceRefused:
        """What to raise for an answer that is not what is known to be answered at a path."""
        url = self._base.copy_with(path=path) if path else self._base
        return SourceRefused(f"{shown(url)} is refused: its answer is not in the shape that is known, {why}")

    async def _get(self, url: httpx.URL) -> Any:
        for tries in range(MOST_TRIES):
            addresses = await checked_addresses(url, resolver=self._resolver, trusted=self._trusted)
            try:
                async with asyncio.timeout(DEADLINE_S):
                    answer = await ask(self._transport, url, addresses, self._headers)
                    try:
                        body = await _body(answer, url)
                    finally:
                        await answer.aclose()
            except TimeoutError:
                raise SourceRefused(f"{shown(url)} cannot be read: no answer after {DEADLINE_S:g} s") from None
            except httpx.HTTPError as error:
                raise unreadable(url, error) from None
            if answer.status_code not in _BUSY:
                return _content(answer, body, url)
            await asyncio.sleep(_wait_s(answer, url, tries))
        raise SourceRefused(f"{shown(url)} cannot be read: it was busy {MOST_TRIES} times; try again later")


async def _body(answer: httpx.Response, url: httpx.URL) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > MOST_BYTES:
            raise SourceRefused(f"{shown(url)} is refused: it has more than {MOST_BYTES:,} bytes")
    return bytes(body)


def _content(answer: httpx.Response, body: bytes, url: httpx.URL) -> Any:
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise SourceRefused(f"{shown(url)} is refused: it answered {answer.status_code}, so it wants a key, or another")
    if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        raise NotThere(f"{shown(url)} is refused: it answered {answer.status_code}")
    if answer.status_code != httpx.codes.OK:
        raise SourceRefused(f"{shown(url)} is refused: it answered {answer.status_code}")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceRefused(f"{shown(url)} is refused: its answer is not JSON ({error})") from None


def _wait_s(answer: httpx.Response, url: httpx.URL, tries: int) -> float:
    """How long a busy server asks to be left alone, in seconds; twice as long each time where it does not say."""
    said = answer.headers.get("retry-after", "").strip()
    try:
        wait = float(said) if said else float(2**tries)
    except ValueError:
        wait = _until(said, tries)
    if not 0 <= wait <= LONGEST_WAIT_S:
        raise SourceRefused(f"{shown(url)} asks to be left alone for {wait:g} s: try again then")
    return wait


def _until(date: str, tries: int) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return float(2**tries)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
