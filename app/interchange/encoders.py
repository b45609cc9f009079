"""Records as the bytes of a file, a batch at a time: JSON, JSONL, CSV and Parquet.

An encoder is given records as the JSON that they were recorded as, and asked for the beginning, then for every batch,
then for the end; what it gives, one after the other, is the file. It keeps no batch that it has given.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol

from pydantic_core import from_json

from app.interchange.columns import TABLES, Kind
from app.interchange.spreadsheet import cells_of
from db.errors import BadInput

FORMATS: dict[str, str] = {
    "json": "app.interchange.encoders:JsonEncoder",
    "jsonl": "app.interchange.encoders:JsonLinesEncoder",
    "csv": "app.interchange.encoders:CsvEncoder",
    "parquet": "app.interchange.parquet:ParquetEncoder",
}
MEDIA_TYPES: dict[str, str] = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


class Encoder(Protocol):
    """Turns batches of records of one kind into the bytes of one file."""

    batch: int
    """How many records a batch should have: as many as a row group holds, or as keep a stream flowing."""

    def __init__(self, kind: Kind) -> None:
        """An encoder for one file of records of this kind."""
        ...

    def begin(self) -> bytes:
        """What stands before the first record."""
        ...

    def encode(self, records: Sequence[str]) -> bytes:
        """The next records."""
        ...

    def end(self) -> bytes:
        """What stands after the last record."""
        ...


class JsonEncoder:
    """One object with one list, `{"forecasts": [...]}`: what `auspex forecast --questions` and `auspex import` read."""

    batch = 1000

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._between = "\n"

    def begin(self) -> bytes:
        """The object and its list are opened."""
        return f'{{"{self._kind}s": ['.encode()

    def encode(self, records: Sequence[str]) -> bytes:
        """One record a line."""
        text = self._between + ",\n".join(records)
        self._between = ",\n"
        return text.encode()

    def end(self) -> bytes:
        """The list and its object are closed."""
        return b"\n]}\n"


class JsonLinesEncoder:
    """One JSON object a line."""

    batch = 1000

    def __init__(self, kind: Kind) -> None:
        del kind  # every line says by its fields what it is

    def begin(self) -> bytes:
        """Nothing."""
        return b""

    def encode(self, records: Sequence[str]) -> bytes:
        """One record a line."""
        return "".join(f"{record}\n" for record in records).encode()

    def end(self) -> bytes:
        """Nothing."""
        return b""


class CsvEncoder:
    """A table for spreadsheets and notebooks (RFC 4180, UTF-8), with no cell that is taken for a formula."""

    batch = 1000

    def __init__(self, kind: Kind) -> None:
        self._names = [column.name for column in TABLES[kind]]
        self._cells = [cells_of(column) for column in TABLES[kind]]
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text)

    def begin(self) -> bytes:
        """The names of the columns."""
        self._writer.writerow(self._names)
        return self._written()

    def encode(self, records: Sequence[str]) -> bytes:
        """One record a row."""
        rows = map(from_json, records)
        self._writer.writerows([cell(row) for cell in self._cells] for row in rows)
        return self._written()

    def end(self) -> bytes:
        """Nothing."""
        return b""

    def _written(self) -> bytes:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()


def encoder(format: str, kind: Kind) -> Encoder:
    """The encoder of a format; raises BadInput for one that there is none of."""
    if format not in FORMATS:
        raise BadInput(f"records are not written as {format!r}: choose one of {', '.join(FORMATS)}")
    module, _, attribute = FORMATS[format].partition(":")
    made: Encoder = getattr(import_module(module), attribute)(kind)
    return made
