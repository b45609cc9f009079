"""One run of a member at a question: what it works on, the log of its steps, and the exchange with its model."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agents.answers import Parsed, parse
from agents.llm.chat import Completion, Request
from agents.members.llm.naming import MemberName
from agents.prompting import render
from db.errors import MemberFailed, Unparseable
from db.events.snapshot import Snapshot
from db.records import Evidence, FailureReason, Question
from db.traces import Trace, TraceStep
from tools.tool import Observation

if TYPE_CHECKING:
    from agents.llm.budget import Budget
    from agents.llm.client import LlmClient

MAX_ECHO = 20_000
"""Characters of a reply that its model is shown again: what is longer is no answer, and would fill the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a run works on. `ends_at` is when its time is up, on the clock of `time.monotonic`."""

    question: Question
    snapshot: Snapshot
    member: MemberName
    client: LlmClient
    budget: Budget
    number: int
    ends_at: float

    @property
    def seconds_left(self) -> float:
        """What is left of the run's wall clock, at least a millisecond."""
        return max(self.ends_at - time.monotonic(), 0.001)


@dataclass(slots=True)
class RunLog:
    """The steps of a run as they happen, the evidence shown, and the models that answered, in order of appearance.

    `turns` counts the model's replies, `last_reply` is the newest.
    """

    steps: list[TraceStep] = field(default_factory=list)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    models: dict[str, None] = field(default_factory=dict)
    last_reply: str = ""
    turns: int = 0

    def prompt(self, text: str) -> None:
        """What the model is sent."""
        self.steps.append(TraceStep(kind="prompt", text=_storable(text)))

    def reply(self, completion: Completion) -> None:
        """What the model said, and what that took."""
        self.turns += 1
        self.models.setdefault(completion.model_used)
        self.last_reply = _storable(completion.text)
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

    def tool_call(self, tool: str, arguments: Mapping[str, Any]) -> None:
        """A tool that is called."""
        written = _storable(json.dumps(dict(arguments), ensure_ascii=False, default=str))
        plain = json.loads(written, parse_constant=str)  # NaN is no JSON, though models write it
        self.steps.append(TraceStep(kind="tool_call", tool=_storable(tool), arguments=plain))

    def observation(self, tool: str, observation: Observation, seconds: float = 0.0) -> None:
        """What a tool showed."""
        self.evidence.update({item.id: item for item in observation.evidence})
        self.steps.append(
            TraceStep(
                kind="observation",
                tool=_storable(tool),
                text=_storable(observation.text),
                latest_added_at=observation.latest_added_at,
                seconds=seconds,
            )
        )

    def note(self, text: str) -> None:
        """What the member itself found, such as unknown codes in the answer."""
        self.steps.append(TraceStep(kind="observation", text=_storable(text)))

    def failure(self, text: str) -> None:
        """Why the run ends without an answer."""
        self.steps.append(TraceStep(kind="failure", text=_storable(text)))

    def trace(self, task: Task, outcome: Any, created_at: datetime) -> Trace:
        """The whole run as a record; `outcome` is "answered" or a FailureReason."""
        return Trace(
            question_id=task.question.id,
            member=task.member.name,
            model=self.model or task.member.model,
            as_of=task.snapshot.as_of,
            created_at=created_at,
            run=task.number,
            outcome=outcome,
            steps=tuple(self.steps),
            evidence=tuple(self.evidence.values()),
        )

    @property
    def model(self) -> str:
        """The models that answered, as one text; empty if none did."""
        return ", ".join(self.models)


class Conversation:
    """The exchange of one run with its model; every message of it is logged."""

    def __init__(self, task: Task, log: RunLog, system: str, *, json_schema: Mapping[str, Any] | None = None) -> None:
        self._task, self._log, self._json_schema = task, log, json_schema
        self._messages: list[Mapping[str, Any]] = [{"role": "system", "content": system}]
        log.prompt(system)

    async def ask(self, text: str) -> str:
        """Send a message and return the model's reply; raises MemberFailed where there is none or no turn is left."""
        check_turns(self._task, self._log)
        self._messages.append({"role": "user", "content": text})
        self._log.prompt(text)
        task, parameters = self._task, self._task.member.parameters
        request = Request(
            model=task.member.model,
            messages=tuple(self._messages),
            temperature=parameters.temperature,
            max_tokens=parameters.max_tokens,
            json_schema=self._json_schema,
            deadline_s=task.seconds_left,
        )
        completion = await task.client.complete(request, sample=task.number, budget=task.budget)
        self._log.reply(completion)
        said = self._log.last_reply
        self._messages.append({"role": "assistant", "content": said[:MAX_ECHO]})
        return said


def check_turns(task: Task, log: RunLog) -> None:
    """Raises MemberFailed(reason=unfinished) when the model has had all its turns."""
    if log.turns >= task.member.parameters.max_steps:
        raise MemberFailed(f"it had no answer after {log.turns} turns", reason=FailureReason.UNFINISHED)


async def read(question: Question, reply: Awaitable[str], ask_again: Callable[[str], Awaitable[str]]) -> Parsed:
    """The answer that the reply holds, or the one that the model gives when told, once, what was wrong with it."""
    try:
        return parse(question, await reply)
    except Unparseable as error:
        reason = str(error)
    return parse(question, await ask_again(render("repair", reason=reason)))


def _storable(text: str) -> str:
    """`text` as it can be stored: half of a surrogate pair, which JSON can smuggle in, is no character."""
    return text.encode("utf-8", "replace").decode()
