"""Object storage on loopback: moto's server, and a wire before it on which a test can wait or step in."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from moto.server import ThreadedMotoServer

BUCKET = "events-of-test"


SECRET = "test-secret-canary"  # noqa: S105


@contextmanager
def object_storage() -> Iterator[str]:
    """The endpoint of a fresh bucket `BUCKET` on 127.0.0.1."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    try:
        httpx.post(f"{endpoint}/moto-api/reset").raise_for_status()
        httpx.put(f"{endpoint}/{BUCKET}", headers=_OWNER).raise_for_status()
        yield endpoint
    finally:
        server.stop()


_OWNER = {"authorization": "AWS4-HMAC-SHA256 Credential=AKIATESTKEY/20250101/us-east-1/s3/aws4_request"}


def variables(endpoint: str) -> dict[str, str]:
    """The environment in which boto3 asks the endpoint, and nothing else on this machine or around it."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIATESTKEY",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def wire(endpoint: str, before: Callable[[str, str], None]) -> Iterator[str]:
    """The same storage through a proxy that calls `before(method, path)` ahead of every request it passes on."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # boto3 asks first whether it may send: HTTP/1.0 has no answer to that

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            before(self.command, self.path)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_HOP}
            answer = httpx.request(self.command, endpoint + self.path, headers=headers, content=body)
            self.send_response(answer.status_code)
            for name in ("etag", "last-modified", "content-type"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_PUT = do_DELETE = _pass_on  # noqa: N815  the names that http.server calls

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: tests read the storage, not a log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_OF_THE_HOP = {"host", "content-length", "connection", "accept-encoding", "expect"}
