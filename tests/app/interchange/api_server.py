"""A market's interface on loopback: canned answers by path, paging and a busy spell, through a real HTTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = Callable[[Mapping[str, str]], Any]


@dataclass(slots=True)
class Api:
    """What is answered: path -> function of the query; `busy` are answers to give first, as (status, headers)."""

    answers: dict[str, Answer]
    busy: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    url: str = ""
    trusted: tuple[tuple[str, int], ...] = ()


@contextmanager
def serving(answers: Mapping[str, Any]) -> Iterator[Api]:
    """A server of these answers, values or functions of the query, while this is open."""
    api = Api({path: answer if callable(answer) else _always(answer) for path, answer in answers.items()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(api))
    port = server.server_address[1]
    api.url, api.trusted = f"http://127.0.0.1:{port}", (("127.0.0.1", port),)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _always(answer: Any) -> Answer:
    return lambda query: answer


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            parts = urlsplit(self.path)
            api.asked.append(self.path)
            api.tokens.append(self.headers.get("Authorization"))
            if api.busy:
                status, headers = api.busy.pop(0)
                self._send(status, headers, b"{}")
            elif parts.path not in api.answers:
                self._send(404, {}, b"{}")
            else:
                content = api.answers[parts.path](dict(parse_qsl(parts.query)))
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self._send(200, {"Content-Type": "application/json"}, body)

        def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: tests say what went wrong."""

    return Handler
