"""The command line as a person or a program uses it: a real process, one JSON object, one sentence for a mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gdelt_rows import row, write_csv, write_zip


class Auspex:
    """The `auspex` command with a store and a ledger of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "AUSPEX_STORE": str(folder / "store"),
            "AUSPEX_DATABASE_URL": str(folder / "ledger.db"),
            "AUSPEX_CACHE": str(folder / "cache"),
            "COLUMNS": "200",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )

    def json(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        content: dict[str, Any] = json.loads(done.stdout)
        return content


@pytest.fixture
def auspex(tmp_path: Path) -> Auspex:
    return Auspex(tmp_path)


@pytest.mark.slow
def test_demo_ends_with_a_leaderboard_near_the_best_possible(auspex: Auspex) -> None:
    found = auspex.json("demo")
    assert found["synthetic"] and found["ledger_ok"]
    assert found["resolved"] == found["questions"] == 400
    members = {entry["member"]: entry for entry in found["members"]}
    assert "aggregate (logit_pool)" in members and len(members) == 9
    best = found["oracle"]["brier"]["mean"]
    assert all(best - 0.02 < entry["brier"]["mean"] < 0.35 for entry in members.values())
    assert members["learned_pool"]["brier"]["mean"] < members["persistence"]["brier"]["mean"]


@pytest.mark.slow
def test_real_stream_end_to_end(auspex: Auspex, data_dir: Path) -> None:
    stream = str(data_dir / "gdelt" / "stream_2025")
    first, again = auspex.json("ingest", stream), auspex.json("ingest", stream)
    assert (first["rows_read"], first["rows_kept"], first["rows_rejected"]) == (1_461_286, 1_461_286, 0)
    assert (again["rows_kept"], again["rows_duplicate"], again["months"]) == (0, 1_461_286, [])
    asked = auspex.json("questions", "generate", "--as-of", "2025-06-01", "--horizon-days", "7", "--n", "500")
    assert len(asked["questions"]) == 500
    run = auspex.json("forecast", "--as-of", "2025-06-01")
    assert len(run["forecasts"]) == 4000 and run["failures"] == [] and len(run["aggregates"]) == 500
    repeated = auspex.json("forecast", "--as-of", "2025-06-01")
    assert repeated["recorded"] == 0
    assert [item["id"] for item in repeated["forecasts"]] == [item["id"] for item in run["forecasts"]]
    assert auspex.json("resolve") == {"resolved": 500, "annulled": 0, "still_open": 0}
    board = {entry["member"]: entry for entry in auspex.json("leaderboard")["members"]}
    assert board["learned_pool"]["brier"]["mean"] < board["decayed_frequency"]["brier"]["mean"]
    assert {entry["n"] for entry in board.values()} == {500}
    assert {entry["track"] for entry in board.values()} == {"back-test"}
    assert auspex.json("ledger", "verify")["ok"]
    assert auspex.json("store", "verify") == {"ok": True, "problems": [], "quarantined": []}
    answer = auspex.json(
        *("ask", "Will China threaten Taiwan?", "--actor1", "China", "--actor2", "Taiwan", "--codes", "13"),
        *("--from", "2025-06-02", "--to", "2025-06-08"),
    )
    assert len(answer["forecasts"]) == 8


@pytest.mark.slow
def test_bench_relations_beats_the_yardstick_at_both_levels(auspex: Auspex, data_dir: Path) -> None:
    data = str(data_dir / "icews" / "icews14.parquet")
    found = auspex.json("bench", "relations", "--data", data, "--test-from", "2014-12-01")
    members = {entry["member"]: entry for entry in found["members"]}
    assert found["n_queries"] == 1109
    assert members["decayed_frequency"]["f1_root"] == pytest.approx(0.402, abs=0.005)
    assert members["decayed_frequency"]["f1_base"] == pytest.approx(0.265, abs=0.005)
    best = members["learned_pool"]
    assert best["f1_root"] > 0.44 and best["f1_base"] > 0.30
    assert all(best["diff_to_baseline"][level]["low"] > 0 for level in ("f1_root", "f1_base"))


@pytest.mark.slow
def test_icews_quads_load_into_the_same_store(auspex: Auspex, data_dir: Path) -> None:
    data = str(data_dir / "icews" / "icews14.parquet")
    first, again = auspex.json("ingest", data), auspex.json("ingest", data)
    assert first["rows_read"] == first["rows_kept"] + first["rows_duplicate"] + first["rows_rejected"] == 90_730
    assert again["rows_kept"] == 0
    assert len(auspex.json("questions", "generate", "--as-of", "2014-11-01", "--n", "50")["questions"]) == 50


@pytest.mark.slow
def test_bench_speed_reports_ratios(auspex: Auspex) -> None:
    rows = auspex.json("bench", "speed", "--only", "ingest,queries")["rows"]
    assert {"ingest", "ingest peak memory"} <= {entry["what"] for entry in rows}
    assert all(entry["ratio_to_floor"] for entry in rows if entry["what"] == "ingest")


ASK = ("ask", "Will it?", "--actor1", "China", "--from", "2025-05-20", "--to", "2025-05-21", "--actor2")
MISTAKES = {
    "no event store at": ("store", "info"),
    "is ambiguous: say South Korea": (*ASK, "Korea"),
    "unknown country 'Freedonia'": (*ASK, "Freedonia"),
    "same country": (*ASK, "China"),
    "is not a CAMEO code": (*ASK, "Taiwan", "--codes", "999"),
    "is empty: --to lies before --from": ("ingest", ".", "--from", "2025-06-02", "--to", "2025-06-01"),
    "is not a date": ("questions", "generate", "--as-of", "yesterday"),
    "has no time zone": ("questions", "generate", "--as-of", "2025-06-01T00:00"),
    "does not exist": ("ingest", "nowhere.csv"),
    "there is no question 'zzz'": ("questions", "show", "zzz"),
    "unknown pooling rule": ("forecast", "--rule", "magic"),
    "choose another name": ("ledger", "backup", "pyproject.toml"),
    "leave out --questions, --group": ("bench", "pooling", "--simulate", "2", "--questions", "q.csv", "--group", "a"),
    "end after the year 9999": ("ask", "Will it rain?", "--by", "9999-12-31", "--member", "direct:m"),
    "No such command": ("fortell",),
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_gets_one_sentence_and_exit_code_2(auspex: Auspex, said: str) -> None:
    done = auspex.run(*MISTAKES[said])
    assert done.returncode == 2, done
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_ingest_with_a_refused_file_exits_with_1_and_lists_it(auspex: Auspex, tmp_path: Path) -> None:
    write_zip(tmp_path / "20250520000000.export.CSV.zip", {"../a.CSV": b"x"})
    write_csv(tmp_path / "20250520.export.CSV", [row(1)])
    done = auspex.run("ingest", str(tmp_path), "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["rows_kept"] == 1
    assert "leads out" in found["refused"][0]


def test_questions_file_names_the_first_bad_question(auspex: Auspex, tmp_path: Path) -> None:
    write_csv(tmp_path / "20250520.export.CSV", [row(1)])
    auspex.json("ingest", str(tmp_path))
    (tmp_path / "q.jsonl").write_text('{"kind": "binary", "text": "x"}\n')
    done = auspex.run("forecast", "--as-of", "2025-05-21", "--questions", str(tmp_path / "q.jsonl"))
    assert done.returncode == 2
    assert "question 1 of" in done.stderr and "open_at" in done.stderr


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; import app.cli; print([m for m in ('duckdb','sklearn','numpy','sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
