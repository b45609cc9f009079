"""What a language-model member's name says: `kind:model?parameter=value&...`, such as `react:gpt-x?runs=3`.

The name is the whole identity of the member: whatever changes its answers stands in it, and so in the ledger.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.llm.chat import MAX_TOKENS
from agents.people import SHOWN
from db.errors import BadInput, UnknownName

KINDS = ("direct", "cot", "rag", "react", "code_act")
MAX_NAME = 200 - len(SHOWN)
"""Characters of a member's name: with what its update is called, no more than a forecast's `member` holds."""
RANKING_KINDS = ("direct", "cot")
"""Kinds that can rank options by further questions, since these are asked without looking anything up."""


class Parameters(BaseModel):
    """How a member asks; the defaults are MIRAI's (temperature 0.4, 20 steps, 15 minutes a question).

    `runs` answers of one question are put together; `max_steps` are the model's turns in one run; `deadline_s` is the
    wall clock of one run; `budget_usd` caps what the member may spend in all (None: only the common budget does);
    `max_tokens` is the longest reply; `sandbox` is where written code runs. Of multiple-choice questions only: `order`
    asks in as many orders of the options as there are options and averages, `average` in cyclic ones, `balanced` in
    ones that are balanced for neighbours too; `rank` ranks the options by further questions to the same model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: int = Field(default=1, ge=1, le=50)
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 0.4
    max_steps: int = Field(default=20, ge=1, le=500)
    deadline_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 900.0
    budget_usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    max_tokens: int = Field(default=MAX_TOKENS, ge=1, le=1_000_000)
    sandbox: Literal["monty", "bubblewrap"] = "monty"
    order: Literal["average", "balanced"] | None = None
    rank: Literal["equilibrium", "backward"] | None = None


class MemberName(BaseModel):
    """A member's name, read."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    model: str
    parameters: Parameters


def is_llm(name: str) -> bool:
    """Whether a member's name has the shape of a language-model member's."""
    return ":" in name


def read_name(name: str) -> MemberName:
    """The kind, model and parameters that a name states.

    Raises UnknownName for a kind that there is none of, and BadInput for a name without a model or of more than
    MAX_NAME characters, an unknown or repeated parameter, and a value that is none or out of range; each in one
    sentence.
    """
    if len(name) > MAX_NAME:
        raise BadInput(f"member {name[:40]!r}… has {len(name)} characters, and a name has at most {MAX_NAME}")
    kind, _, rest = name.partition(":")
    model, asked, query = rest.partition("?")
    if kind not in KINDS:
        raise UnknownName(
            f"unknown kind of member {kind!r} in {name!r}: choose from {', '.join(KINDS)}", name=kind, near=KINDS
        )
    if not model:
        raise BadInput(f"member {name!r} names no model: write {kind}:MODEL, with a model of auspex models list")
    parameters = _parameters(name, query) if asked else Parameters()
    if parameters.rank and kind not in RANKING_KINDS:
        raise BadInput(
            f"member {name!r}: rank={parameters.rank} goes with {' and '.join(RANKING_KINDS)}, not with {kind}"
        )
    return MemberName(name=name, kind=kind, model=model, parameters=parameters)


def _parameters(name: str, query: str) -> Parameters:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        pairs = []
    if not pairs:
        raise BadInput(
            f"the parameters of member {name!r} are none: write ?runs=3&temperature=0.7, or no question mark"
        )
    given = dict(pairs)
    if len(given) < len(pairs):
        raise BadInput(f"member {name!r} gives a parameter twice: give each once")
    if unknown := sorted(given.keys() - Parameters.model_fields.keys()):
        raise BadInput(
            f"member {name!r}: unknown parameter {unknown[0]!r}, there are {', '.join(Parameters.model_fields)}"
        )
    try:
        return Parameters.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        parameter = str(first["loc"][0])
        raise BadInput(f"member {name!r}: {parameter} {given[parameter]!r} is wrong: {first['msg']}") from error
