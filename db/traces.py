"""What a member did on the way to its answer, step by step: every message, tool call and observation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from db.records import Evidence, FailureReason, Record, Text, UtcDatetime

NonNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


def total_cost_usd(costs: Iterable[float | None]) -> float | None:
    """The sum of costs in USD; None, which is unknown, if one of them is."""
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


class TraceStep(BaseModel):
    """One step. `latest_added_at` is when the newest stored row behind an observation became known: before `as_of`.

    `prompt` is what the model was sent, `reply` what it said, `tool_call` a tool it called with `arguments`,
    `observation` what it was told, `failure` why the run ended without an answer. Arguments that are no JSON object,
    or nested too deeply to be stored as one, stand in `text` as they were sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["prompt", "reply", "tool_call", "observation", "failure"]
    text: str = ""
    tool: str = ""
    arguments: dict[str, Any] = {}
    latest_added_at: UtcDatetime | None = None
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)
    cost_usd: NonNegative | None = None
    seconds: NonNegative = 0.0
    cached: bool = False


class Trace(Record):
    """One run of one member at one question: its steps in order, and the evidence that it was shown.

    `run` counts a member's runs at a question from 0; `outcome` is "answered" or why there is no answer.
    """

    question_id: Text
    member: Text
    model: str
    as_of: UtcDatetime
    created_at: UtcDatetime
    run: int = Field(default=0, ge=0)
    outcome: Literal["answered"] | FailureReason
    steps: tuple[TraceStep, ...]
    evidence: tuple[Evidence, ...] = ()

    @property
    def cost_usd(self) -> float | None:
        """What the run cost; None where the cost of a reply is unknown."""
        return total_cost_usd(step.cost_usd for step in self.steps if step.kind == "reply")

    @property
    def tokens(self) -> int:
        """Tokens in and out over all steps."""
        return sum(step.prompt_tokens + step.completion_tokens for step in self.steps)
