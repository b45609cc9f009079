"""The crowd's report: leanings, what disagreement tells, and the rule that the ledger has taught."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.commands.crowd import report
from app.crowd_report import crowd_report, newest_crowd
from app.learning import rows_of
from app.output import out
from db.errors import BadInput
from db.ledger.ledger import Ledger
from ensembles.adaptive import MIN_KNOWN
from tests.app.taught import MEMBERS, N, forecast, question, resolution, teach

NOW = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> str:
    address = str(tmp_path_factory.mktemp("report") / "ledger.db")
    with Ledger(address) as book:
        teach(book, before=NOW)
        late, old = question(500, NOW - timedelta(400)), question(501, NOW - timedelta(401), "fred")
        book.append([late, forecast(late, "careful", 0.3, late=True), resolution(late, True)])
        book.append([old, forecast(old, "human:ada", 0.85), forecast(old, "retired", 0.5), resolution(old, False)])
    return address


def test_report_shows_each_members_leanings_by_track(ledger: str) -> None:
    with Ledger(ledger) as book:
        found = crowd_report(book.track_record(), [], now=NOW)
    rows = {(row["member"], row["track"]): row for row in found["members"]}
    assert found["questions"] == N + 2
    assert set(rows) == {*((name, "live") for name in (*MEMBERS, "human:ada", "retired")), ("careful", "back-test")}
    careful = rows["careful", "live"]
    assert careful["n"] == N and 0 < careful["brier"]["low"] < careful["brier"]["mean"]
    lean = careful["mean_forecast"] - careful["resolution_rate"]
    assert careful["lean"]["mean"] == pytest.approx(lean)
    assert (careful["share_of_fives"], rows["retired", "live"]["share_of_tens"]) == (1.0, 1.0)
    assert rows["human:ada", "live"]["brier"]["mean"] == pytest.approx(0.7225)


def test_spread_and_effective_number_are_of_the_crowd_alone(ledger: str) -> None:
    with Ledger(ledger) as book:
        found = crowd_report(book.track_record(), [], now=NOW)
    assert [(row["track"], row["source"], row["n"]) for row in found["spread"]] == [
        ("live", None, N),
        ("live", "metaculus", N),
    ]
    [row] = [row for row in found["effective"] if row["track"] == "live"]
    assert row["members"] == len(MEMBERS) + 1 and row["effective"] > 1


def test_learnt_state_is_that_of_the_newest_crowd_and_says_why(ledger: str) -> None:
    with Ledger(ledger) as book:
        record = book.track_record()
    assert newest_crowd(record) == sorted(MEMBERS)
    found = crowd_report(record, [], now=NOW)
    market, data = found["learnt"]
    assert (market["type"], market["n_known"]) == ("market", N)
    assert market["rule"] == "shrunk_stack" and market["parameters"]
    assert f"{N} outcomes of market questions" in market["reason"]
    assert (data["type"], data["rule"], data["parameters"]) == ("data", "logit_pool", {})
    assert f"take {MIN_KNOWN} known outcomes" in data["reason"]


def test_members_named_are_all_that_it_is_about_and_strangers_are_refused(ledger: str) -> None:
    with Ledger(ledger) as book:
        record = book.track_record()
    found = crowd_report(record, ["careful"], now=NOW)
    assert {row["member"] for row in found["members"]} == {"careful"}
    assert (found["crowd"], found["spread"], found["effective"]) == (["careful"], [], [])
    with pytest.raises(BadInput, match="'stranger' has no forecast of a resolved yes/no question; these have: "):
        crowd_report(record, ["careful", "stranger"], now=NOW)


def test_member_named_twice_counts_once(ledger: str) -> None:
    with Ledger(ledger) as book:
        record = book.track_record()
    assert crowd_report(record, [*MEMBERS, "careful"], now=NOW) == crowd_report(record, MEMBERS, now=NOW)
    twice, once = (rows_of(record, names) for names in (["careful", "careful"], ["careful"]))
    assert twice.members == once.members == ("careful",)


def test_learnt_weights_have_their_members_names(ledger: str) -> None:
    with Ledger(ledger) as book:
        market, _ = crowd_report(book.track_record(), [], now=NOW)["learnt"]
    assert set(market["parameters"]) == {f"weight[{name}]" for name in MEMBERS}


def test_command_prints_tables_and_one_json_object(
    ledger: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out, "width", 200)
    report([], ledger, as_json=False)
    shown = capsys.readouterr().out
    assert all(part in shown for part in ("human:ada", "Spread as a warning", "market questions:", "data questions:"))
    report([], ledger, as_json=True)
    assert set(json.loads(capsys.readouterr().out)) == {
        "questions",
        "members",
        "spread",
        "effective",
        "crowd",
        "learnt",
        "flagged",
        "n_flagged",
    }


def test_report_of_nothing_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report([], str(tmp_path / "ledger.db"), as_json=False)
    assert "Next: auspex resolve" in capsys.readouterr().out
