"""The ledger's records as files: questions, forecasts, aggregates and resolutions, streamed in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from app.interchange.columns import TABLES, Kind
from app.interchange.encoders import Encoder, encoder
from db.errors import BadInput
from db.ledger.filters import ForecastFilter, QuestionFilter

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger

Filter = QuestionFilter | ForecastFilter


def iter_bytes(ledger: Ledger, kind: Kind, format: str, filter: Filter | None = None) -> Iterator[bytes]:
    """The file of all records of a kind that pass `filter`, in the order in which they were recorded, in parts.

    `format` is json (`{"forecasts": [...]}`), jsonl, csv or parquet. What is wrong with the arguments is raised at
    once, as BadInput, not when the first part is asked for.
    """
    return (part for part, _ in parts(ledger, kind, format, filter))


def write_records(ledger: Ledger, sink: BinaryIO, kind: Kind, format: str, filter: Filter | None = None) -> int:
    """Write that file to `sink`; returns how many records it holds."""
    written = 0
    for part, n in parts(ledger, kind, format, filter):
        sink.write(part)
        written += n
    return written


def write_questions(ledger: Ledger, sink: BinaryIO, format: str, filter: QuestionFilter | None = None) -> int:
    """Write questions; see `write_records`."""
    return write_records(ledger, sink, "question", format, filter)


def write_forecasts(ledger: Ledger, sink: BinaryIO, format: str, filter: ForecastFilter | None = None) -> int:
    """Write forecasts; see `write_records`."""
    return write_records(ledger, sink, "forecast", format, filter)


def write_aggregates(ledger: Ledger, sink: BinaryIO, format: str, filter: ForecastFilter | None = None) -> int:
    """Write aggregates; see `write_records`."""
    return write_records(ledger, sink, "aggregate", format, filter)


def write_resolutions(ledger: Ledger, sink: BinaryIO, format: str, filter: ForecastFilter | None = None) -> int:
    """Write resolutions, corrected ones too; see `write_records`."""
    return write_records(ledger, sink, "resolution", format, filter)


def parts(ledger: Ledger, kind: Kind, format: str, filter: Filter | None = None) -> Iterator[tuple[bytes, int]]:
    """The parts of the file, each with the number of records in it; what is wrong is raised at once."""
    if kind not in TABLES:
        raise BadInput(f"there is no file of {kind!r}: choose one of {', '.join(TABLES)}")
    to = encoder(format, kind)
    stream = ledger.views.stream_json(kind, filter or (QuestionFilter() if kind == "question" else ForecastFilter()))
    return _encoded(to, stream)


def _encoded(to: Encoder, stream: Iterator[str]) -> Iterator[tuple[bytes, int]]:
    yield to.begin(), 0
    while records := tuple(islice(stream, to.batch)):
        yield to.encode(records), len(records)
    yield to.end(), 0
