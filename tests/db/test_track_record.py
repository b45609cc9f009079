"""The track record: the columns of resolved yes/no questions, never beyond what was knowable."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from db.ledger.ledger import Ledger
from db.ledger.track_record import ResolvedBinary, Said
from db.records import (
    BinaryQuestion,
    EventCriterion,
    Forecast,
    MultipleChoiceQuestion,
    Outcome,
    Question,
    Resolution,
)
from db.values import ProbabilitiesValue, ProbabilityValue, Value

OPEN = datetime(2025, 6, 1, tzinfo=UTC)


def question(text: str, source: str = "metaculus") -> BinaryQuestion:
    return BinaryQuestion(text=text, open_at=OPEN, resolve_by=OPEN + timedelta(30), source=source)


def forecast(asked: Question, member: str, value: float | Value, *, day: int = 0, made: int | None = None) -> Forecast:
    return Forecast(
        question_id=asked.id,
        member=member,
        as_of=OPEN + timedelta(day),
        created_at=OPEN + timedelta(day if made is None else made),
        value=ProbabilityValue(probability=value) if isinstance(value, float) else value,
    )


def resolution(asked: Question, outcome: Outcome, *, day: int) -> Resolution:
    known = OPEN + timedelta(day)
    return Resolution(question_id=asked.id, outcome=outcome, resolved_at=known, known_at=known)


def test_record_holds_what_was_said_before_the_outcome_was_known(address: str) -> None:
    asked, unresolved = question("Will it?"), question("Will it ever?")
    criterion = EventCriterion(subject="USA", object="CHN", first_day=date(2025, 6, 1), last_day=date(2025, 6, 2))
    events = BinaryQuestion(text="Events?", open_at=OPEN, resolve_by=OPEN + timedelta(7), criterion=criterion)
    with Ledger(address) as ledger:
        ledger.append([asked, unresolved, events])
        ledger.append([forecast(asked, "a", 0.2), forecast(asked, "b", 0.4, made=9), forecast(asked, "a", 0.9, day=5)])
        ledger.append([forecast(unresolved, "a", 0.5), forecast(events, "a", 0.6)])
        ledger.append([resolution(asked, True, day=5), resolution(events, False, day=2)])
        record = ledger.track_record()
    assert record.questions == {
        asked.id: ResolvedBinary(asked.id, "metaculus", asked.id, True, OPEN + timedelta(5)),
        events.id: ResolvedBinary(events.id, "auspex", "USA>CHN", False, OPEN + timedelta(2)),
    }
    assert record.forecasts == [
        Said(asked.id, "a", OPEN, OPEN, 0.2, True),
        Said(asked.id, "b", OPEN, OPEN + timedelta(9), 0.4, False),
        Said(events.id, "a", OPEN, OPEN, 0.6, True),
    ]


def test_record_of_some_members_holds_nobody_else(address: str) -> None:
    asked = question("Will it?")
    with Ledger(address) as ledger:
        ledger.append([asked, forecast(asked, "a", 0.2), forecast(asked, "b", 0.4), resolution(asked, True, day=5)])
        assert [said.member for said in ledger.track_record(members=["b", "c"]).forecasts] == ["b"]
        assert ledger.track_record(members=[]).forecasts == []


def test_outcomes_that_are_no_yes_or_no_and_other_kinds_of_question_are_left_out(address: str) -> None:
    void, part = question("Void?"), question("In part?")
    choice = MultipleChoiceQuestion(text="Which?", options=("x", "y"), open_at=OPEN, resolve_by=OPEN + timedelta(7))
    with Ledger(address) as ledger:
        ledger.append([void, part, choice, forecast(void, "a", 0.2), forecast(part, "a", 0.2)])
        ledger.append([forecast(choice, "a", ProbabilitiesValue(probabilities={"x": 0.5, "y": 0.5}))])
        ledger.append(
            [resolution(void, "ANNULLED", day=5), resolution(part, 0.5, day=5), resolution(choice, "x", day=5)]
        )
        record = ledger.track_record()
    assert (record.questions, record.forecasts) == ({}, [])


def test_correction_counts_only_once_it_was_knowable(address: str) -> None:
    asked = question("Will it?")
    with Ledger(address) as ledger:
        ledger.append([asked, forecast(asked, "a", 0.2)])
        ledger.resolve([resolution(asked, True, day=5)])
        ledger.resolve([resolution(asked, False, day=8)], correct=True)
        known = {day: ledger.track_record(known_before=OPEN + timedelta(day)).questions for day in (5, 6, 8, 9)}
        assert ledger.track_record().questions[asked.id].outcome is False
    assert known[5] == {}
    assert known[6][asked.id].outcome is known[8][asked.id].outcome is True
    assert known[9][asked.id].outcome is False


def test_correction_known_later_lets_no_later_forecast_in(address: str) -> None:
    asked = question("Will it?")
    with Ledger(address) as ledger:
        ledger.append(
            [asked, forecast(asked, "a", 0.2), forecast(asked, "b", 0.9, made=7), forecast(asked, "c", 1.0, day=7)]
        )
        ledger.resolve([resolution(asked, False, day=5)])
        ledger.resolve([resolution(asked, True, day=9)], correct=True)
        record = ledger.track_record()
    assert record.questions[asked.id].known_at == OPEN + timedelta(9)
    assert [(said.member, said.live) for said in record.forecasts] == [("a", True), ("b", False)]


def test_update_on_a_late_number_is_a_back_test_whoever_is_asked_for(address: str) -> None:
    asked = question("Will it?")
    number = forecast(asked, "human:ada", 0.9, made=4)
    content = forecast(asked, "m+shown", 0.8, made=4).model_dump(exclude={"id"})
    update = Forecast(**content | {"evidence": (number.id,)})
    with Ledger(address) as ledger:
        ledger.append([asked, number, update, resolution(asked, True, day=5)])
        assert [said.live for said in ledger.track_record().forecasts] == [False, False]
        [said] = ledger.track_record(members=["m+shown"]).forecasts
    assert (said.member, said.live) == ("m+shown", False)
