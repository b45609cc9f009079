"""One run of a member at a question: what it works on, and the exchange with its model."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from agents.answers import Parsed, parse
from agents.llm.chat import Request
from agents.members.llm.naming import MemberName
from agents.members.llm.run_log import RunLog
from agents.prompting import render
from db.errors import MemberFailed, Unparseable
from db.events.snapshot import Snapshot
from db.records import FailureReason, Question

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


Answering = Callable[[Task, RunLog], Awaitable[Parsed]]
"""How a question is answered in one run."""
T = TypeVar("T")


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
        try:
            completion = await task.client.complete(request, sample=task.number, budget=task.budget)
        except MemberFailed as failure:
            self._log.refused_reply(failure)
            raise
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
    return await read_as(partial(parse, question), reply, ask_again)


async def read_as(reader: Callable[[str], T], reply: Awaitable[str], ask_again: Callable[[str], Awaitable[str]]) -> T:
    """The same for what `reader` reads, which raises Unparseable where it cannot."""
    try:
        return reader(await reply)
    except Unparseable as error:
        reason = str(error)
    return reader(await ask_again(render("repair", reason=reason)))


def most_common(failures: Sequence[tuple[FailureReason, str]], *, asked: int, what: str) -> tuple[FailureReason, str]:
    """The most common reason of at least one failure (the first of equals), with its first detail.

    Where more than one was asked, the detail says how many of them failed so; `what` is what they are called.
    """
    [(reason, n)] = Counter(reason for reason, _ in failures).most_common(1)
    detail = next(detail for found, detail in failures if found is reason)
    return reason, detail if asked == 1 else f"{n} of {asked} {what}: {detail}"
