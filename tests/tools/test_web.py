"""Downloading: nothing but public pages is ever reached, and a page cannot be too large, too slow or too clever."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from db.articles.article import Article
from db.errors import SourceRefused
from tools.web import MOST_BYTES, download

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
PARAGRAPH = "<p>China and Taiwan opened talks on trade on Tuesday, officials said, after months of tension.</p>"
PAGE = (
    "<html><head><title>Talks open | The Example</title><meta property='og:title' content='Talks open'>"
    "<meta property='article:published_time' content='{day}T10:00:00Z'></head>"
    f"<body><nav>Home</nav><article><h1>Talks open</h1>{PARAGRAPH}</article></body></html>"
)
HTML = {"Content-Type": "text/html; charset=utf-8"}
PLAIN = {"Content-Type": "text/plain"}

NAMES = {"loopback.example": ["127.0.0.1"], "private.example": ["10.0.0.5"]}


async def resolver(name: str) -> Sequence[str]:
    if name not in NAMES:
        raise OSError("no such name")
    return NAMES[name]


def fetch(url: str, **options: Any) -> Article:
    return asyncio.run(download(url, clock=lambda: NOW, **{"resolver": resolver, **options}))


Reply = tuple[int, dict[str, str], bytes]


class Server:
    """Answers each path with the reply given for it; remembers the headers that each was asked with."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802  the name that http.server calls
                server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                reply = server.replies[self.path]
                if callable(reply):
                    reply(self)
                    return
                status, headers, body = reply
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up is what these tests are about."""

        self._http = Quiet(("127.0.0.1", 0), Handler)
        self.port = self._http.server_port
        self.url = f"http://news.example:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def fetch(self, path: str, **options: Any) -> Article:
        async def here(name: str) -> Sequence[str]:
            return ["127.0.0.1"] if name == "news.example" else await resolver(name)

        return fetch(self.url + path, **{"resolver": here, "trusted": [("127.0.0.1", self.port)], **options})


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def page(day: str = "2025-05-20") -> bytes:
    return PAGE.replace("{day}", day).encode()


def test_good_page_becomes_an_article_known_from_now_on(server: Server) -> None:
    server.replies["/talks"] = (200, HTML, page())
    article = server.fetch("/talks")
    assert (article.url, article.title, article.added_at) == (f"{server.url}/talks", "Talks open", NOW)
    assert article.published_at == datetime(2025, 5, 20, tzinfo=UTC)
    assert "opened talks on trade" in article.text and "Home" not in article.text


def test_request_carries_its_own_name_and_nothing_of_this_machine(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.replies["/first"] = (302, {"Location": "/second", "Set-Cookie": "a=b; Path=/"}, b"")
    server.replies["/second"] = (200, {**PLAIN, "Content-Encoding": "gzip"}, gzip.compress(b"Talks open"))
    article = server.fetch("/first")
    assert (article.url, article.text) == (f"{server.url}/first", "Talks open")
    for _, headers in server.asked:
        assert headers["host"] == f"news.example:{server.port}"
        assert set(headers) == {"host", "user-agent", "accept", "accept-encoding", "connection"}


def test_date_that_has_not_come_yet_is_left_out(server: Server) -> None:
    server.replies["/talks"] = (200, HTML, page("2025-06-02"))
    assert server.fetch("/talks").published_at is None


def test_plain_text_and_other_character_sets_are_read(server: Server) -> None:
    server.replies["/text"] = (200, {"Content-Type": "text/plain; charset=koi8-r"}, "Переговоры".encode("koi8-r"))
    server.replies["/odd"] = (200, {"Content-Type": "text/plain; charset=punycode"}, b"Talks" * 100_000)
    assert server.fetch("/text").text == "Переговоры"
    assert server.fetch("/odd").text.startswith("TalksTalks")


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://private.example/",
        "//[::1]/",
        "file:///etc/passwd",
        "http://news.example:22/",
        "http://user@news.example/",
        "http://0x7f.1/",
        "http://\xff/",
    ],
)
def test_redirect_is_checked_as_if_it_were_the_first_address(server: Server, location: str) -> None:
    server.replies["/"] = (302, {"Location": location}, b"")
    with pytest.raises(SourceRefused, match="is refused"):
        server.fetch("/")


def test_sixth_redirect_is_refused_and_the_fifth_is_not(server: Server) -> None:
    for hop in range(6):
        server.replies[f"/{hop}"] = (307, {"Location": f"{hop + 1}"}, b"")
    server.replies["/6"] = (200, PLAIN, b"Talks open")
    assert server.fetch("/1").text == "Talks open"
    with pytest.raises(SourceRefused, match="more than 5 redirects"):
        server.fetch("/0")


def test_name_that_changes_its_mind_gains_nothing(server: Server) -> None:
    """The connection goes to the address that was checked; the next hop's is asked for and checked again."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    asked: list[str] = []

    async def rebinding(name: str) -> Sequence[str]:
        asked.append(name)
        return answers[min(len(asked), len(answers)) - 1]

    server.replies["/talks"] = (200, PLAIN, b"Talks open")
    assert server.fetch("/talks", resolver=rebinding).text == "Talks open"
    assert asked == ["news.example"]
    asked.clear()
    server.replies["/"] = (302, {"Location": "/talks"}, b"")
    with pytest.raises(SourceRefused, match=r"10\.0\.0\.1"):
        server.fetch("/", resolver=rebinding)


