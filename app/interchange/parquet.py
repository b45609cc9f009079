"""Records as Parquet: typed columns, zstd, row groups, and the version of the schema in the file's metadata."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import from_json

from app.interchange.columns import SCHEMA, TABLES, Kind, Type

_TYPES: dict[Type, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "count": pa.int64(),
    "flag": pa.bool_(),
    "moment": pa.timestamp("us", tz="UTC"),
    "day": pa.date32(),
    "texts": pa.list_(pa.string()),
    "json": pa.string(),
    "outcome": pa.string(),
}


def schema(kind: Kind) -> pa.Schema:
    """The columns of a kind, with `auspex.kind` and `auspex.schema` (its version) as metadata."""
    fields = [pa.field(column.name, _TYPES[column.type]) for column in TABLES[kind]]
    return pa.schema(fields, metadata={"auspex.kind": kind, "auspex.schema": str(SCHEMA)})


class _Sink(io.RawIOBase):
    """A file that only grows, and gives away what was written to it since it was last asked."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: memoryview | bytes, /) -> int:  # type: ignore[override]
        part = bytes(data)
        self._parts.append(part)
        self._position += len(part)
        return len(part)

    def tell(self) -> int:
        return self._position

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _array(values: list[Any], type: Type) -> pa.Array:
    """Cells as a typed column; times and days are text in JSON, which Arrow reads by itself."""
    if type in ("moment", "day"):
        return pa.array(values, type=pa.string()).cast(_TYPES[type])
    return pa.array(values, type=_TYPES[type])


class ParquetEncoder:
    """One row group a batch; a reader needs the whole file, since its table of contents stands at the end."""

    batch = 20_000

    def __init__(self, kind: Kind) -> None:
        self._columns = TABLES[kind]
        self._schema = schema(kind)
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd")

    def begin(self) -> bytes:
        """The format's mark."""
        return self._sink.taken()

    def encode(self, records: Sequence[str]) -> bytes:
        """One row group."""
        rows = [from_json(record) for record in records]
        arrays = [_array([column.read(row) for row in rows], column.type) for column in self._columns]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        return self._sink.taken()

    def end(self) -> bytes:
        """The table of contents."""
        self._writer.close()
        return self._sink.taken()
