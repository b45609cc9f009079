"""Our own files back in: from one ledger to another to the letter, and plain rows that people wrote."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.interchange.options import ExportOptions, ImportOptions
from app.interchange.registry import exporter, importer
from app.interchange.transfer import Transfer
from db.errors import BadInput
from db.ledger.ledger import Ledger
from db.records import Forecast, Question
from db.values import ProbabilitiesValue, ProbabilityValue
from tests.app.interchange.made import ALL, CHOICE, EVENT, FORECASTS, NUMBER, QUESTIONS, RELATION, RESOLUTIONS, WORDS

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(str(tmp_path / "ledger.db")) as found:
        yield found


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(str(tmp_path / "full.db")) as found:
        found.append(ALL)
        yield found


def taken(ledger: Ledger, format: str, path: Path, *, as_recorded: bool = False) -> Transfer:
    return importer(format)(ledger, str(path), ImportOptions(now=NOW, as_recorded=as_recorded))


def table(path: Path, *rows: dict[str, Any]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("suffix", ["json", "jsonl", "csv"])
def test_a_ledgers_records_go_to_another_to_the_letter(
    full: Ledger, ledger: Ledger, tmp_path: Path, suffix: str
) -> None:
    for kind in ("questions", "forecasts", "resolutions"):
        path = tmp_path / f"{kind}.{suffix}"
        out = exporter(kind)(full, str(path), ExportOptions())
        done = taken(ledger, kind, path, as_recorded=True)
        assert (done.read, done.written, done.skipped) == (out.written, out.written, [])
    assert tuple(ledger.questions()) == QUESTIONS
    assert tuple(ledger.forecasts()) == FORECASTS
    assert tuple(ledger.resolutions().values()) == RESOLUTIONS


def test_a_record_with_a_fitting_id_is_no_proof_of_when_it_was_made(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(QUESTIONS)
    forged = FORECASTS[0].model_dump(mode="json") | {"member": "human:ada"}
    del forged["id"]
    path = tmp_path / "forged.json"
    path.write_text(json.dumps([Forecast.model_validate_json(json.dumps(forged)).model_dump(mode="json")]))
    assert taken(ledger, "forecasts", path).written == 1
    [found] = ledger.forecasts()
    assert (found.member, found.as_of, found.created_at) == ("human:ada", FORECASTS[0].as_of, NOW)


@pytest.mark.parametrize(
    "member",
    [
        "climatology",
        "Boosting",
        "reference_class",
        "react:gpt?runs=3",
        "market:metaculus",
        "supervisor:gpt",
        "boosting+shown",
        "aggregate (linear_pool)",
    ],
)
def test_a_reserved_name_is_refused_unless_a_ledger_is_moved(ledger: Ledger, tmp_path: Path, member: str) -> None:
    ledger.append(QUESTIONS)
    said = Forecast(
        question_id=WORDS.id, member=member, as_of=NOW, created_at=NOW, value=ProbabilityValue(probability=0.5)
    )
    path = tmp_path / "f.json"
    other = {"question_id": WORDS.id, "member": "bot", "probability": 1}
    path.write_text(json.dumps([said.model_dump(mode="json"), other]))
    done = taken(ledger, "forecasts", path)
    assert (done.written, [item.id for item in done.skipped]) == (1, ["row 1"])
    assert "only Auspex itself answers under" in done.skipped[0].reason
    assert taken(ledger, "forecasts", path, as_recorded=True).skipped == []
    assert said in ledger.forecasts()


def test_a_persons_rows_are_said_now_whatever_they_claim(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(QUESTIONS)
    path = table(
        tmp_path / "mine.csv",
        {
            "question_id": WORDS.id,
            "member": "human:ada",
            "probability": "0.7",
            "as_of": "2026-02-01T00:00:00+00:00",
            "created_at": "2026-01-01T00:00:00Z",
        },
        {"question_id": EVENT.id, "member": "bot", "probability": "0.2", "as_of": "", "created_at": ""},
    )
    assert taken(ledger, "forecasts", path).written == 2
    ada, bot = ledger.forecasts()
    assert (ada.value, ada.as_of, ada.created_at) == (
        ProbabilityValue(probability=0.7),
        datetime(2026, 2, 1, tzinfo=UTC),
        NOW,
    )
    assert (bot.as_of, bot.created_at, bot.cost_usd) == (NOW, NOW, None)


def test_rows_that_are_wrong_are_named_and_the_others_are_taken(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(QUESTIONS)
    later = (NOW + timedelta(1)).isoformat()
    good = {"question_id": WORDS.id, "member": "bot", "probability": 0.5}
    options = {"kind": "probabilities", "probabilities": {"=a": 0.5, "c": 0.5}}
    forged = FORECASTS[0].model_dump(mode="json") | {"member": "other"}
    rows: list[Any] = [
        good | {"probability": 1.2},
        good | {"question_id": "none"},
        good | {"question_id": NUMBER.id},
        good | {"question_id": CHOICE.id, "value": options},
        good | {"as_of": later},
        good | {"colour": "red"},
        {"question_id": WORDS.id, "probability": 0.5},
        forged,
        "text",
        good,
    ]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps({"forecasts": rows}))
    done = taken(ledger, "forecasts", path)
    assert (done.read, done.written) == (10, 1)
    found = {item.id: item.reason for item in done.skipped}
    assert list(found) == [f"row {n}" for n in range(1, 10)]
    assert "less than or equal to 1" in found["row 1"]
    assert "no question 'none'" in found["row 2"]
    assert "answered by quantiles" in found["row 3"]
    assert "options are others" in found["row 4"]
    assert "later than now" in found["row 5"]
    assert "colour" in found["row 6"]
    assert "member" in found["row 7"]
    assert "does not fit the content" in found["row 8"]
    assert found["row 9"] == "it is no object"


def test_outcomes_are_read_as_people_write_them(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(QUESTIONS)
    path = tmp_path / "outcomes.jsonl"
    rows = [
        {"question_id": WORDS.id, "outcome": "yes", "known_at": "2026-02-02T00:00:00Z"},
        {"question_id": CHOICE.id, "outcome": "B"},
        {"question_id": NUMBER.id, "outcome": 12.5},
        {"question_id": EVENT.id, "outcome": "perhaps"},
        {"question_id": EVENT.id, "outcome": "no", "known_at": "2027-01-01T00:00:00Z"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n{\n")
    done = taken(ledger, "resolutions", path)
    found = ledger.resolutions()
    assert [found[question.id].outcome for question in (WORDS, CHOICE, NUMBER)] == [True, "b", 12.5]
    assert found[WORDS.id].known_at == datetime(2026, 2, 2, tzinfo=UTC)
    assert found[CHOICE.id].known_at == NOW
    assert [item.id for item in done.skipped] == ["row 4", "row 5", "row 6"]


def test_an_outcome_in_a_spreadsheet_is_yes_no_or_a_number(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(QUESTIONS)
    path = table(
        tmp_path / "outcomes.csv",
        {"question_id": WORDS.id, "outcome": "no"},
        {"question_id": NUMBER.id, "outcome": "7"},
        {"question_id": CHOICE.id, "outcome": "'=a"},
        {"question_id": EVENT.id, "outcome": "0.25"},
        {"question_id": RELATION.id, "outcome": "010,020"},
    )
    assert taken(ledger, "resolutions", path).skipped == []
    found = [item.outcome for item in ledger.resolutions().values()]
    assert found == [False, 7.0, "=a", 0.25, ("010", "020")]


@pytest.mark.parametrize(
    ("question", "outcome"),
    [(WORDS, 1.5), (WORDS, None), (WORDS, ["010"]), (CHOICE, 1), (CHOICE, True), (NUMBER, -7), (RELATION, ["999"])],
)
def test_what_cannot_have_come_of_a_question_is_refused(
    ledger: Ledger, tmp_path: Path, question: Question, outcome: Any
) -> None:
    ledger.append(QUESTIONS)
    path = tmp_path / "o.json"
    path.write_text(json.dumps([{"question_id": question.id, "outcome": outcome}]))
    done = taken(ledger, "resolutions", path)
    assert (done.written, len(done.skipped)) == (0, 1)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.json", '{"forecasts": {}}', "holds no forecasts"),
        ("a.json", "{", "not JSON"),
        ("a.json", b"\xff\xfe\x00", "as text"),
        ("a.csv", "question_id,colour\r\nx,red\r\n", "'colour'"),
        ("a.csv", 'member\r\n"never closed\r\n', "line"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    ledger: Ledger, tmp_path: Path, name: str, content: str | bytes, match: str
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput, match=match):
        taken(ledger, "forecasts", tmp_path / name)
    assert ledger.counts() == {}
    with pytest.raises(BadInput, match="does not exist"):
        taken(ledger, "forecasts", tmp_path / "missing.json")


def test_a_spreadsheet_with_a_byte_order_mark_is_read(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(QUESTIONS)
    (tmp_path / "a.csv").write_bytes(f"\ufeffquestion_id,member,probability\r\n{WORDS.id},bot,0.5\r\n".encode())
    assert taken(ledger, "forecasts", tmp_path / "a.csv").written == 1


def test_a_plain_question_is_yes_or_no(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "q.json"
    row = {"text": "Will it rain?", "open_at": "2026-01-01T00:00:00Z", "resolve_by": "2026-02-01T00:00:00Z"}
    path.write_text(json.dumps([row, row | {"resolve_by": "2025-01-01T00:00:00Z"}]))
    done = taken(ledger, "questions", path)
    assert (done.written, [item.id for item in done.skipped]) == (1, ["row 2"])
    assert ledger.questions()[0].kind == "binary"


def test_an_export_that_fails_leaves_the_old_file(full: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("old")
    full.close()
    broken = tmp_path / "full.db"
    broken.write_bytes(b"no database" * 100)
    with pytest.raises(Exception, match="database"):
        exporter("forecasts")(full, str(path), ExportOptions())
    assert path.read_text() == "old"
    assert sorted(item.name for item in tmp_path.iterdir() if "part" in item.name) == []


def test_options_are_refused_where_they_mean_nothing(full: Ledger, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="end its name with"):
        exporter("forecasts")(full, str(tmp_path / "f.xlsx"), ExportOptions())
    with pytest.raises(BadInput, match="narrows questions only"):
        exporter("forecasts")(full, str(tmp_path / "f.csv"), ExportOptions(tag="x"))
    with pytest.raises(BadInput, match="cannot be written"):
        exporter("forecasts")(full, str(tmp_path / "no" / "f.csv"), ExportOptions())


def test_one_members_forecasts_are_written_alone(full: Ledger, tmp_path: Path) -> None:
    done = exporter("forecasts")(full, str(tmp_path / "f.jsonl"), ExportOptions(member="b"))
    found = [Forecast.model_validate_json(line) for line in (tmp_path / "f.jsonl").read_text().splitlines()]
    assert done.written == 3
    assert isinstance(found[0].value, ProbabilitiesValue)
