"""Whether a value is an answer to a question: a forecast from elsewhere may be about anything."""

from __future__ import annotations

from db.records import MultipleChoiceQuestion, Question
from db.values import ProbabilitiesValue, Value

_VALUES = {
    "binary": ("probability",),
    "multiple_choice": ("probabilities",),
    "numeric": ("quantiles",),
    "relation": ("codes", "code_set"),
}


def unfit(value: Value, question: Question) -> str:
    """Why a value is no answer to a question, "" where it is one."""
    kinds = _VALUES[question.kind]
    if value.kind not in kinds:
        return f"a {question.kind} question is answered by {' or '.join(kinds)}, not by {value.kind}"
    if isinstance(value, ProbabilitiesValue) and isinstance(question, MultipleChoiceQuestion):
        return "" if set(value.probabilities) == set(question.options) else "its options are others"
    return ""
