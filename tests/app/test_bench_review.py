"""`auspex bench review`: the numbers of a real matrix, a page that shows them, and one sentence for each wrong file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.benchmark.review.read import read_matrix
from app.benchmark.review.summary import summary
from app.commands.bench_review import review
from db.errors import BadInput

HEADER = "assessor,respondent,depth,tone,assessor_elo"
LINES = ("a,a,5,4,1200", "a,b,3,2,1200", "a,c,4,4,1200", "b,a,2,2,1100", "b,b,2,3,1100", "b,c,1,2,1100")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(*lines: str, header: str = HEADER) -> Path:
        path = tmp_path / "reviews.csv"
        path.write_text("\n".join((header, *lines)) + "\n")
        return path

    return written


def run(path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    review(path, folder, as_json=True)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_real_matrix_gives_the_published_numbers(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(data_dir / "forecasts" / "peer_review" / "llm_agi_evaluation_scores.csv", tmp_path, capsys)
    assert {kind: round(icc, 3) for kind, icc in found["icc"].items()} == {
        "ICC1": -0.008,
        "ICC2": 0.042,
        "ICC3": 0.2,
        "ICC1k": -0.149,
        "ICC2k": 0.41,
        "ICC3k": 0.8,
    }
    assert round(found["f"], 3) == 4.989
    assert [row["df2"] for row in found["icc_table"]] == [240, 225, 225, 240, 225, 225]
    given = sorted(row["mean_given"] for row in found["severity"])
    assert (round(given[0], 2), round(given[-1], 2)) == (2.70, 4.80)
    assert round(found["self_preference"]["mean"], 2) == 0.05
    assert found["self_preference"]["low"] < 0 < found["self_preference"]["high"]
    assert round(found["leaderboard_correlation"]["mean"], 2) == -0.34
    assert (found["n_assessors"], found["n_respondents"], found["n_criteria"], found["n_absent"]) == (16, 16, 9, 0)
    assert [row["rank"] for row in found["respondents"]][:3] == [1, 2, 3]


def test_small_matrix_by_hand(write: Callable[..., Path]) -> None:
    found = summary(read_matrix(write(*LINES)))
    assert [row["assessor"] for row in found["severity"]] == ["b", "a"]
    assert [row["mean_given"] for row in found["severity"]] == [2.0, pytest.approx(11 / 3)]
    by_name = {row["respondent"]: row for row in found["respondents"]}
    # a gave 4.5, 2.5, 4 (mean 11/3), b gave 2, 2.5, 1.5 (mean 2)
    assert by_name["a"]["mean"] == 3.25
    assert by_name["b"]["centred"] == pytest.approx((2.5 - 11 / 3 + 0.5) / 2)
    assert by_name["a"]["by_others"] == 0
    assert by_name["c"]["by_others"] == by_name["c"]["centred"]
    own = {row["assessor"]: row["self_preference"] for row in found["severity"]}
    assert own == {"a": pytest.approx(4.5 - 11 / 3), "b": pytest.approx(0.5 - (2.5 - 11 / 3))}
    assert [row["criterion"] for row in found["criteria"]] == ["depth", "tone"]
    assert {row["n"] for row in found["leaderboards"]} == {2}  # c is ranked nowhere
    assert found["leaderboard_correlation"]["mean"] is None


def test_page_is_written_with_all_plots_and_without_a_network(
    write: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(write(*LINES), tmp_path / "new" / "folder", capsys)
    page = Path(found["report"]).read_text()
    assert page.count('class="plot"') == 4
    assert not re.search(r"<(?:script|link)[^>]+(?:src|href)=", page)
    assert "auspex bench review --matrix" in page
    for title in ("Who marked whom how", "Severity", "Agreement", "Marks against elo"):
        assert title in page


def test_tables_and_the_page_without_a_folder_of_its_own(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUSPEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "140")
    review(write(*LINES), None, as_json=False)
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("ICC(2,k)", "self-preference", "Report:"))
    assert len(list((tmp_path / "cache" / "benchmarks").glob("review-*/review.html"))) == 1


def test_without_a_leaderboard_there_is_no_correlation(write: Callable[..., Path]) -> None:
    lines = [line.rpartition(",")[0] for line in LINES]
    found = summary(read_matrix(write(*lines, header="assessor,respondent,depth,tone")))
    assert found["leaderboards"] == [] and found["leaderboard_correlation"] is None


WRONG: dict[str, Sequence[str]] = {
    "line 3 of": (LINES[0], "a,b,6,2,1200", *LINES[2:]),
    "has '6' under depth": (LINES[0], "a,b,6,2,1200", *LINES[2:]),
    "has '' under tone": (LINES[0], "a,b,3,,1200", *LINES[2:]),
    "has 'nan' under tone": (LINES[0], "a,b,3,nan,1200", *LINES[2:]),
    "has 'good' under tone": (LINES[0], "a,b,3,good,1200", *LINES[2:]),
    "line 8 of .* marks respondent 'b' by assessor 'a' again, after line 3": (*LINES, "a,b,1,1,1200"),
    "no line in which assessor 'b' marks respondent 'c'": LINES[:-1],
    "line 4 of .* has 4 cells, and its header names 5": (*LINES[:2], "a,c,4,4", *LINES[3:]),
    "line 2 of .* names no assessor": (",a,5,4,1200", *LINES[1:]),
    "gives assessor 'a' assessor_elo 1300, and an earlier line another": (LINES[0], "a,b,3,2,1300", *LINES[2:]),
    "has 'high' under assessor_elo": (LINES[0], "a,b,3,2,high", *LINES[2:]),
    "1 assessors and 3 respondents": LINES[:3],
    "are empty": (),
}


@pytest.mark.parametrize("said", WRONG)
def test_wrong_file_gets_one_sentence_with_line_and_value(write: Callable[..., Path], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_matrix(write(*WRONG[said]))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("judge,respondent,depth,tone,x", "no column 'assessor'"),
        ("assessor,respondent,depth,depth,x", "names the column 'depth' twice"),
        ("assessor,respondent,assessor_a,assessor_b,assessor_c", "no column of marks"),
    ],
)
def test_wrong_header_is_named(write: Callable[..., Path], header: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_matrix(write(*LINES, header=header))


def test_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("nowhere.csv", "bytes.csv"):
        with pytest.raises(BadInput, match=f"{name} cannot be read"):
            read_matrix(tmp_path / name)
