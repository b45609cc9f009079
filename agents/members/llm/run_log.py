"""What a run did, step by step, in a form that any store takes, whatever a model said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agents.llm.chat import Completion
from db.errors import MemberFailed
from db.records import Evidence
from db.traces import Trace, TraceStep
from tools.tool import Observation

if TYPE_CHECKING:
    from agents.llm.client import LlmClient
    from agents.members.llm.run import Task

MAX_DEPTH = 50
"""Levels of nesting in the arguments of a call: no tool takes more than three, and a store gives up at some 250."""
MAX_ARGUMENTS = 200_000
"""Characters of JSON in the arguments of a call: twice the longest code that a sandbox runs."""


@dataclass(slots=True)
class RunLog:
    """The steps of a run as they happen, the evidence shown, and the models that answered, in order of appearance.

    `turns` counts the model's replies, `last_reply` is the newest, with the newest of each part where there were some.
    """

    steps: list[TraceStep] = field(default_factory=list)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    models: dict[str, None] = field(default_factory=dict)
    last_reply: str = ""
    turns: int = 0

    def prompt(self, text: str) -> None:
        """What the model is sent."""
        self.steps.append(TraceStep(kind="prompt", text=storable(text)))

    def reply(self, completion: Completion) -> None:
        """What the model said, and what that took."""
        self.turns += 1
        self.models.setdefault(completion.model_used)
        self.last_reply = storable(completion.text)
        self.steps.append(
            TraceStep(
                kind="reply",
                text=self.last_reply,
                prompt_tokens=completion.prompt_tokens,
                completion_tokens=completion.completion_tokens,
                cost_usd=completion.cost_usd,
                seconds=completion.latency_s,
                cached=completion.cached,
            )
        )

    def refused_reply(self, failure: MemberFailed) -> None:
        """What the model said where that is no answer (cut off, a refusal, too late), and what it took all the same.

        Nothing is logged where no call was made, or one that took nothing.
        """
        spent = failure.spent
        if spent is None or not (spent.text or spent.prompt_tokens + spent.completion_tokens or spent.cost_usd != 0):
            return
        self.turns += 1
        self.steps.append(
            TraceStep(
                kind="reply",
                text=storable(spent.text),
                prompt_tokens=spent.prompt_tokens,
                completion_tokens=spent.completion_tokens,
                cost_usd=spent.cost_usd,
                seconds=spent.latency_s,
            )
        )

    def tool_call(self, tool: str, arguments: Mapping[str, Any] | str) -> None:
        """A tool that is called, or was to be.

        Arguments that are text, nested deeper than MAX_DEPTH or longer than MAX_ARGUMENTS are kept as the text of the
        step, as far as those limits go.
        """
        text, plain = "", {}
        if isinstance(arguments, str):
            text = arguments
        else:
            whole = not is_deeper(arguments, MAX_DEPTH)
            written = storable(json.dumps(_down_to(arguments, MAX_DEPTH), ensure_ascii=False, default=str))
            if whole and len(written) <= MAX_ARGUMENTS:
                plain = json.loads(written, parse_constant=str)  # NaN is no JSON, though models write it
            else:
                text = written
        left_out = len(text) - MAX_ARGUMENTS
        text = storable(text[:MAX_ARGUMENTS]) + (f"… {left_out:,} more characters" if left_out > 0 else "")
        self.steps.append(TraceStep(kind="tool_call", tool=storable(tool), text=text, arguments=plain))

    def observation(self, tool: str, observation: Observation, seconds: float = 0.0) -> None:
        """What a tool showed."""
        self.evidence.update({item.id: item for item in observation.evidence})
        self.steps.append(
            TraceStep(
                kind="observation",
                tool=storable(tool),
                text=storable(observation.text),
                latest_added_at=observation.latest_added_at,
                seconds=seconds,
            )
        )

    def note(self, text: str) -> None:
        """What the member itself found, such as unknown codes in the answer."""
        self.steps.append(TraceStep(kind="observation", text=storable(text)))

    def add(self, parts: Sequence[RunLog]) -> None:
        """Parts of the run that went on at once, each with a log of its own, one after the other."""
        for part in parts:
            self.steps += part.steps
            self.evidence |= part.evidence
            self.models |= part.models
            self.turns += part.turns
        self.last_reply = "\n\n".join(log.last_reply for log in (self, *parts) if log.last_reply)

    def failure(self, text: str) -> None:
        """Why the run ends without an answer."""
        self.steps.append(TraceStep(kind="failure", text=storable(text)))

    def trace(self, task: Task, outcome: Any, created_at: datetime) -> Trace:
        """The whole run as a record without the client's secrets; `outcome` is "answered" or a FailureReason."""
        return Trace(
            question_id=task.question.id,
            member=task.member.name,
            model=self.model or task.member.model,
            as_of=task.snapshot.as_of,
            created_at=created_at,
            run=task.number,
            outcome=outcome,
            steps=tuple(_step_without_secrets(step, task.client) for step in self.steps),
            evidence=tuple(_evidence_without_secrets(item, task.client) for item in self.evidence.values()),
        )

    @property
    def model(self) -> str:
        """The models that answered, as one text; empty if none did."""
        return ", ".join(self.models)


def storable(text: str) -> str:
    """`text` as it can be stored: half of a surrogate pair, which JSON can smuggle in, is no character."""
    return text.encode("utf-8", "replace").decode()


def is_deeper(data: Any, depth: int) -> bool:
    """Whether JSON-like data is nested in more than `depth` levels of objects and lists; itself without recursion."""
    level = [data]
    for _ in range(depth):
        level = [item for value in level for item in _inside(value)]
    return any(isinstance(value, Mapping | list | tuple) for value in level)


def _inside(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list | tuple) else ()


def _down_to(value: Any, depth: int) -> Any:
    """A copy of JSON-like data with a mark in place of whatever is nested deeper."""
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth == 0:
        return "… nested deeper"
    if isinstance(value, Mapping):
        return {str(key): _down_to(item, depth - 1) for key, item in value.items()}
    return [_down_to(item, depth - 1) for item in value]


def _step_without_secrets(step: TraceStep, client: LlmClient) -> TraceStep:
    said = {"text": step.text, "tool": step.tool, "arguments": step.arguments}
    return step.model_copy(update=client.redacted(said))


def _evidence_without_secrets(item: Evidence, client: LlmClient) -> Evidence:
    said = {"url": item.url, "title": item.title, "text": item.text}
    told = client.redacted(said)
    return item if told == said else Evidence.model_validate({**item.model_dump(exclude={"id"}), **told})
