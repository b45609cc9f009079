"""Files of the ledger's records: whole, harmless in a spreadsheet, typed, and in constant memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.interchange.columns import TABLES, Kind
from app.interchange.records import iter_bytes, write_forecasts, write_questions, write_records
from app.interchange.spreadsheet import harmless, original
from db.errors import BadInput
from db.ledger.filters import ForecastFilter, QuestionFilter
from db.ledger.ledger import Ledger
from db.records import Forecast
from tests.app.interchange.made import AGGREGATES, ALL, FORECASTS, QUESTIONS, RESOLUTIONS, WORDS

MADE: dict[Kind, Any] = {
    "question": QUESTIONS,
    "forecast": FORECASTS,
    "aggregate": AGGREGATES,
    "resolution": RESOLUTIONS,
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(str(tmp_path / "ledger.db")) as found:
        found.append(ALL)
        yield found


def written(ledger: Ledger, kind: Kind, format: str) -> bytes:
    sink = io.BytesIO()
    assert write_records(ledger, sink, kind, format) == len(MADE[kind])
    return sink.getvalue()


@pytest.mark.parametrize("kind", TABLES)
def test_json_holds_one_list_of_all_records_as_they_were_recorded(ledger: Ledger, kind: Kind) -> None:
    content = json.loads(written(ledger, kind, "json"))
    assert content == {f"{kind}s": [item.model_dump(mode="json") for item in MADE[kind]]}


@pytest.mark.parametrize("kind", TABLES)
def test_jsonl_holds_a_record_a_line(ledger: Ledger, kind: Kind) -> None:
    lines = written(ledger, kind, "jsonl").decode().split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == [item.model_dump(mode="json") for item in MADE[kind]]


def test_json_of_no_records_is_an_empty_list(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with Ledger(str(tmp_path / "ledger.db")) as empty:
        assert write_forecasts(empty, sink, "json") == 0
    assert json.loads(sink.getvalue()) == {"forecasts": []}


@pytest.mark.parametrize("kind", TABLES)
def test_no_csv_cell_of_text_begins_a_formula_and_numbers_stay_numbers(ledger: Ledger, kind: Kind) -> None:
    rows = list(csv.DictReader(io.StringIO(written(ledger, kind, "csv").decode(), newline="")))
    types = {column.name: column.type for column in TABLES[kind]}
    assert len(rows) == len(MADE[kind])
    for row in rows:
        for name, cell in row.items():
            if types[name] in ("number", "count"):
                float(cell or 0)
            else:
                assert not cell.lstrip().startswith(("=", "+", "-", "@"))
                assert not cell.startswith(("\t", "\r"))


def test_a_negative_number_is_a_number_in_csv(ledger: Ledger) -> None:
    rows = list(csv.DictReader(io.StringIO(written(ledger, "question", "csv").decode(), newline="")))
    assert rows[3]["lower"] == "-1.5"
    assert rows[3]["unit"] == "'+x"


@pytest.mark.parametrize("kind", TABLES)
def test_parquet_is_typed_compressed_and_names_its_schema(ledger: Ledger, kind: Kind) -> None:
    file = pq.ParquetFile(io.BytesIO(written(ledger, kind, "parquet")))
    assert file.schema_arrow.metadata[b"auspex.schema"] == b"1"
    assert file.schema_arrow.metadata[b"auspex.kind"] == kind.encode()
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert file.read().column("id").to_pylist() == [item.id for item in MADE[kind]]


def test_parquet_holds_times_numbers_and_nulls(ledger: Ledger) -> None:
    table = pq.read_table(io.BytesIO(written(ledger, "forecast", "parquet")))
    assert table.schema.field("created_at").type == pa.timestamp("us", tz="UTC")
    assert table.column("created_at").to_pylist() == [item.created_at.astimezone(UTC) for item in FORECASTS]
    assert table.column("probability").to_pylist() == [0.1, None, None, None]
    assert table.column("cost_usd").to_pylist() == [None, 0.5, 0.0, 0.0]
    assert table.column("evidence").to_pylist()[1] == ["0123", "4567"]
    questions = pq.read_table(io.BytesIO(written(ledger, "question", "parquet")))
    assert [day and day.isoformat() for day in questions.column("day").to_pylist()][-1] == "2026-01-05"


def test_parts_joined_are_the_file_that_is_written(ledger: Ledger) -> None:
    for format in ("json", "jsonl", "csv"):
        assert b"".join(iter_bytes(ledger, "forecast", format)) == written(ledger, "forecast", format)


def test_a_file_comes_in_parts_before_the_last_record_is_read(ledger: Ledger) -> None:
    made = [FORECASTS[0].model_copy(update={"id": "", "member": f"m{n}"}) for n in range(2500)]
    ledger.append([Forecast.model_validate(item.model_dump()) for item in made])
    for format, at_least in (("json", 4), ("csv", 4), ("parquet", 2)):
        parts = iter_bytes(ledger, "forecast", format)
        first = next(parts)
        rest = list(parts)
        assert len(rest) >= at_least
        assert len(first) < 300


def test_a_filter_narrows_the_file(ledger: Ledger) -> None:
    sink = io.BytesIO()
    assert write_forecasts(ledger, sink, "jsonl", ForecastFilter(member="b")) == 3
    assert write_questions(ledger, sink, "jsonl", QuestionFilter(source="metaculus")) == 1
    assert json.loads(sink.getvalue().splitlines()[-1])["id"] == WORDS.id


def test_an_unknown_format_is_refused_before_anything_is_read(ledger: Ledger) -> None:
    with pytest.raises(BadInput, match="'xlsx'"):
        iter_bytes(ledger, "forecast", "xlsx")


@given(st.one_of(st.text(), st.text(alphabet="'=+-@ \t\r\nax")))
def test_harmless_text_is_no_formula_and_reads_back_as_it_was(text: str) -> None:
    cell = harmless(text)
    assert original(cell) == text
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
