"""Records refuse what would make a forecast dishonest: naive clocks, numbers that are none, edited content."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from pydantic import BaseModel, ValidationError

from db.records import (
    QUESTION,
    BinaryQuestion,
    EventCriterion,
    Evidence,
    Forecast,
    MultipleChoiceQuestion,
    NumericQuestion,
    RelationQuestion,
    Resolution,
    as_utc,
)
from db.values import CodesValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue, probability_of_yes

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=3)
QUESTIONS = [
    BinaryQuestion(text="Will it?", open_at=NOON, resolve_by=LATER),
    MultipleChoiceQuestion(text="Which?", open_at=NOON, resolve_by=LATER, options=("a", "b")),
    NumericQuestion(text="How much?", open_at=NOON, resolve_by=LATER, lower=0, unit="EUR"),
    RelationQuestion(text="What?", open_at=NOON, resolve_by=LATER, day=date(2025, 6, 2), subject="CHN", object="TWN"),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.kind)
def test_question_survives_json_and_keeps_its_id(question: BinaryQuestion) -> None:
    assert QUESTION.validate_json(question.model_dump_json()) == question
    assert len(question.id) == 20


def test_edited_content_does_not_keep_its_id() -> None:
    content = QUESTIONS[0].model_dump(mode="json") | {"text": "Will it really?"}
    with pytest.raises(ValidationError, match="does not fit the content"):
        QUESTION.validate_python(content)
    assert QUESTIONS[0].id != QUESTIONS[1].id


def test_no_question_has_a_field_for_the_answer() -> None:
    for question in QUESTIONS:
        assert not {"outcome", "answer", "resolution", "resolved"} & set(type(question).model_fields)


def test_naive_datetime_is_refused_and_any_zone_becomes_utc() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        BinaryQuestion(text="Will it?", open_at=datetime(2025, 6, 1), resolve_by=LATER)  # noqa: DTZ001
    east = datetime(2025, 6, 1, 14, tzinfo=timezone(timedelta(hours=14)))
    assert BinaryQuestion(text="Will it?", open_at=east, resolve_by=LATER).open_at == datetime(2025, 6, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone"):
        as_utc(datetime(2025, 6, 1))  # noqa: DTZ001


BAD_VALUES = [
    (ProbabilityValue, {"probability": 1.2}, "less than or equal to 1"),
    (ProbabilityValue, {"probability": float("nan")}, "finite"),
    (ProbabilitiesValue, {"probabilities": {"a": 0.5, "b": 0.6}}, "sum to"),
    (QuantilesValue, {"levels": (0.1, 0.9), "values": (2.0, 1.0)}, "must not descend"),
    (QuantilesValue, {"levels": (0.1,), "values": (float("inf"),)}, "finite"),
    (CodesValue, {"probabilities": {"14": -0.1}}, "greater than or equal to 0"),
    (CodesValue, {"probabilities": {"protest": 0.1}}, "pattern"),
    (EventCriterion, {"subject": "CHN", "object": "CHN", "first_day": NOON, "last_day": NOON}, "date"),
]


@pytest.mark.parametrize(("kind", "content", "said"), BAD_VALUES)
def test_bad_values_are_refused_with_a_reason(kind: type[BaseModel], content: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        kind.model_validate(content)


def test_evidence_from_the_future_is_refused() -> None:
    with pytest.raises(ValidationError, match="was not known before"):
        Evidence(as_of=NOON, added_at=NOON, source="event store")


def test_records_are_frozen_and_refuse_unknown_fields() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        QUESTIONS[0].text = "other"  # type: ignore[misc]  # that it cannot be set is the point
    with pytest.raises(ValidationError, match="Extra inputs"):
        Forecast.model_validate({"question_id": "q", "probability": 0.5})


@pytest.mark.parametrize("outcome", [True, False, 0.3, 1.0, "a", "ANNULLED", ("14", "141"), ()])
def test_resolution_keeps_the_kind_of_its_outcome(outcome: object) -> None:
    made = Resolution.model_validate({"question_id": "q", "outcome": outcome, "resolved_at": LATER, "known_at": LATER})
    again = Resolution.model_validate_json(made.model_dump_json())
    assert again == made
    assert type(again.outcome) is type(made.outcome)
    assert again.outcome == outcome


def test_only_a_probability_says_how_likely_yes_is() -> None:
    assert probability_of_yes(ProbabilityValue(probability=0.3)) == 0.3
    with pytest.raises(ValueError, match="kind quantiles"):
        probability_of_yes(QuantilesValue(levels=(0.5,), values=(0.3,)))
