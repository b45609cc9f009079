"""Live or back-test: members by their cut-off, people by the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from db.ledger.live import Deadlines, first_day_of
from db.records import BinaryQuestion, EventCriterion, NumericQuestion, RelationQuestion

OPEN = datetime(2025, 6, 1, tzinfo=UTC)
KNOWN, DUE = OPEN + timedelta(9), OPEN + timedelta(7)


@pytest.mark.parametrize(
    ("member", "first_day", "made", "live"),
    [
        ("m", date(2025, 6, 3), KNOWN - timedelta(hours=1), True),
        ("m", date(2025, 6, 3), KNOWN, False),
        ("human:ada", date(2025, 6, 3), datetime(2025, 6, 2, 23, 59, tzinfo=UTC), True),
        ("human:ada", date(2025, 6, 3), datetime(2025, 6, 3, tzinfo=UTC), False),
        ("human:ada+unaided", date(2025, 6, 3), datetime(2025, 6, 3, tzinfo=UTC), False),
        ("human:ada", date(2025, 6, 30), KNOWN, False),
        ("human:ada", None, DUE - timedelta(hours=1), True),
        ("human:ada", None, DUE, False),
        ("m", None, DUE, True),
    ],
)
def test_person_must_speak_before_the_window_and_member_before_the_outcome(
    member: str, first_day: date | None, made: datetime, live: bool
) -> None:
    due = Deadlines.of(known_at=KNOWN, resolve_by=DUE, first_day=first_day)
    assert due.met(member, as_of=made, created_at=made) is live


def test_persons_number_more_than_a_day_after_its_cut_off_is_not_live() -> None:
    due = Deadlines.of(known_at=KNOWN, resolve_by=DUE, first_day=None)
    made = OPEN + timedelta(days=1)
    assert due.met("human:ada", as_of=OPEN, created_at=made)
    assert not due.met("human:ada", as_of=OPEN, created_at=made + timedelta(seconds=1))
    assert due.met("m", as_of=OPEN, created_at=made + timedelta(seconds=1))


def test_window_is_that_of_the_criterion_or_of_the_day_asked_about() -> None:
    criterion = EventCriterion(subject="USA", object="CHN", first_day=date(2025, 6, 3), last_day=date(2025, 6, 5))
    events = BinaryQuestion(text="Q?", open_at=OPEN, resolve_by=DUE, criterion=criterion)
    codes = RelationQuestion(text="Q?", open_at=OPEN, resolve_by=DUE, day=date(2025, 6, 4), subject="USA", object="CHN")
    words = BinaryQuestion(text="Q?", open_at=OPEN, resolve_by=DUE)
    number = NumericQuestion(text="Q?", open_at=OPEN, resolve_by=DUE)
    assert [first_day_of(item) for item in (events, codes, words, number)] == [
        date(2025, 6, 3),
        date(2025, 6, 4),
        None,
        None,
    ]
