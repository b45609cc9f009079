"""The addresses that a download refuses before any connection, in every disguise, and those that it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from db.errors import SourceRefused
from tools.addresses import is_public
from tools.web import download

NAMES = {
    "loopback.example": ["127.0.0.1"],
    "private.example": ["10.0.0.5"],
    "mixed.example": ["93.184.216.34", "192.168.1.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "scoped.example": ["fe80::1%eth0"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "nothing.example": [],
    "127.0.0.1.nip.example": ["127.0.0.1"],
}


async def resolver(name: str) -> Sequence[str]:
    if name not in NAMES:
        raise OSError("no such name")
    return NAMES[name]


@pytest.mark.parametrize(
    "url",
    [
        # other schemes, and what is no address
        "file:///etc/passwd",
        "gopher://93.184.216.34/",
        "ftp://93.184.216.34/",
        "data:text/html,hello",
        "//93.184.216.34/",
        "/etc/passwd",
        "",
        "http:///path",
        "http://\ud800/",
        "http://93.184.216.34\t/",
        "http://93.184.216.34:99999999/",
        # metadata
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://metadata/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://192.0.0.192/",
        # this machine and its neighbours
        "http://127.0.0.1/",
        "http://127.255.255.254/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.0.1/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://240.0.0.1/",
        "http://198.18.0.1/",
        "http://localhost/",
        "http://localhost./",
        "http://localhost.localdomain/",
        "http://printer.local/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fc00::1]/",
        "http://[ff02::1]/",
        # an IPv4 address inside an IPv6 one
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
        "http://[::127.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:a00:1::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[64:ff9b:1::7f00:1]/",
        "http://[2001:0:7f00:1::]/",
        # numbers in disguise
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://127.1/",
        "http://127.0.1/",
        "http://0/",
        "http://127.0.0.1./",
        "http://127.0.0.0x1/",
        "http://3232235777/",
        "http://%31%32%37.0.0.1/",
        "http://１２７.0.0.1/",
        "http://127。0。0。1/",
        "http://①②⑦.⓪.⓪.①/",
        # user names, ports, odd names
        "http://93.184.216.34@127.0.0.1/",
        "http://user@93.184.216.34/",
        "http://user:secret@93.184.216.34/",
        "http://:@93.184.216.34/",
        "http://93.184.216.34\\@127.0.0.1/",
        "http://93.184.216.34:22/",
        "http://93.184.216.34:8080/",
        "http://93.184.216.34:0/",
        "https://93.184.216.34:6379/",
        "http://ⓛocalhost.example/",
        "http://loc\u00adalhost.example/",
        "http://exa_mple.example/",
        "http://a..example/",
        "http://-a.example/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        # names that lead inside
        "http://loopback.example/",
        "http://LOOPBACK.example./",
        "http://private.example/",
        "http://mixed.example/",
        "http://six.example/",
        "http://mapped.example/",
        "http://scoped.example/",
        "http://nat64.example/",
        "http://127.0.0.1.nip.example/",
        "http://nothing.example/",
        "http://unknown.example/",
    ],
)
def test_address_that_is_not_public_is_refused_before_any_connection(url: str) -> None:
    with pytest.raises(SourceRefused, match="is refused: ") as refusal:
        asyncio.run(download(url, clock=lambda: datetime(2025, 6, 1, tzinfo=UTC), resolver=resolver))
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("64:ff9b::5db8:d822", True),
        ("192.88.99.1", False),
        ("2001:db8::1", False),
        ("fec0::1", False),
        ("4000::1", False),
    ],
)
def test_public_addresses_are_the_ordinary_ones(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public
