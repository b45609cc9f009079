"""Rows of our own files, JSON, JSONL or CSV: what `auspex export` writes, and what people make in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.interchange.columns import TABLES, Column, Kind
from app.interchange.spreadsheet import value_of
from db.errors import BadInput

Row = dict[str, Any] | str
"""A record's fields as JSON has them, or in one clause why the row has none."""

_LONGEST_CELL = 1 << 24


def read_rows(path: Path, kind: Kind) -> list[Row]:
    """The rows of a file of records, by its suffix or else by what is in it.

    Raises BadInput for a file that cannot be read, that is in none of the three formats, or whose columns are not
    those of its kind.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"file {path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"file {path} cannot be read as text: {error}") from error
    if path.suffix == ".csv":
        return list(_csv_rows(text, path, TABLES[kind]))
    if path.suffix == ".jsonl":
        return list(_lines(text))
    return _json_rows(text, path, f"{kind}s")


def _json_rows(text: str, path: Path, name: str) -> list[Row]:
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        if "\n{" in text:  # JSONL under another name
            return list(_lines(text))
        raise BadInput(f"file {path} is not JSON: {error}") from error
    rows = content.get(name) if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise BadInput(f'file {path} holds no {name}: write {{"{name}": [...]}}, a list, or one object a line (.jsonl)')
    return [row if isinstance(row, dict) else "it is no object" for row in rows]


def _lines(text: str) -> Iterator[Row]:
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            yield f"it is not JSON: {error}"
            continue
        yield row if isinstance(row, dict) else "it is no object"


def _csv_rows(text: str, path: Path, columns: tuple[Column, ...]) -> Iterator[Row]:
    known = {column.name: column for column in columns}
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        names = reader.fieldnames or ()
        if strange := [name for name in names if name not in known]:
            raise BadInput(f"file {path} has the column {strange[0]!r}, which is none of {', '.join(known)}")
        for cells in reader:
            yield _fields(cells, known)
    except csv.Error as error:
        raise BadInput(f"file {path} cannot be read as CSV, line {reader.line_num}: {error}") from error


def _fields(cells: Mapping[str | None, Any], known: Mapping[str, Column]) -> Row:
    found: dict[str, Any] = {}
    for name, cell in cells.items():
        if name is None or cell is None:
            return f"it has {'more' if name is None else 'fewer'} cells than there are columns"
        column = known[name]
        if cell == "":
            if column.nullable:
                found[name] = None
            continue
        try:
            found[name] = value_of(cell, column.type)
        except ValueError as error:
            return f"{name}: {error}"
    return found
