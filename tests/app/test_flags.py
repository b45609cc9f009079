"""Open questions flagged by their spread: by thresholds that were learnt, of the crowd's own latest aggregate."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.commands.crowd import report
from app.flags import SHOWN, Thresholds, flagged, thresholds
from app.output import out
from db.ledger.ledger import Ledger
from db.records import Aggregate, BinaryQuestion
from db.values import ProbabilityValue
from tests.app.taught import forecast, question, resolution

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def aggregated(
    asked: BinaryQuestion, spread: float, *, probability: float = 0.3, days: int = 0, rule: str = "logit_pool"
) -> Aggregate:
    """An aggregate of the question, `days` after it was asked."""
    return Aggregate(
        question_id=asked.id,
        rule=rule,
        as_of=asked.open_at + timedelta(days),
        created_at=asked.open_at + timedelta(days),
        forecast_ids=("a", "b"),
        value=ProbabilityValue(probability=probability),
        spread=spread,
        n_failed=0,
    )


def row(source: str | None, *, low: float | None, n_clusters: int = 50, track: str = "live") -> dict[str, Any]:
    """A row of the report's `spread`, as far as thresholds look at it."""
    found = {"track": track, "source": source, "n_clusters": n_clusters, "threshold": 0.2}
    return found | {"by_spread": {"mean": 0.3, "low": low, "high": 0.6}}


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """A ledger of 40 questions on which members that differ err, and of none that is open yet."""
    ledger = Ledger(str(tmp_path / "ledger.db"))
    for n in range(40):
        asked, wide = question(n, NOW - timedelta(60 + n)), n / 100
        said = [forecast(asked, "low", 0.5 - wide), forecast(asked, "high", 0.5 + wide / 2)]
        ledger.append([asked, *said, resolution(asked, True)])
    return ledger


def test_a_source_has_its_own_threshold_where_it_has_enough_questions_and_spread_foretold_error() -> None:
    rows = [row(None, low=0.1) | {"threshold": 0.3}, row("good", low=0.01), row("bad", low=-0.01)]
    learnt = thresholds([*rows, row("new", low=None, n_clusters=9), row("old", low=0.2, track="back-test")])
    assert [learnt.of(source) for source in ("good", "bad", "new", "old", "never seen")] == [0.2, None, 0.3, 0.3, 0.3]
    assert learnt.any and not thresholds([]).any
    assert not thresholds([row(None, low=0.0), row("flat", low=None)]).any


def test_latest_aggregate_of_the_crowd_decides_and_the_widest_come_first(book: Ledger) -> None:
    opened = NOW - timedelta(5)
    wide, wider, narrowed, mixed, flat, done = (question(100 + n, opened) for n in range(6))
    elsewhere = question(110, opened, "fred")
    book.append([wide, wider, narrowed, mixed, flat, elsewhere, done])
    book.append([aggregated(wide, 0.1), aggregated(wide, 0.2, probability=0.4, days=1), aggregated(wider, 0.3)])
    book.append([aggregated(narrowed, 0.1, days=1), aggregated(narrowed, 0.4)])
    book.append([aggregated(mixed, 0.1), aggregated(mixed, 0.4, days=1, rule="hybrid:logit_pool")])
    book.append([aggregated(flat, 0.0), aggregated(elsewhere, 0.4), aggregated(done, 0.4), resolution(done, True)])
    found = flagged(book, Thresholds(None, {"metaculus": 0.2}))
    assert [(item["id8"], item["spread"]) for item in found] == [(wider.id[:8], 0.3), (wide.id[:8], 0.2)]
    assert found[1] == {
        "id8": wide.id[:8],
        "question": "Question 100?",
        "aggregate": 0.4,
        "spread": 0.2,
        "threshold": 0.2,
        "source": "metaculus",
    }
    agreed = flagged(book, Thresholds(0.0, {}))
    assert flat.id[:8] not in {item["id8"] for item in agreed} and len(agreed) == 5, "agreement is never flagged"


def test_report_lists_what_is_flagged_and_cuts_a_long_list(
    book: Ledger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out, "width", 200)
    report([], book.address, as_json=False)
    assert "No open question is flagged: on none do the members differ" in capsys.readouterr().out
    asked = [question(100 + n, NOW - timedelta(5)) for n in range(SHOWN + 2)]
    book.append([*asked, *(aggregated(item, 0.3 + n / 100) for n, item in enumerate(asked))])
    report([], book.address, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (len(found["flagged"]), found["n_flagged"]) == (SHOWN, SHOWN + 2)
    assert found["flagged"][0]["question"] == f"Question {100 + SHOWN + 1}?"
    [learnt] = {item["threshold"] for item in found["flagged"]}
    assert learnt == pytest.approx(next(item["threshold"] for item in found["spread"] if item["source"] == "metaculus"))
    report([], book.address, as_json=False)
    shown = capsys.readouterr().out
    assert f"{SHOWN} of {SHOWN + 2}, the widest spread first" in shown and asked[-1].id[:8] in shown


def test_report_without_a_lesson_flags_nothing_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger, (done, still) = Ledger(str(tmp_path / "l.db")), (question(n, NOW - timedelta(50)) for n in range(2))
    ledger.append([done, still, forecast(done, "one", 0.2), forecast(done, "two", 0.6), resolution(done, False)])
    ledger.append([aggregated(still, 0.4)])
    report([], ledger.address, as_json=False)
    assert "spread has not been seen to foretell error" in " ".join(capsys.readouterr().out.split())
