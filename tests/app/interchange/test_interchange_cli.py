"""`auspex import` and `auspex export` as a program uses them: one JSON object, one sentence for a mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from app.interchange.registry import EXPORTERS, IMPORTERS, exporter, importer
from db.ledger.ledger import Ledger
from tests.app.interchange.made import ALL, QUESTIONS


def auspex(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"AUSPEX_DATABASE_URL": str(folder / "ledger.db"), "COLUMNS": "200"}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_every_format_is_a_function_of_ledger_file_and_options() -> None:
    functions: list[Callable[..., Any]] = [*map(importer, IMPORTERS), *map(exporter, EXPORTERS)]
    for found in functions:
        assert list(signature(found).parameters)[0] == "ledger"
        assert len(signature(found).parameters) == 3
        assert found.__doc__


def test_export_and_import_say_what_was_read_and_written(tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        ledger.append(ALL)
    path = tmp_path / "questions.csv"
    done = auspex(tmp_path, "export", "questions", str(path), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {
        "read": 5,
        "written": 5,
        "new": {"questions": 5},
        "file": str(path),
        "skipped": [],
    }
    (tmp_path / "ledger.db").unlink()
    path.write_bytes(path.read_bytes() + b"x\r\n")
    done = auspex(tmp_path, "import", "questions", str(path), "--json")
    found = json.loads(done.stdout)
    assert (found["read"], found["written"]) == (6, 5)
    assert found["skipped"] == [{"id": "row 6", "reason": "it has fewer cells than there are columns"}]
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        assert tuple(ledger.questions()) == QUESTIONS


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("import", "excel", "x"), "unknown format 'excel'"),
        (("import", "forecasts", "missing.csv"), "file missing.csv does not exist"),
        (("export", "forecasts", "x.txt"), "end its name with .json"),
        (("export", "forecastbench", "x.json", "--due", "soon"), "--due 'soon' is not a date"),
        (("export", "forecastbench", "x.json"), "--due 2026-08-16"),
        (("import", "questions", "x.csv", "--as-recorded"), "goes with forecasts only"),
        (("import", "metaculus", "https://www.metaculus.com"), "--accept-terms"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    done = auspex(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.strip().count("\n") == 0
