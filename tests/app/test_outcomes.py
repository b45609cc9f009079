"""Outcomes as they are typed: read by the kind of question, strictly, with a sentence that says how."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.outcomes import read_outcome
from db.errors import BadInput
from db.outcomes import outcome_text
from db.questions.factory import relation_question
from db.records import BinaryQuestion, MultipleChoiceQuestion, NumericQuestion, Outcome, Question

OPEN = datetime(2025, 6, 1, tzinfo=UTC)
COMMON: dict[str, Any] = {"text": "?", "open_at": OPEN, "resolve_by": OPEN + timedelta(7)}
YES_NO = BinaryQuestion(**COMMON)
CHOICE = MultipleChoiceQuestion(options=("trade, and visas", "Visas"), **COMMON)
SPACED = MultipleChoiceQuestion(options=("a", "A "), **COMMON)
NUMBER = NumericQuestion(lower=0.0, upper=50.0, **COMMON)
OPEN_NUMBER = NumericQuestion(**COMMON)
RELATION = relation_question("CHN", "TWN", date(2025, 6, 2), open_at=OPEN)
GIVEN = relation_question("CHN", "TWN", date(2025, 6, 2), open_at=OPEN, given_any_event=True)


@pytest.mark.parametrize(
    ("question", "text", "outcome"),
    [
        (YES_NO, "yes", True),
        (YES_NO, " No ", False),
        (CHOICE, "trade, and visas", "trade, and visas"),
        (CHOICE, " visas", "Visas"),
        (SPACED, "A ", "A "),
        (SPACED, "a", "a"),
        (NUMBER, "12", 12.0),
        (NUMBER, "50", 50.0),
        (OPEN_NUMBER, "-1.5e3", -1500.0),
        (RELATION, "190, 042,190", ("042", "190")),
        (RELATION, "none", ()),
    ],
)
def test_outcome_is_read_by_the_kind_of_question(question: Question, text: str, outcome: Outcome) -> None:
    found = read_outcome(question, text)
    assert found == outcome
    assert type(found) is type(outcome)
    assert read_outcome(question, outcome_text(found)) == found


@pytest.mark.parametrize(
    ("question", "text", "sentence"),
    [
        (YES_NO, "maybe", "'maybe' is no outcome of a yes/no question: say yes or no"),
        (YES_NO, "1", "say yes or no"),
        (CHOICE, "passports", "is none of the question's options: say one of 'trade, and visas', 'Visas'"),
        (SPACED, " A", "' A' could be each of 'a', 'A ': write it as it stands there"),
        (NUMBER, "51", "51 lies outside the question's bounds, 0 to 50"),
        (NUMBER, "1,250", "'1,250' is no number"),
        (OPEN_NUMBER, "nan", "is no number"),
        (OPEN_NUMBER, "1e999", "is no number"),
        (RELATION, "04", "'04' is no base code"),
        (RELATION, "0421", "is no base code"),
        (RELATION, "042,", "'' is no base code"),
        (GIVEN, "none", "annul it if none was"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(question: Question, text: str, sentence: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_outcome(question, text)
    assert sentence in str(refused.value)
