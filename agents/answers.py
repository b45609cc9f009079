"""Reading a model's answer: strictly what was asked for, or `Unparseable` with the reason, never a guess.

A relation answer states roots (two digits) and base codes (three). A leaf (four digits) counts for its base code, at
the highest probability stated for either; a root is raised to its highest base code. A code that CAMEO does not have is
kept in the value's `unknown`, so that it is counted wherever the answer is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

import db.cameo as cameo
from agents.answer_forms import FORMS, BinaryForm, Form, MultipleChoiceForm, NumericForm, RelationForm, one_line
from agents.strict_json import only_object
from db.errors import Unparseable
from db.records import MultipleChoiceQuestion, NumericQuestion, Question, RelationQuestion
from db.values import CodeSetValue, CodesValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue, Value
from ensembles.decoding import choose_set

F = TypeVar("F", bound=Form)

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles that a numeric answer gives."""
SUM_TOLERANCE = 0.02
"""How far the probabilities of options may sum from 1 and still be brought to 1; further off, something is meant."""

_REFUSED = "the reply cannot be read as an answer"
_ROOT = re.compile(r"[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a model answered: the value, its reasons, and `notes` on what reading it took beyond copying."""

    value: Value
    rationale: str = ""
    notes: tuple[str, ...] = ()

    @property
    def unknown_codes(self) -> tuple[str, ...]:
        """The codes of the answer that CAMEO does not have."""
        return self.value.unknown if isinstance(self.value, CodesValue | CodeSetValue) else ()


def parse(question: Question, text: str) -> Parsed:
    """The answer to `question` that a reply holds.

    Raises Unparseable, its message saying what is wrong, for anything but exactly one answer in the form that was asked
    for: see `agents.strict_json` and `agents.answer_forms`, and MIRAI's `{"04": ["042"]}` for relations.
    """
    try:
        content = only_object(text)
        if isinstance(question, RelationQuestion) and content and all(map(_ROOT.fullmatch, content)):
            return _code_set(question, content)
        form = FORMS[question.kind].model_validate(content)
        return _READERS[type(form)](question, form)
    except ValueError as error:
        raise _unparseable(error, text) from error


def parse_form(form: type[F], text: str) -> F:
    """What a reply holds that answers no question itself, such as a judgement of one option; raises as `parse` does."""
    try:
        return form.model_validate(only_object(text))
    except ValueError as error:
        raise _unparseable(error, text) from error


def choose_codes(probabilities: Mapping[str, float], *, given_any_event: bool) -> tuple[str, ...]:
    """The set of roots and of base codes that promises the highest F1 (`ensembles.decoding.choose_set`), sorted.

    Unless an event is given, the set may be empty: codes count as independent for the chance that none comes.
    """
    chosen: list[str] = []
    for digits in (2, 3):
        codes = sorted(code for code in probabilities if len(code) == digits)
        if not codes:
            continue
        p = np.array([[probabilities[code] for code in codes]])
        [picked] = choose_set(p, empty=None if given_any_event else np.prod(1 - p, axis=1))
        chosen += [code for code, pick in zip(codes, picked, strict=True) if pick]
    return tuple(sorted(chosen))


def _unparseable(error: ValueError, text: str) -> Unparseable:
    if not isinstance(error, ValidationError):
        return Unparseable(f"{_REFUSED}: {error}", raw_text=text)
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "answer"
    return Unparseable(f"{_REFUSED}: its {where[:80]} is wrong: {first['msg']}", raw_text=text)


def _relation(question: Question, form: RelationForm) -> Parsed:
    given_any_event = isinstance(question, RelationQuestion) and question.given_any_event
    stated = [item.code for item in form.codes]
    if len(set(stated)) < len(stated):
        twice = next(code for code in stated if stated.count(code) > 1)
        raise ValueError(f"it gives the code {twice[:20]!r} twice")
    probabilities: dict[str, float] = {}
    unknown: list[str] = []
    for item in form.codes:
        if not _known(item.code):
            unknown.append(item.code)
            continue
        for code in {item.code[:2], item.code[:3]}:
            probabilities[code] = max(probabilities.get(code, 0.0), item.probability)
    if given_any_event and not any(probabilities.values()):
        raise ValueError(
            "it is known that an event was reported, so at least one known code needs a probability above 0"
        )
    value = CodesValue(
        probabilities=probabilities,
        selected=choose_codes(probabilities, given_any_event=given_any_event),
        unknown=tuple(unknown),
    )
    leaves = [item.code for item in form.codes if len(item.code) > 3 and item.code not in unknown]
    return Parsed(value, form.rationale, _notes(unknown, leaves))


def _code_set(question: RelationQuestion, content: Mapping[str, Any]) -> Parsed:
    """MIRAI's format: root -> its base codes."""
    selected: set[str] = set()
    unknown: list[str] = []
    leaves: list[str] = []
    for root, codes in content.items():
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            raise ValueError(f"under {root!r} it gives no list of codes as text")
        for code in (root, *codes):
            if not _known(code):
                unknown.append(code)
            elif code[:2] != root:
                raise ValueError(f"it gives the code {code!r} under {root!r}, and that is not its root")
            else:
                selected |= {code[:2], code[:3]}
                leaves += [code] if len(code) > 3 else []
    if question.given_any_event and not selected:
        raise ValueError("an event is known to be reported, so at least one known code has to be chosen")
    value = CodeSetValue(selected=tuple(sorted(selected)), unknown=tuple(dict.fromkeys(unknown)))
    return Parsed(value, notes=_notes(value.unknown, leaves))


def _binary(question: Question, form: BinaryForm) -> Parsed:
    return Parsed(ProbabilityValue(probability=form.probability), form.rationale)


def _multiple_choice(question: MultipleChoiceQuestion, form: MultipleChoiceForm) -> Parsed:
    given = [item.option for item in form.options]
    asked = [one_line(option) for option in question.options]
    if sorted(given) != sorted(asked):
        missing = [option for option in asked if option not in given]
        what = f"without {missing[0]!r}" if missing else "with options that are not the question's, or twice"
        raise ValueError(f"it does not give every option exactly once: it comes {what}")
    total = sum(item.probability for item in form.options)
    if abs(total - 1) > SUM_TOLERANCE:
        raise ValueError(f"the probabilities of its options sum to {total:g}, not to 1")
    by_option = {item.option: item.probability / total for item in form.options}
    value = ProbabilitiesValue(probabilities={option: by_option[one_line(option)] for option in question.options})
    return Parsed(value, form.rationale, () if abs(total - 1) < 1e-9 else (f"probabilities summed to {total:g}",))


def _numeric(question: NumericQuestion, form: NumericForm) -> Parsed:
    levels = [item.level for item in form.quantiles]
    values = [item.value for item in form.quantiles]
    if levels != list(LEVELS):
        raise ValueError(f"its quantiles are not those at the levels {', '.join(map(str, LEVELS))}, in this order")
    if values != sorted(values):
        raise ValueError(f"its quantiles descend: {', '.join(f'{value:g}' for value in values)}")
    lower = -np.inf if question.lower is None else question.lower
    upper = np.inf if question.upper is None else question.upper
    if values[0] < lower or values[-1] > upper:
        raise ValueError(f"its quantiles leave the question's bounds, {lower:g} to {upper:g}")
    return Parsed(QuantilesValue(levels=LEVELS, values=tuple(values)), form.rationale)


_READERS: dict[type[Form], Callable[[Any, Any], Parsed]] = {
    RelationForm: _relation,
    BinaryForm: _binary,
    MultipleChoiceForm: _multiple_choice,
    NumericForm: _numeric,
}


def _known(code: str) -> bool:
    return code in cameo.all_codes()


def _notes(unknown: Sequence[str], leaves: Sequence[str]) -> tuple[str, ...]:
    notes = [f"{len(unknown)} unknown codes: {', '.join(unknown)}"] if unknown else []
    notes += [f"{leaf} counts for {leaf[:3]}" for leaf in leaves]
    return tuple(notes)
