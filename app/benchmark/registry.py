"""The files of queries that the agent benchmark reads, by name.

A reader is a function (rows, horizons) -> QuerySet, or None where the rows, JSON objects, are not in its format.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from app.benchmark.agents.queries import QuerySet
from db.errors import BadInput

DATASETS: dict[str, str] = {
    "auspex": "app.benchmark.datasets.asked:read",
    "mirai": "app.benchmark.datasets.mirai:read",
}


def read_queries(path: Path, horizons: Sequence[int]) -> QuerySet:
    """The queries of a JSONL file (also .zst) in any of the known formats; `horizons` where it names no cut-offs.

    Raises BadInput for a file that cannot be read or is in none of them.
    """
    rows = _rows(path)
    for address in DATASETS.values():
        module, _, attribute = address.partition(":")
        found: QuerySet | None = getattr(import_module(module), attribute)(rows, horizons)
        if found is not None:
            return found
    raise BadInput(
        f"{path} is in none of the formats {', '.join(DATASETS)}: its first line has the fields "
        f"{', '.join(map(repr, rows[0]))}; a line needs question, as_of and answer"
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"line {number} of {path} is not JSON: {error.msg}") from error
        if not isinstance(row, dict):
            raise BadInput(f"line {number} of {path} is not a JSON object")
        rows.append(row)
    if not rows:
        raise BadInput(f"{path} holds no queries")
    return rows


def _text(path: Path) -> str:
    import zstandard

    try:
        if path.suffix != ".zst":
            return path.read_text(encoding="utf-8")
        with path.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
            return io.TextIOWrapper(stream, encoding="utf-8").read()
    except FileNotFoundError:
        raise BadInput(f"file of queries {path} does not exist") from None
    except (OSError, UnicodeDecodeError, zstandard.ZstdError) as error:
        raise BadInput(f"{path} cannot be read as text: {error}") from error
