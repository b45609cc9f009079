"""Showing a member what somebody thinks, and asking it once more: study 2 of "Wisdom of the Silicon Crowd".

There (arXiv 2402.19379) models that were shown the human crowd's median forecast better than before, and yet the plain
average of a model's first answer and that median did better than the model's own update: see `ensembles.hybrid`.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from agents.answer_forms import schema
from agents.answers import Parsed
from agents.members.equipment import Keep
from agents.members.llm.naming import MemberName, is_llm, read_name
from agents.members.llm.prompts import moment, question_prompt
from agents.members.llm.run import Conversation, Task, read
from agents.members.llm.run_log import RunLog
from agents.people import SHOWN, called
from agents.prompting import prompt_hash, render
from db.errors import MemberFailed
from db.records import BinaryQuestion, FailureReason, Forecast, MemberFailure
from db.values import probability_of_yes
from tools.untrusted import MARK, quoted

if TYPE_CHECKING:
    from agents.llm.client import LlmClient
    from db.events.snapshot import Snapshot

GRACE_S = 1.0
"""How long after its deadline an update is ended from outside: the client ends a call that is too late by itself."""
MAX_RATIONALE = 4000
"""Characters of its first reasons that a model is shown again."""
_TEMPLATES = ("update", "update_shown", "method", "answer_binary", "question", "author", "repair")


def can_be_shown(member: str) -> bool:
    """Whether a member of this name can take somebody's number in: a statistical one cannot."""
    return is_llm(member) and not member.endswith(SHOWN)


def hash_of(first: Forecast, shown: Forecast) -> str:
    """What an update was asked with, 64 hex digits: the templates, the first answer and the number shown.

    So two numbers shown make two updates in the ledger.
    """
    return hashlib.sha256("\0".join([prompt_hash(*_TEMPLATES), first.id, shown.id]).encode()).hexdigest()


async def update(
    client: LlmClient,
    question: BinaryQuestion,
    first: Forecast,
    shown: Forecast,
    *,
    snapshot: Snapshot,
    created_at: datetime,
    keep: Keep,
) -> Forecast | MemberFailure:
    """What the language-model member of `first` says once it sees the number of `shown`, as member `NAME+shown`.

    One call to the same model with the same parameters, from the question, the first answer and its reasons, and the
    number; who said it stays unnamed if it was a person. The update's `evidence` are the ids of these two forecasts.
    `snapshot` is the one that `first` was made under: nothing is looked up again. The trace goes to `keep`. A member
    that is no language model is a failure (unsupported), and so is one that does not answer. Raises ValueError where
    one of the two is no probability of this question.
    """
    if question.id != first.question_id or question.id != shown.question_id:
        raise ValueError("an update is about one question")
    common: dict[str, Any] = {"question_id": question.id, "member": first.member + SHOWN}
    common |= {"as_of": first.as_of, "created_at": created_at}
    if not can_be_shown(first.member):
        detail = "it counts: only a language model can be shown what somebody thinks"
        return MemberFailure(reason=FailureReason.UNSUPPORTED, detail=detail, **common)
    task = _task(client, question, first, snapshot)
    log, started = RunLog(), time.monotonic()
    parsed: Parsed | None = None
    reason, detail = FailureReason.UNFINISHED, "it was interrupted"
    try:
        async with asyncio.timeout(task.seconds_left + GRACE_S):
            parsed = await _answer(task, log, first, shown)
    except TimeoutError:
        reason, detail = FailureReason.DEADLINE, f"it had no answer after {task.member.parameters.deadline_s:g} s"
    except MemberFailed as error:
        reason, detail = FailureReason(error.reason), str(error)
    finally:  # also where it is cancelled: what was done and spent is kept
        if parsed is None:
            log.failure(detail)
        outcome: Literal["answered"] | FailureReason = "answered" if parsed else reason
        trace = log.trace(task, outcome, created_at)
        keep(trace)
    if parsed is None:
        return MemberFailure(model=trace.model, reason=reason, detail=trace.steps[-1].text, **common)
    rationale, raw_text = client.redacted((parsed.rationale, log.last_reply))
    return Forecast(
        model=trace.model,
        value=parsed.value,
        rationale=rationale,
        evidence=(first.id, shown.id),
        raw_text=raw_text,
        prompt_hash=hash_of(first, shown),
        corpus_fingerprint=first.corpus_fingerprint,
        cost_usd=trace.cost_usd,
        tokens=trace.tokens,
        latency_s=time.monotonic() - started,
        **common,
    )


def _task(client: LlmClient, question: BinaryQuestion, first: Forecast, snapshot: Snapshot) -> Task:
    from agents.llm.budget import Budget

    member: MemberName = read_name(first.member)
    limit, spent = member.parameters.budget_usd, first.cost_usd or 0.0
    return Task(
        question=question,
        snapshot=snapshot,
        member=member.model_copy(update={"name": member.name + SHOWN}),
        client=client,
        budget=Budget(None if limit is None else max(limit - spent, 0.0)),
        number=0,
        ends_at=time.monotonic() + member.parameters.deadline_s,
    )


async def _answer(task: Task, log: RunLog, first: Forecast, shown: Forecast) -> Parsed:
    question, as_of = task.question, first.as_of
    orders = render(
        "update",
        method=render("method", as_of=moment(as_of), mark=MARK.strip()),
        answer=render("answer_binary"),
    )
    told = render(
        "update_shown",
        question=question_prompt(question, as_of),
        first=f"{probability_of_yes(first.value):.4f}",
        shown=f"{probability_of_yes(shown.value):.4f}",
        who=called(shown.member),
        rationale="\n".join(quoted(first.rationale.strip()[:MAX_RATIONALE] or "none were given")),
    )
    conversation = Conversation(task, log, orders, json_schema=schema(question))
    return await read(question, conversation.ask(told), conversation.ask)
