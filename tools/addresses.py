"""Which addresses on the network may be fetched from: public ones, whatever form they are written in."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from db.errors import SourceRefused

Address = IPv4Address | IPv6Address
Resolver = Callable[[str], Awaitable[Collection[str]]]
"""Gives the addresses of a host name; raises OSError for a name that has none."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SHOWN = 200
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"({_LABEL}\.)+{_LABEL}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_NAME = 253
_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the last 32 bits are the IPv4 address that is meant
_ORDINARY = IPv6Network("2000::/3")
_NEVER = (
    IPv4Network("168.63.129.16/32"),  # public by its number, but Azure answers here with a machine's own secrets
    IPv4Network("192.0.0.0/24"),  # protocol assignments, and Oracle's metadata
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
)


async def resolve(host: str) -> list[str]:
    """The addresses that this machine's resolver gives for a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def checked_addresses(
    url: httpx.URL, *, resolver: Resolver, trusted: Collection[tuple[str, int]] = ()
) -> list[Address]:
    """The addresses behind a URL, IPv4 first, every one of them public; raises SourceRefused otherwise.

    `trusted` are (address, port) pairs let through besides: a test's own server, never given in production.
    """
    port = _checked_port(url, trusted)
    host = url.raw_host.decode("ascii", "replace").lower()
    try:
        found = [host] if _is_literal(host) else await resolver(_checked_name(host, url))
        addresses = [ip_address(text) for text in found]
    except (OSError, ValueError) as error:
        raise SourceRefused(f"{shown(url)} is refused: {host} has no address ({error})") from None
    for address in addresses:
        if not is_public(address) and (str(address), port) not in trusted:
            raise SourceRefused(f"{shown(url)} is refused: {address}, where it leads, is not a public address")
    if not addresses:
        raise SourceRefused(f"{shown(url)} is refused: {host} has no address")
    return sorted(dict.fromkeys(addresses), key=lambda address: address.version)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, an IPv4 address inside an IPv6 one included."""
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _ORDINARY or address.sixtofour or address.teredo:
            return False
    elif any(address in network for network in _NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def shown(url: httpx.URL) -> str:
    """A URL as it may be shown: without a password, and not without end."""
    text = str(url.copy_with(userinfo=b"") if url.userinfo else url)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _checked_port(url: httpx.URL, trusted: Collection[tuple[str, int]]) -> int:
    if url.scheme not in _DEFAULT_PORTS:
        raise SourceRefused(f"{shown(url)} is refused: only http and https are fetched")
    if url.userinfo:
        raise SourceRefused(f"{shown(url)} is refused: it carries a user name or password")
    port = _DEFAULT_PORTS[url.scheme] if url.port is None else url.port
    if port not in _DEFAULT_PORTS.values() and port not in {known for _, known in trusted}:
        raise SourceRefused(f"{shown(url)} is refused: port {port} is neither 80 nor 443")
    return port


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _checked_name(host: str, url: httpx.URL) -> str:
    """The host as a name to resolve; raises SourceRefused for what could be taken for something else."""
    name = host.removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise SourceRefused(f"{shown(url)} is refused: {host} is an address in an unusual form")
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise SourceRefused(f"{shown(url)} is refused: {host!r} is not a full host name")
    return name
