"""Where messages may be sent: public addresses, or any where an administrator said so for one webhook."""

from __future__ import annotations

import httpx

from db.errors import BadInput, SourceRefused
from tools.addresses import Address, checked_addresses, resolve, shown

_DEFAULT_PORTS = {"http": 80, "https": 443}


def parsed(text: str) -> httpx.URL:
    """The URL that a text is; raises BadInput if it is none with a scheme and a host."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise BadInput(f"{text[:200]!r} is no address: {error}") from error
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise BadInput(f"{text[:200]!r} is no address that can be told anything: write https://example.org/hook")
    return url


async def addresses_of(url: httpx.URL, *, allow_private: bool) -> list[Address]:
    """The addresses behind a URL; all are public, unless `allow_private`. Raises SourceRefused otherwise.

    To be asked before each message: a name may lead elsewhere by then.
    """
    if not allow_private:
        return await checked_addresses(url, resolver=resolve)
    port = url.port or _DEFAULT_PORTS[url.scheme]
    try:
        found = await resolve(url.host)
    except OSError as error:
        raise SourceRefused(f"{shown(url)} is refused: {url.host} has no address ({error})") from None
    return await checked_addresses(url, resolver=resolve, trusted=[(address, port) for address in found])
