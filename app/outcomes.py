"""Outcomes as people type and read them: by the kind of question, strictly, or a sentence that says how."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from db import cameo
from db.errors import BadInput
from db.outcomes import NO_CODES
from db.records import BinaryQuestion, MultipleChoiceQuestion, NumericQuestion, Question, RelationQuestion

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ANSWERS = {"yes": True, "no": False}


def read_outcome(question: Question, text: str) -> bool | float | str | tuple[str, ...]:
    """What `text` says came of `question`.

    Yes or no, one of the options, a number within the bounds, or the base codes that were reported, comma-separated,
    `none` for none. Raises BadInput for anything else.
    """
    said = text.strip()
    if isinstance(question, BinaryQuestion):
        if said.lower() not in _ANSWERS:
            raise BadInput(f"{text!r} is no outcome of a yes/no question: say yes or no")
        return _ANSWERS[said.lower()]
    if isinstance(question, MultipleChoiceQuestion):
        return _option(question.options, text)
    if isinstance(question, NumericQuestion):
        return _number(question, said)
    return _codes(question, said)


def _option(options: tuple[str, ...], text: str) -> str:
    """The option that is `text`, or without one the only one that is, but for case and outer spaces."""
    if text in options:
        return text
    alike = [option for option in options if option.strip().casefold() == text.strip().casefold()]
    if len(alike) > 1:
        raise BadInput(f"{text!r} could be each of {_listed(alike)}: write it as it stands there")
    if not alike:
        raise BadInput(f"{text!r} is none of the question's options: say one of {_listed(options)}")
    return alike[0]


def _number(question: NumericQuestion, said: str) -> float:
    number = float(said) if _NUMBER.fullmatch(said) else math.nan
    if not math.isfinite(number):
        raise BadInput(f"{said!r} is no number: write it with digits and a point, such as 1250 or 3.7")
    lower = -math.inf if question.lower is None else question.lower
    upper = math.inf if question.upper is None else question.upper
    if not lower <= number <= upper:
        raise BadInput(f"{said} lies outside the question's bounds, {lower:g} to {upper:g}: annul it if that came")
    return number


def _codes(question: RelationQuestion, said: str) -> tuple[str, ...]:
    codes = [] if said.lower() == NO_CODES else [part.strip() for part in said.split(",")]
    for code in codes:
        if code not in cameo.base_codes():
            raise BadInput(
                f"{code!r} is no base code of CAMEO: give those of three digits, comma-separated, or {NO_CODES}"
            )
    if question.given_any_event and not codes:
        raise BadInput("the question was asked on the condition that an event is reported: annul it if none was")
    return tuple(sorted(set(codes)))


def _listed(options: Sequence[str]) -> str:
    return ", ".join(map(repr, options))
