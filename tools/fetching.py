"""Asking a server at the very addresses that were checked, so that a name which changes its mind gains nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from db.errors import SourceRefused
from tools.addresses import Address, shown

_ADDRESSES_TRIED = 3
_STEP_S = 10.0


async def ask(
    transport: httpx.AsyncHTTPTransport, url: httpx.URL, addresses: Sequence[Address], headers: Mapping[str, str]
) -> httpx.Response:
    """The answer of the first address that can be connected to, asked for `url` by its own name.

    The caller closes it. Raises SourceRefused where none answers.
    """
    extensions = {
        "sni_hostname": url.raw_host.decode("ascii").removesuffix("."),
        "timeout": httpx.Timeout(_STEP_S).as_dict(),
    }
    headers = {"Host": url.netloc.decode("ascii"), **headers}
    problem: httpx.HTTPError | None = None
    for address in addresses[:_ADDRESSES_TRIED]:
        request = httpx.Request("GET", url.copy_with(host=str(address)), headers=headers, extensions=extensions)
        try:
            return await transport.handle_async_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            problem = error
        except httpx.HTTPError as error:
            raise unreadable(url, error) from None
    raise unreadable(url, problem)


def unreadable(url: httpx.URL, error: httpx.HTTPError | None) -> SourceRefused:
    """That a server could not be read, and why."""
    return SourceRefused(f"{shown(url)} cannot be read: {error or type(error).__name__}")
