"""The shapes of an answer, one per kind of question: what a model is asked for, and what is read strictly.

Types are strict: text where a number belongs ("85%", "0,7") is refused, not converted, and so is a number out of range.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from db.records import MultipleChoiceQuestion, Question
from tools.untrusted import visible

Chance = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class Form(BaseModel):
    """Base of all shapes: the reasons first, nothing that was not asked for."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class CodeChance(Form):
    """One CAMEO code with its probability."""

    code: str
    probability: Chance


class OptionChance(Form):
    """One option with its probability."""

    option: str
    probability: Chance


class LevelValue(Form):
    """One quantile."""

    level: Chance
    value: Annotated[float, Field(allow_inf_nan=False)]


class RelationForm(Form):
    """A relation question's answer."""

    rationale: str = ""
    codes: list[CodeChance]


class BinaryForm(Form):
    """A yes/no question's answer."""

    rationale: str = ""
    probability: Chance


class MultipleChoiceForm(Form):
    """A multiple-choice question's answer."""

    rationale: str = ""
    options: list[OptionChance]


class NumericForm(Form):
    """A numeric question's answer."""

    rationale: str = ""
    quantiles: list[LevelValue]


FORMS: dict[str, type[Form]] = {
    "relation": RelationForm,
    "binary": BinaryForm,
    "multiple_choice": MultipleChoiceForm,
    "numeric": NumericForm,
}


def one_line(text: str) -> str:
    """`text` as a prompt states it and an answer repeats it: on one line, with nothing in it that cannot be seen."""
    return " ".join(visible(text).split())


def are_distinct(options: Sequence[str]) -> bool:
    """Whether options still differ when each is stated on one line."""
    return len(set(map(one_line, options))) == len(options)


def schema(question: Question) -> dict[str, Any]:
    """The JSON schema of a question's answer, for models that can be held to one; all fields required, none besides."""
    found = form_schema(FORMS[question.kind])
    if isinstance(question, MultipleChoiceQuestion):
        found["$defs"]["OptionChance"]["properties"]["option"]["enum"] = list(map(one_line, question.options))
    return found


def form_schema(form: type[Form]) -> dict[str, Any]:
    """The JSON schema of one shape, with all of its fields required; the caller's own, to change as it likes."""
    return deepcopy(_form_schema(form))


@lru_cache
def _form_schema(form: type[Form]) -> dict[str, Any]:
    """Made once for each shape: pydantic takes milliseconds for it, and every call to a model states one."""
    found = form.model_json_schema()
    for part in (found, *found.get("$defs", {}).values()):
        part["required"] = list(part["properties"])
        for field in part["properties"].values():
            field.pop("default", None)
    return found