def test_another_port_of_a_trusted_address_is_refused(server: Server) -> None:
    with pytest.raises(SourceRefused, match="not a public address"):
        fetch("http://loopback.example/", trusted=[("127.0.0.1", server.port)])


def test_tls_asks_the_checked_address_for_the_name() -> None:
    """The greeting that arrives at the checked address names the host that was asked for."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        greetings: list[bytes] = []

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                greetings.append(connection.recv(4096))

        thread = threading.Thread(target=accept)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(SourceRefused, match="cannot be read"):
            fetch(f"https://loopback.example:{port}/", trusted=[("127.0.0.1", port)])
        thread.join()
    assert b"loopback.example" in greetings[0]


def send_endlessly(chunk: bytes, pause_s: float, headers: dict[str, str]) -> Callable[[BaseHTTPRequestHandler], None]:
    """A body without an end, `pause_s` between its chunks, until the client hangs up."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        while True:
            handler.wfile.write(chunk)
            time.sleep(pause_s)

    return reply


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Slow: ")
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.02)


@pytest.mark.parametrize("reply", [send_endlessly(b"<p>", 0.02, HTML), drip_headers], ids=["body", "headers"])
def test_slow_drip_ends_at_the_deadline(server: Server, reply: Callable[[BaseHTTPRequestHandler], None]) -> None:
    server.replies["/"] = reply
    started = time.monotonic()
    with pytest.raises(SourceRefused, match=r"not here after 0\.4 s"):
        server.fetch("/", deadline_s=0.4)
    assert time.monotonic() - started < 5


def test_page_that_keeps_the_parser_busy_ends_at_the_deadline(server: Server) -> None:
    attributes = " ".join(f"a{number}=1" for number in range(250_000))
    server.replies["/"] = (200, HTML, f"<div {attributes}>{PARAGRAPH}".encode())
    started = time.monotonic()
    with pytest.raises(SourceRefused, match="not here after 1 s"):
        server.fetch("/", deadline_s=1)
    assert time.monotonic() - started < 10


GZIP = {**HTML, "Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((404, HTML, page()), "answered 404"),
        ((302, {}, b""), "answered 302"),
        ((200, {"Content-Type": "image/png"}, page()), "'image/png'"),
        ((200, {"Content-Type": "application/octet-stream"}, page()), "neither HTML nor plain text"),
        ((200, {}, page()), "''"),
        ((200, {**HTML, "Content-Encoding": "br"}, page()), "packed as 'br'"),
        ((200, {**HTML, "Content-Encoding": "gzip, gzip"}, page()), "packed as"),
        ((200, GZIP, page()), "gzip is damaged"),
        ((200, GZIP, gzip.compress(page())[:-9]), "does not end"),
        ((200, GZIP, gzip.compress(page()) * 2), "does not end"),
        ((200, GZIP, gzip.compress(bytes(1 << 28), compresslevel=1)), "more than 4,194,304 bytes"),
        ((200, HTML, b"x" * (MOST_BYTES + 1)), "more than 4,194,304 bytes"),
        (send_endlessly(b"<p>" * (1 << 16), 0, HTML), "more than 4,194,304 bytes"),
        ((200, {**HTML, "Content-Length": "9999"}, page()), "cannot be read"),
        ((200, HTML, b""), "no article text"),
        ((200, HTML, b"<html><body></body></html>"), "no article text"),
        ((200, HTML, b"<b><i>" * 50_000), "no article text"),
    ],
)
def test_what_is_no_readable_page_is_refused(server: Server, reply: Any, reason: str) -> None:
    server.replies["/"] = reply
    with pytest.raises(SourceRefused, match=reason):
        server.fetch("/")


def test_server_that_is_not_there_is_refused(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceRefused, match="cannot be read"):
        fetch(f"http://loopback.example:{port}/", trusted=[("127.0.0.1", port)])
