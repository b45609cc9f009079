"""From a documented function to a tool: arguments checked, mistakes explained, the answer put into words.

The function's docstring is its description and its type hints are its schema; nothing is said twice.
"""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema

from db.errors import BadInput
from db.events.snapshot import Snapshot
from tools.rendering import BYTES_PER_TOKEN, LEAST_TOKENS, clip, render
from tools.tool import Answer, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A tool function and what its docstring and hints say: everything about a tool but the snapshot."""

    name: str
    description: str
    schema: Mapping[str, Any]
    signature: str
    arguments: type[BaseModel]
    function: Callable[..., Answer[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTool:
    """A tool over one snapshot; see `tools.tool.Tool`."""

    definition: Definition
    snapshot: Snapshot
    budget_tokens: int

    def __post_init__(self) -> None:
        if self.budget_tokens < LEAST_TOKENS:
            raise BadInput(f"budget_tokens must be at least {LEAST_TOKENS}, not {self.budget_tokens}")

    @property
    def name(self) -> str:
        """What models call it."""
        return self.definition.name

    @property
    def description(self) -> str:
        """The function's docstring."""
        return self.definition.description

    @property
    def schema(self) -> Mapping[str, Any]:
        """JSON schema of the arguments."""
        return self.definition.schema

    @property
    def signature(self) -> str:
        """The function as Python code would call it."""
        return self.definition.signature

    def __call__(self, /, *values: Any, **arguments: Any) -> Observation:
        """Call the tool; wrong arguments give a failed observation."""
        try:
            checked = _checked(self.definition, values, arguments)
            answer = self.definition.function(self.snapshot, **checked)
        except BadInput as error:
            sentence = clip(f"{self.name}: {error}", self.budget_tokens * BYTES_PER_TOKEN)
            return Observation(data=None, text=sentence, failed=True)
        return Observation(
            data=answer.data,
            text=render(answer, self.budget_tokens),
            latest_added_at=answer.latest_added_at,
            evidence=answer.evidence,
        )


def define(function: Callable[..., Answer[Any]]) -> Definition:
    """What the docstring and the hints of a tool function say about the tool.

    Raises TypeError for a function without a docstring, without hints, or whose first parameter is not the snapshot.
    """
    name, hints = function.__name__, get_type_hints(function, include_extras=True)
    snapshot, *parameters = inspect.signature(function).parameters.values()
    returned = hints.get("return")
    if hints.get(snapshot.name) is not Snapshot or get_origin(returned) is not Answer or not function.__doc__:
        raise TypeError(f"{name} is no tool function: it needs a docstring, a Snapshot first, and to return an Answer")
    fields: dict[str, Any] = {
        parameter.name: (hints[parameter.name], ... if parameter.default is parameter.empty else parameter.default)
        for parameter in parameters
    }
    arguments: type[BaseModel] = create_model(name, __config__=ConfigDict(strict=True, extra="forbid"), **fields)
    plain = get_type_hints(function)
    spelled = [
        f"{parameter.name}: {_spelled(plain[parameter.name])}"
        + ("" if parameter.default is parameter.empty else f" = {parameter.default!r}")
        for parameter in parameters
    ]
    return Definition(
        name=name,
        description=inspect.cleandoc(function.__doc__),
        schema=arguments.model_json_schema(schema_generator=_Untitled),
        signature=f"{name}({', '.join(spelled)}) -> {_spelled(get_args(plain['return'])[0])}",
        arguments=arguments,
        function=function,
    )


class _Untitled(GenerateJsonSchema):
    """JSON schema without the titles that pydantic makes up: they cost tokens and say nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: Any) -> dict[str, Any]:
        described = super().model_schema(schema)
        described.pop("title", None)
        return described


def _checked(definition: Definition, values: Sequence[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name, checked; raises BadInput with one sentence."""
    names = list(definition.arguments.model_fields)
    if len(values) > len(names):
        raise BadInput(f"takes at most {len(names)} arguments, not {len(values)}: {definition.signature}")
    named = dict(zip(names, values, strict=False))
    if twice := named.keys() & arguments.keys():
        raise BadInput(f"the argument {min(twice)} is given twice, by position and by name")
    try:
        model = definition.arguments.model_validate({**named, **arguments})
    except ValidationError as error:
        raise BadInput(_explained(error, names)) from error
    return {name: getattr(model, name) for name in names}


def _explained(error: ValidationError, names: Sequence[str]) -> str:
    """The first of the mistakes, in a sentence."""
    mistake = error.errors(include_url=False, include_context=False)[0]
    argument, *place = (str(part) for part in mistake["loc"])
    takes = f"the arguments are {', '.join(names)}"
    if mistake["type"] == "extra_forbidden":
        return f"there is no argument {reprlib.repr(argument)}: {takes}"
    if mistake["type"] == "missing":
        return f"the argument {argument} is missing: {takes}"
    at = f" (item {place[-1]})" if place and place[-1].isdigit() else ""
    what = mistake["msg"].partition(" ")[2].replace(" after validation", "")  # "Input should be ...": the value should
    return f"{argument}{at} {what}; given: {reprlib.repr(mistake['input'])}"


def _spelled(hint: Any) -> str:
    """A type as Python code spells it."""
    if hint is NoneType:
        return "None"
    if get_origin(hint) in (Union, UnionType):
        return " | ".join(map(_spelled, get_args(hint)))
    if get_origin(hint) is Literal:
        return f"Literal[{', '.join(map(repr, get_args(hint)))}]"
    if get_origin(hint) is not None:
        return f"{get_origin(hint).__name__}[{', '.join(map(_spelled, get_args(hint)))}]"
    return str(hint.__name__)
