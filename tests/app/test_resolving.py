"""`auspex questions resolve` and `annul`: outcomes by hand, never silently changed, never from before the question."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.commands.forecast import leaderboard
from app.commands.resolving import annul, resolve
from db.errors import BadInput, UnknownName
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, EventCriterion, Forecast, MultipleChoiceQuestion
from db.values import ProbabilitiesValue, ProbabilityValue

OPEN = datetime(2025, 6, 1, tzinfo=UTC)
COMMON: dict[str, Any] = {"open_at": OPEN, "resolve_by": OPEN + timedelta(7)}
YES_NO = BinaryQuestion(text="Will it [rain]?", **COMMON)
EVENT = BinaryQuestion(
    text="Will they talk?",
    criterion=EventCriterion(subject="CHN", object="TWN", first_day=date(2025, 6, 2), last_day=date(2025, 6, 7)),
    **COMMON,
)
CHOICE = MultipleChoiceQuestion(text="Which?", options=("x", "y"), **COMMON)


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    address = str(tmp_path / "ledger.db")
    common = {"as_of": OPEN, "created_at": OPEN}
    with Ledger(address) as book:
        book.append([YES_NO, CHOICE])
        yes = ProbabilityValue(probability=0.8)
        book.append([Forecast(question_id=YES_NO.id, member="human:ada", value=yes, **common)])
        options = ProbabilitiesValue(probabilities={"x": 0.6, "y": 0.4})
        book.append([Forecast(question_id=CHOICE.id, member="direct:m", value=options, **common)])
    return address


def resolved(ledger: str, outcome: str, *, question: BinaryQuestion = YES_NO, **options: Any) -> None:
    given: dict[str, Any] = {"known_at": "2025-06-05", "source": "", "correct": False, "as_json": True} | options
    known_at, source = given.pop("known_at"), given.pop("source")
    resolve(question.id[:8], outcome, known_at, source, ledger, **given)


def test_outcome_is_recorded_with_its_moment_and_source(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    resolved(ledger, "yes", source="https://example.org/rain")
    content = json.loads(capsys.readouterr().out)
    assert content["new"] == 1
    assert content["questions"][0]["id"] == YES_NO.id
    assert content["resolution"]["outcome"] is True
    with Ledger(ledger) as book:
        found = book.resolutions()[YES_NO.id]
        assert book.verify().ok
    assert (found.outcome, found.source, found.known_at) == (True, "https://example.org/rain", OPEN + timedelta(4))


def test_other_outcome_counts_only_as_a_correction(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    resolved(ledger, "yes")
    with pytest.raises(BadInput, match="resolved as yes, not no: add --correct"):
        resolved(ledger, "no")
    resolved(ledger, "yes")  # again: nothing new
    resolved(ledger, "no", correct=True, known_at="2025-06-06")
    said = capsys.readouterr().out.split("\n}\n")
    assert [json.loads(part + "}")["new"] for part in said if part] == [1, 0, 1]
    with Ledger(ledger) as book:
        assert book.resolutions()[YES_NO.id].outcome is False
        assert book.counts()["resolution"] == 2


@pytest.mark.parametrize(
    ("known_at", "sentence"),
    [
        ("2025-05-31", "is not after the question was asked"),
        ("2025-06-01", "is not after the question was asked"),
        ("2999-01-01", "is in the future"),
        ("soon", "is not a date"),
    ],
)
def test_moment_that_cannot_be_is_refused(ledger: str, known_at: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        resolved(ledger, "yes", known_at=known_at)


def test_bytes_that_are_no_text_are_refused(ledger: str) -> None:
    with pytest.raises(BadInput, match="--source '.udcff' is no text in UTF-8"):
        resolved(ledger, "yes", source="\udcff")
    with pytest.raises(BadInput, match="--reason"):
        annul(YES_NO.id, "2025-06-05", "\udcff", ledger, correct=False, as_json=False)


def test_unknown_question_is_refused(ledger: str) -> None:
    with pytest.raises(UnknownName, match="there is no question"):
        resolve("zzz", "yes", None, "", ledger, correct=False, as_json=True)


def test_without_a_moment_it_is_known_when_it_had_to_be_resolved_and_no_later_than_now(
    ledger: str, capsys: pytest.CaptureFixture[str]
) -> None:
    resolved(ledger, "no", known_at=None, as_json=False)
    assert "Will it [rain]?\nRecorded: no, known at" in capsys.readouterr().out
    with Ledger(ledger) as book:
        assert book.resolutions()[YES_NO.id].known_at == YES_NO.resolve_by
        ahead = BinaryQuestion(text="Ahead?", open_at=OPEN, resolve_by=datetime.now(UTC) + timedelta(days=9))
        book.append([ahead])
    resolved(ledger, "no", known_at=None, as_json=False, question=ahead)
    with Ledger(ledger) as book:
        assert datetime.now(UTC) - book.resolutions()[ahead.id].known_at < timedelta(minutes=5)


def test_what_the_store_resolves_is_overruled_only_with_a_moment(ledger: str) -> None:
    with Ledger(ledger) as book:
        book.append([EVENT])
    with pytest.raises(BadInput, match="the event store resolves this question"):
        resolved(ledger, "yes", known_at=None, question=EVENT)
    resolved(ledger, "yes", known_at="2025-06-20", question=EVENT)


def test_annulled_question_is_not_scored(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    annul(YES_NO.id, "2025-06-05", "the station closed", ledger, correct=False, as_json=False)
    assert "ANNULLED" in capsys.readouterr().out
    with Ledger(ledger) as book:
        assert book.resolutions()[YES_NO.id].source == "by hand: the station closed"
        assert book.scorable() == []
    with pytest.raises(BadInput, match="resolved as ANNULLED, not yes"):
        resolved(ledger, "yes")


def test_resolved_by_hand_reaches_the_leaderboard(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    resolved(ledger, "yes")
    resolve(CHOICE.id, "y", "2025-06-05", "", ledger, correct=False, as_json=True)
    capsys.readouterr()
    leaderboard(ledger, as_json=True)
    rows = {row["member"]: row for row in json.loads(capsys.readouterr().out)["members"]}
    assert rows["human:ada"]["brier"]["mean"] == pytest.approx(0.04)
    assert rows["human:ada"]["track"] == "live"
    assert rows["direct:m"]["brier_multi"]["mean"] == pytest.approx(0.72)
    assert rows["direct:m"]["brier"] is None
