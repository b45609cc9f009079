"""Cells of a CSV file: text that a spreadsheet would run as a formula is made harmless, and can be read back as it was.

A spreadsheet takes a cell that begins with = + - or @, perhaps after spaces, for a formula (CWE-1236). Such a text gets
an apostrophe in front, which spreadsheets know as "this is text"; one that has apostrophes there already gets one more,
so that `original(harmless(text)) == text` for every text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.interchange.columns import Column, Fields, Type, as_json

_FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")


def harmless(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def original(cell: str) -> str:
    """The text that `harmless` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def cells_of(column: Column) -> Callable[[Fields], object]:
    """What gives the cell of a column from a record's fields.

    Numbers stay numbers, and times are ISO 8601, as they are in JSON; lists and objects are JSON; None is empty.
    """
    read = column.read
    if column.type in ("text", "json", "outcome"):

        def text_cell(record: Fields) -> object:
            return harmless(read(record) or "")

        return text_cell
    if column.type in ("texts", "flag"):

        def json_cell(record: Fields) -> object:
            return None if (found := read(record)) is None else as_json(found)

        return json_cell
    return read


def value_of(cell: str, type: Type) -> Any:
    """What a cell that is not empty says, as JSON would have it; raises ValueError for one that is no such thing."""
    if type == "text":
        return original(cell)
    if type in ("texts", "json"):
        return json.loads(original(cell))
    if type == "outcome":
        return _outcome(original(cell))
    if type == "moment":
        return datetime.fromisoformat(cell).isoformat()
    if type == "number":
        return float(cell)
    if type == "count":
        return int(cell)
    if type == "flag":
        return _flag(cell)
    return cell


def _outcome(said: str) -> Any:
    """An outcome as it was exported, which is JSON, or as a person writes one, which is not."""
    try:
        return json.loads(said)
    except ValueError:
        return said


def _flag(cell: str) -> bool:
    if cell.lower() not in ("true", "false"):
        raise ValueError(f"{cell!r} is neither true nor false")
    return cell.lower() == "true"
