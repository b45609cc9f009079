"""Files from the network: a real server on loopback that is missing files, lies about them, or stumbles."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from db.errors import BadInput
from db.events.store import EventStore
from db.gdelt.network import ingest_url
from tests.gdelt_rows import row, write_zip

DAY = date(2025, 5, 20)


class Server:
    """Serves `files` by path; a path in `faults` first answers with the statuses listed there."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[int]] = {}
        self.asked: Counter[str] = Counter()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802  the name that http.server calls
                server.asked[self.path] += 1
                pending = server.faults.get(self.path)
                status = pending.pop(0) if pending else 200 if self.path in server.files else 404
                body = server.files.get(self.path, b"") if status == 200 else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status == 429:
                    self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def offer(self, stamp: str, number: int, folder: Path, *, listed_as: bytes | None = None) -> None:
        """Add one slot's archive to the files and to the master list."""
        name = f"{stamp}.export.CSV"
        content = write_zip(folder / "made.zip", {name: row(number, DATEADDED=stamp).encode()}).read_bytes()
        said = content if listed_as is None else listed_as
        self.files[f"/{name}.zip"] = content
        line = f"{len(said)} {hashlib.md5(said, usedforsecurity=False).hexdigest()} {self.url}/{name}.zip\n"
        self.files["/masterfilelist.txt"] = self.files.get("/masterfilelist.txt", b"") + line.encode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server()
    made.offer("20250520000000", 1, tmp_path)
    made.offer("20250520001500", 2, tmp_path)
    made.offer("20250520004500", 3, tmp_path)
    made.offer("20250521000000", 4, tmp_path)
    yield made
    made.close()


def test_fetches_the_days_asked_for_and_reports_gaps(server: Server, tmp_path: Path) -> None:
    del server.files["/20250520001500.export.CSV.zip"]
    report = ingest_url(f"{server.url}/masterfilelist.txt", tmp_path / "S", first_day=DAY, last_day=DAY)
    assert report.rows_kept == 2
    assert report.gaps == ["20250520001500.export.CSV.zip", "20250520003000"]
    assert report.refused == []
    assert list((tmp_path / "S" / "downloads").iterdir()) == []


def test_second_run_fetches_nothing_again(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        report = ingest_url(f"{server.url}/masterfilelist.txt", tmp_path / "S", first_day=DAY, last_day=DAY)
    assert report.rows_read == 0
    assert server.asked["/20250520000000.export.CSV.zip"] == 1
    assert EventStore(tmp_path / "S").info().events == 3


def test_stumbling_server_is_asked_again_and_a_lying_one_is_refused(server: Server, tmp_path: Path) -> None:
    server.faults = {"/20250520000000.export.CSV.zip": [503, 429], "/20250520001500.export.CSV.zip": [403]}
    report = ingest_url(f"{server.url}/masterfilelist.txt", tmp_path / "S", first_day=DAY, last_day=DAY)
    assert report.rows_kept == 2
    [refused] = report.refused
    assert "answered 403" in refused
    assert server.asked["/20250520000000.export.CSV.zip"] == 3


def test_wrong_md5_never_enters_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.gdelt.network.ATTEMPTS", 2)
    made = Server()
    try:
        made.offer("20250520000000", 1, tmp_path)
        size = len(made.files["/20250520000000.export.CSV.zip"])
        made.offer("20250520001500", 2, tmp_path, listed_as=b"x" * size)
        report = ingest_url(f"{made.url}/masterfilelist.txt", tmp_path / "S", first_day=DAY, last_day=DAY)
    finally:
        made.close()
    assert report.rows_kept == 1
    assert any("md5" in problem or "bytes instead" in problem for problem in report.refused)


def test_daily_files_of_gdelt_1_come_with_sums_and_sizes(tmp_path: Path) -> None:
    made = Server()
    try:
        name = "20250520.export.CSV"
        content = write_zip(tmp_path / "x.zip", {name: row(1, columns=58).encode()}).read_bytes()
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        made.files |= {
            f"/events/{name}.zip": content,
            "/events/md5sums": f"{digest}  {name}.zip\n".encode(),
            "/events/filesizes": f"{len(content)} {name}.zip\n".encode(),
        }
        report = ingest_url(f"{made.url}/events/", tmp_path / "S", first_day=DAY, last_day=date(2025, 5, 21))
    finally:
        made.close()
    assert report.rows_kept == 1
    assert report.gaps == ["20250521"]


def test_list_that_cannot_be_read_or_is_none_says_so(server: Server, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        ingest_url(f"{server.url}/nothing.txt", tmp_path / "S", first_day=DAY, last_day=DAY)
    with pytest.raises(BadInput, match="--from and --to"):
        ingest_url(f"{server.url}/masterfilelist.txt", tmp_path / "S")
    with pytest.raises(BadInput, match="lists no event files"):
        ingest_url(
            f"{server.url}/masterfilelist.txt", tmp_path / "S", first_day=date(2020, 1, 1), last_day=date(2020, 1, 1)
        )
