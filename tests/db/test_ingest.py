"""Ingest: every row is accounted for, nothing is read twice, and hostile archives are refused."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import zstandard

from db.errors import BadInput, StoreCorrupt, StoreError
from db.events.filters import EventFilter, View
from db.events.partitions import writing
from db.events.rejects import read_rejects
from db.events.store import EventStore, quarantine
from db.gdelt.ingest import ingest_files
from tests.gdelt_rows import row, write_csv, write_zip

LATER = datetime(2030, 1, 1, tzinfo=UTC)


def test_ingest_when_run_twice_changes_nothing(tmp_path: Path) -> None:
    write_csv(tmp_path / "20250520.export.CSV", [row(1), row(2), row(2)])
    first = ingest_files([tmp_path], tmp_path / "S")
    before = EventStore(tmp_path / "S").info()
    again = ingest_files([tmp_path / "20250520.export.CSV"], tmp_path / "S")
    assert (first.rows_read, first.rows_kept, first.rows_duplicate) == (3, 2, 1)
    assert (again.rows_read, again.rows_kept, again.rows_duplicate) == (3, 0, 3)
    assert EventStore(tmp_path / "S").info() == before


BAD = {
    "empty line": "",
    "62 columns": row(10) + "\textra",
    "40 columns": "\t".join(row(11).split("\t")[:40]),
    "SQLDATE '20251340'": row(12, SQLDATE="20251340"),
    "NumMentions 'many'": row(13, NumMentions="many"),
    "unknown CAMEO code '999'": row(14, EventCode="999"),
    "ActionGeo_Lat 123": row(15, ActionGeo_Lat="123"),
    "AvgTone 'nan'": row(16, AvgTone="nan"),
    "lies after DATEADDED": row(17, SQLDATE="20250521"),
    "more than ten years": row(18, SQLDATE="20100101"),
    "DATEADDED '20250520996000'": row(19, DATEADDED="20250520996000"),
    "NUL inside": row(20, Actor1Name="nul\0"),
    "carriage return": row(21, SOURCEURL="https://a\rb"),
    "GLOBALEVENTID is empty": row(22, GLOBALEVENTID=""),
}


@pytest.mark.parametrize("reason", BAD)
def test_ingest_when_a_row_is_bad_rejects_it_with_file_line_and_reason(tmp_path: Path, reason: str) -> None:
    file = write_csv(tmp_path / "20250520.export.CSV", [row(1), BAD[reason], row(2)])
    report = ingest_files([file], tmp_path / "S")
    assert (report.rows_read, report.rows_kept, report.rows_rejected) == (3, 2, 1)
    [(where, line, why)] = read_rejects(tmp_path / "S")
    assert (where, line) == (str(file), 2)
    assert reason in why


def test_ingest_when_bytes_are_not_utf8_rejects_the_row_and_reads_past_a_bom(tmp_path: Path) -> None:
    file = tmp_path / "20250520.export.CSV"
    file.write_bytes(b"\xef\xbb\xbf" + row(1).encode() + b"\n" + row(2).encode() + b"\xff\n" + row(3).encode())
    report = ingest_files([file], tmp_path / "S")
    assert (report.rows_read, report.rows_kept, report.rows_rejected) == (3, 2, 1)


def test_ingest_counts_rows_without_code_or_outside_the_days_as_filtered(tmp_path: Path) -> None:
    rows = [row(1, EventCode="---"), row(2), row(3, DATEADDED="20250601000000", SQLDATE="20250601")]
    write_csv(tmp_path / "a.export.CSV", rows)
    report = ingest_files([tmp_path], tmp_path / "S", last_day=date(2025, 5, 31))
    assert (report.rows_kept, report.rows_filtered) == (1, 2)


@pytest.mark.parametrize("columns", [57, 58, 61])
def test_ingest_reads_every_layout_and_daily_files_are_known_the_next_day(tmp_path: Path, columns: int) -> None:
    write_csv(tmp_path / "20250520.export.CSV", [row(1, columns=columns)])
    assert ingest_files([tmp_path], tmp_path / "S").rows_kept == 1
    added = EventStore(tmp_path / "S").info().first_added_at
    expected = datetime(2025, 5, 20, 12, 15, tzinfo=UTC) if columns == 61 else datetime(2025, 5, 21, 11, tzinfo=UTC)
    assert added == expected


def test_ingest_reads_zip_and_zst(tmp_path: Path) -> None:
    write_zip(tmp_path / "20250520000000.export.CSV.zip", {"20250520000000.export.CSV": row(1).encode()})
    (tmp_path / "20250520.export.tsv.zst").write_bytes(zstandard.ZstdCompressor().compress(row(2).encode()))
    assert ingest_files([tmp_path], tmp_path / "S").rows_kept == 2


HOSTILE = {
    "zip bomb": {"a.CSV": b"0" * 50_000_000},
    "leads out": {"../a.CSV": b"x"},
    "leads out of": {"/etc/a.CSV": b"x"},
    "not another archive": {"inner.zip": b"PK"},
    "exactly one": {"a.CSV": b"x", "b.CSV": b"y"},
    "not a GDELT event file": {"a.CSV": b"hello\tworld\n"},
}


@pytest.mark.parametrize("reason", HOSTILE)
def test_ingest_when_an_archive_is_hostile_refuses_it_and_takes_the_rest(tmp_path: Path, reason: str) -> None:
    write_zip(tmp_path / "20250520000000.export.CSV.zip", HOSTILE[reason])
    write_csv(tmp_path / "20250520.export.CSV", [row(1)])
    report = ingest_files([tmp_path], tmp_path / "S")
    assert report.rows_kept == 1
    assert len(report.refused) == 1
    assert reason in report.refused[0]


def test_ingest_when_truncated_or_encrypted_refuses(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "whole.bin", {"a.CSV": row(1).encode() * 100}).read_bytes()
    (tmp_path / "20250520000000.export.CSV.zip").write_bytes(whole[: len(whole) // 2])
    encrypted = bytearray(whole)
    encrypted[6] |= 1
    encrypted[whole.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "20250520001500.export.CSV.zip").write_bytes(bytes(encrypted))
    report = ingest_files([tmp_path], tmp_path / "S")
    assert len(report.refused) == 2
    assert any("encrypted" in refusal for refusal in report.refused)


def test_ingest_when_nothing_is_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no event files"):
        ingest_files([tmp_path], tmp_path / "S")
    with pytest.raises(BadInput, match="does not exist"):
        ingest_files([tmp_path / "nowhere"], tmp_path / "S")


def test_ingest_when_another_process_writes_says_so(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "20250520.export.CSV", [row(1)])
    with writing(tmp_path / "S"), pytest.raises(StoreError, match="another process"):
        ingest_files([file], tmp_path / "S")


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_open_when_a_partition_is_damaged_refuses_and_quarantine_mends(tmp_path: Path, damage: str) -> None:
    files = [write_csv(tmp_path / "20250520.export.CSV", [row(1)])]
    files.append(write_csv(tmp_path / "20250601.export.CSV", [row(2, SQLDATE="20250601", DATEADDED="20250601000000")]))
    ingest_files(files, tmp_path / "S")
    EventStore(tmp_path / "S")
    [partition] = (tmp_path / "S" / "events" / "month=2025-05").glob("*.parquet")
    content = bytearray(partition.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "remove":
        partition.unlink()
    else:
        partition.write_bytes(content if damage == "flip" else content[:-10])
    with pytest.raises(StoreCorrupt, match="2025-05"):
        EventStore(tmp_path / "S")
    assert quarantine(tmp_path / "S") == ["2025-05"]
    assert EventStore(tmp_path / "S").info().months == ("2025-06",)
    assert ingest_files(files, tmp_path / "S").rows_kept == 1


def test_reader_that_opened_before_an_ingest_still_reads_what_it_opened(tmp_path: Path) -> None:
    ingest_files([write_csv(tmp_path / "20250520.export.CSV", [row(1)])], tmp_path / "S")
    snapshot = EventStore(tmp_path / "S").as_of(LATER, view=View())
    ingest_files([write_csv(tmp_path / "20250521.export.CSV", [row(2, EventCode="190")])], tmp_path / "S")
    assert snapshot.count_events() == 1
    assert EventStore(tmp_path / "S").as_of(LATER, view=View()).count_events() == 2


@pytest.mark.slow
def test_kill_during_ingest_leaves_old_or_new_months_never_a_mixture(tmp_path: Path, data_dir: Path) -> None:
    """SIGKILL at random points; whatever is left opens, is whole, and a rerun completes it."""
    files = sorted((data_dir / "gdelt" / "stream_2025").glob("*.zst"))
    early, late = files[:2], [*files[2:4], *files[-2:]]
    store = tmp_path / "S"
    ingest_files(early, store)
    old = EventStore(store).info()
    whole = tmp_path / "whole"
    ingest_files([*early, *late], whole)
    new = EventStore(whole).as_of(LATER).count_events()
    random_source = random.Random(7)
    program = "import sys; from pathlib import Path; from db.gdelt.ingest import ingest_files; "
    program += "ingest_files([Path(p) for p in sys.argv[2:]], Path(sys.argv[1]))"
    killed = 0
    for _ in range(12):
        child = subprocess.Popen([sys.executable, "-c", program, str(store), *map(str, late)], cwd=os.getcwd())
        time.sleep(random_source.uniform(0.2, 2.0))
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        opened = EventStore(store)
        assert opened.problems() == []
        rows = {part: opened.info() for part in opened.info().months}
        assert opened.info().events >= old.events
        assert set(rows) <= {"2025-05", "2025-06"}
    assert killed > 0
    ingest_files(late, store)
    assert EventStore(store).as_of(LATER).count_events() == new
    assert EventStore(store).info().events == EventStore(whole).info().events
    assert EventStore(store).as_of(LATER).relation_distribution(EventFilter()) == EventStore(whole).as_of(
        LATER
    ).relation_distribution(EventFilter())
