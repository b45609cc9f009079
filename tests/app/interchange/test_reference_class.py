"""The reference class: shares of outcomes known before the cut-off, from the ledger through a snapshot and no other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.members.equipment import Equipment
from agents.members.past import PastOutcome, PastOutcomes
from agents.members.reference_class import LEAST
from agents.members.registry import MEMBERS, build_members
from app.equipment import equipped
from app.past_outcomes import past_of
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, Forecast, MemberFailure, Question, Resolution
from db.values import ProbabilityValue
from tests.app.interchange.made import CHOICE, EVENT
from tests.gdelt_rows import row, write_csv

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
WEEK, MONTH = timedelta(7), timedelta(30)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(str(tmp_path / "ledger.db")) as found:
        yield found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    folder = tmp_path_factory.mktemp("world")
    ingest_files([write_csv(folder / "20250602.export.CSV", [row(1)])], folder / "store")
    return EventStore(folder / "store")


@pytest.fixture
def snapshot(store: EventStore) -> Snapshot:
    return store.as_of(AS_OF)


def question(
    n: int, source: str = "fred", *, series: str = "A", ahead: timedelta = WEEK, **other: Any
) -> BinaryQuestion:
    opened = AS_OF - timedelta(200) + timedelta(minutes=n)
    fields = {"open_at": opened, "resolve_by": opened + ahead, "source": source, "source_id": series} | other
    return BinaryQuestion(text=f"Question {n}?", **fields)


def teach(ledger: Ledger, asked: list[BinaryQuestion], yes: int, *, known_at: datetime = AS_OF - timedelta(1)) -> None:
    """These questions, of which the first `yes` came out yes and the others no."""
    ledger.append(asked)
    ledger.resolve(
        [
            Resolution(question_id=item.id, outcome=n < yes, resolved_at=known_at, known_at=known_at)
            for n, item in enumerate(asked)
        ]
    )


def answers(ledger: Ledger, snapshot: Snapshot, *asked: Question) -> list[Forecast | MemberFailure]:
    with equipped(["reference_class"], ledger) as equipment:
        (member,) = build_members(["reference_class"], equipment)
    return asyncio.run(member.forecast(asked, snapshot, created_at=AS_OF))


def probability(answer: Forecast | MemberFailure) -> float:
    assert isinstance(answer, Forecast), answer
    assert isinstance(answer.value, ProbabilityValue)
    return answer.value.probability


def test_it_answers_only_where_it_is_asked_for() -> None:
    assert "reference_class" not in MEMBERS
    assert [member.name for member in build_members(["reference_class"], Equipment())] == ["reference_class"]


def test_a_series_own_past_at_the_same_horizon_comes_first(ledger: Ledger, snapshot: Snapshot) -> None:
    teach(ledger, [question(n) for n in range(10)], 7)
    teach(ledger, [question(n, series="B") for n in range(100, 120)], 0)
    (found,) = answers(ledger, snapshot, question(1000))
    assert probability(found) == (7 + 0.5) / (10 + 1)
    assert isinstance(found, Forecast)
    assert found.rationale.startswith("7 of 10 questions of fred, asked 7 days ahead, of the series A")


def test_without_enough_of_the_series_others_at_the_horizon_count_and_then_the_source(
    ledger: Ledger, snapshot: Snapshot
) -> None:
    teach(ledger, [question(n) for n in range(9)], 9)
    teach(ledger, [question(n, series="B") for n in range(100, 111)], 0)
    teach(ledger, [question(n, series="C", ahead=MONTH) for n in range(200, 220)], 20)
    week, quarter = answers(ledger, snapshot, question(1000), question(1001, series="D", ahead=timedelta(90)))
    assert probability(week) == (9 + 0.5) / (20 + 1)
    assert probability(quarter) == (29 + 0.5) / (40 + 1)


def test_a_market_is_one_class(ledger: Ledger, snapshot: Snapshot) -> None:
    teach(ledger, [question(n, "manifold", series=str(n), ahead=timedelta(n + 1)) for n in range(12)], 3)
    (found,) = answers(ledger, snapshot, question(1000, "manifold"))
    assert probability(found) == (3 + 0.5) / (12 + 1)


def test_below_the_least_number_of_outcomes_there_is_no_answer(ledger: Ledger, snapshot: Snapshot) -> None:
    teach(ledger, [question(n) for n in range(LEAST - 1)], 0)
    (found,) = answers(ledger, snapshot, question(1000))
    assert isinstance(found, MemberFailure)
    assert found.reason == "no_history"


def test_questions_about_events_and_other_kinds_are_not_answered(ledger: Ledger, snapshot: Snapshot) -> None:
    found = answers(ledger, snapshot, EVENT, CHOICE)
    assert [item.reason for item in found if isinstance(item, MemberFailure)] == ["unsupported", "unsupported"]


def test_what_was_known_at_the_cut_off_or_later_changes_nothing(ledger: Ledger, store: EventStore) -> None:
    teach(ledger, [question(n) for n in range(10)], 5)
    before = answers(ledger, store.as_of(AS_OF), question(1000))
    teach(ledger, [question(n) for n in range(100, 150)], 50, known_at=AS_OF)
    teach(ledger, [question(n) for n in range(200, 250)], 50, known_at=AS_OF + timedelta(1))
    ledger.resolve(
        [
            Resolution(question_id=question(n).id, outcome=True, resolved_at=AS_OF, known_at=AS_OF + timedelta(1))
            for n in range(10)
        ],
        correct=True,
    )
    assert answers(ledger, store.as_of(AS_OF), question(1000)) == before
    (later,) = answers(ledger, store.as_of(AS_OF + timedelta(2)), question(1000))
    assert probability(later) == (110 + 0.5) / (110 + 1)


def test_a_question_is_not_in_its_own_class(ledger: Ledger, snapshot: Snapshot) -> None:
    asked = [question(n) for n in range(11)]
    teach(ledger, asked, 1)
    yes, no = answers(ledger, snapshot, asked[0], asked[1])
    assert probability(yes) == 0.5 / 11
    assert probability(no) == 1.5 / 11


def test_outcomes_from_the_future_cannot_even_be_handed_over() -> None:
    known: dict[str, Any] = {"question_id": "x", "source": "fred", "series": "A", "horizon_days": 7, "outcome": True}
    PastOutcomes(AS_OF, [PastOutcome(**known, known_at=AS_OF - timedelta(microseconds=1))])
    with pytest.raises(ValueError, match="not known before"):
        PastOutcomes(AS_OF, [PastOutcome(**known, known_at=AS_OF)])


def test_the_past_is_bound_to_the_snapshot_that_is_shown(ledger: Ledger, store: EventStore) -> None:
    teach(ledger, [question(n) for n in range(10)], 5)
    past = past_of(ledger)
    assert len(past(store.as_of(AS_OF), {"fred"}).outcomes) == 10
    assert len(past(store.as_of(AS_OF - timedelta(1)), {"fred"}).outcomes) == 0
    assert len(past(store.as_of(AS_OF), {"acled"}).outcomes) == 0
    assert len(past(store.as_of(AS_OF), set()).outcomes) == 0
