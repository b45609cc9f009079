"""`auspex articles`: one JSON object each, counts that add up, and failures that are listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.commands import articles
from db.errors import BadInput
from db.gdelt.ingest import ingest_files
from tests.gdelt_rows import row, write_csv


@pytest.fixture
def store(tmp_path: Path) -> Path:
    rows = [row(number, SOURCEURL=f"https://news.example/talks-open-{number}") for number in (1, 2)]
    ingest_files([write_csv(tmp_path / "20250520.export.CSV", rows)], tmp_path / "S")
    return tmp_path / "S"


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    content = json.loads(capsys.readouterr().out)
    assert isinstance(content, dict)
    return content


def test_index_then_search_as_of_a_moment(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    articles.index(store, as_json=True)
    assert {
        key: value for key, value in printed(capsys).items() if key in ("read", "kept", "duplicate", "rejected")
    } == {
        "read": 2,
        "kept": 2,
        "duplicate": 0,
        "rejected": [],
    }
    articles.search("talks", store, "2025-05-21", 15, as_json=True)
    found = printed(capsys)["articles"]
    assert [item["url"] for item in found] == ["https://news.example/talks-open-1", "https://news.example/talks-open-2"]
    articles.search("talks", store, "2025-05-20", 15, as_json=True)
    assert printed(capsys)["articles"] == []
    articles.search("talks", store, None, 1, as_json=False)
    assert "Talks open 1" in capsys.readouterr().out


def test_import_lists_rejects_and_exits_with_one(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = store / "a.jsonl"
    path.write_text('{"url": "https://news.example/x", "title": "Talks", "added_at": "2025-05-20"}\n{"title": "no"}\n')
    for kept in (1, 0):
        with pytest.raises(SystemExit, match="1"):
            articles.import_files([path], store, as_json=True)
        report = printed(capsys)
        assert (report["read"], report["kept"], report["duplicate"]) == (2, kept, 1 - kept)
        assert report["rejected"] == [{"file": str(path), "line": 2, "reason": "no url"}]


def test_fetch_reads_addresses_from_files_and_lists_refusals(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = store / "urls.txt"
    path.write_text("\nhttp://127.0.0.1/\n\nhttp://localhost/\n")
    with pytest.raises(SystemExit, match="1"):
        articles.fetch([str(path), "file:///etc/passwd"], store, as_json=True)
    report = printed(capsys)
    assert (report["read"], report["kept"]) == (3, 0)
    refused = {(item["file"], item["line"]) for item in report["rejected"]}
    assert refused == {("file:///etc/passwd", 1), (str(path), 2), (str(path), 4)}
    with pytest.raises(BadInput, match="neither an address"):
        articles.fetch([str(store / "none.txt")], store, as_json=True)
