"""A member that asks a language model: every question at once, every question several times if so named.

A run that ends without an answer is a failed run, whatever the reason; nobody else completes it. The member answers a
question if enough of its runs did, and is a `MemberFailure` otherwise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from agents.answer_forms import are_distinct
from agents.answers import Parsed
from agents.gathering import all_of
from agents.members.equipment import Equipment
from agents.members.llm.choices.answering import answering, why_not
from agents.members.llm.code_act import code_act
from agents.members.llm.combine import combine
from agents.members.llm.direct import cot, direct
from agents.members.llm.naming import MemberName, read_name
from agents.members.llm.prompts import hash_of
from agents.members.llm.rag import rag
from agents.members.llm.react import load, react
from agents.members.llm.run import Answering, Task, most_common
from agents.members.llm.run_log import RunLog
from db.errors import BadInput, MemberFailed
from db.events.snapshot import Snapshot
from db.questions.lateness import begun_before
from db.questions.resolver import criterion_of
from db.records import FailureReason, Forecast, MemberFailure, MultipleChoiceQuestion, Question
from db.traces import Trace, total_cost_usd
from ensembles.pooling import QUORUM

if TYPE_CHECKING:
    from agents.llm.budget import Budget
    from agents.llm.client import LlmClient

MAX_RUNS_AT_ONCE = 64
"""Runs of a member in flight at most; the others wait, and their deadlines do not run yet."""
GRACE_S = 1.0
"""How long after a run's deadline it is ended from outside: the client ends a call that is too late by itself, and says
what the call took."""

_ANSWERING: dict[str, Answering] = {"direct": direct, "cot": cot, "rag": rag, "react": react, "code_act": code_act}
_LOOKS_THINGS_UP = ("rag", "react", "code_act")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One finished run: what it answered or why it did not, its trace, its last reply and its wall clock."""

    parsed: Parsed | None
    reason: FailureReason | None = None
    detail: str = ""
    trace: Trace
    raw_text: str = ""
    seconds: float = 0.0


class LlmMember:
    """One member, such as `react:gpt-x?runs=3`.

    Raises BadInput if the equipment holds no client for models or the model cannot be asked, UnknownName if there is no
    such model.
    """

    def __init__(self, name: str, equipment: Equipment) -> None:
        from agents.llm.budget import Budget

        if equipment.llm is None:
            raise BadInput(f"member {name!r} asks a language model, and there is no client for one")
        self.name = name
        self._member: MemberName = read_name(name)
        self._answering = answering(self._member.parameters, _ANSWERING[self._member.kind])
        self._client: LlmClient = equipment.llm
        self._keep = equipment.keep
        self._budget: Budget = Budget(self._member.parameters.budget_usd)
        self._runs_at_once = equipment.llm.table.resolve(self._member.model).at_once(MAX_RUNS_AT_ONCE)

    async def forecast(
        self, questions: Sequence[Question], snapshot: Snapshot, *, created_at: datetime
    ) -> list[Forecast | MemberFailure]:
        """One forecast or failure per question, in order; see `Member`. Every run's trace is kept when it ends."""
        if self._member.kind == "react":
            await load()
        slots = asyncio.Semaphore(self._runs_at_once)
        return await all_of(self._answer(question, snapshot, created_at, slots) for question in questions)

    async def _answer(
        self, question: Question, snapshot: Snapshot, created_at: datetime, slots: asyncio.Semaphore
    ) -> Forecast | MemberFailure:
        common: dict[str, Any] = {"question_id": question.id, "member": self.name, "created_at": created_at}
        common["as_of"] = snapshot.as_of
        if refusal := self._refusal(question, snapshot):
            return MemberFailure(reason=FailureReason.UNSUPPORTED, detail=refusal, model=self._member.model, **common)
        numbers = range(self._member.parameters.runs)
        runs = await all_of(self._run(question, snapshot, created_at, number, slots) for number in numbers)
        answered = [run for run in runs if run.parsed is not None]
        if len(answered) < QUORUM * len(runs):
            failures = [(run.reason, run.detail) for run in runs if run.reason is not None]
            reason, detail = most_common(failures, asked=len(runs), what="runs")
            return MemberFailure(reason=reason, detail=detail, model=_models(runs), **common)
        try:
            value = combine(question, [run.parsed.value for run in runs if run.parsed is not None])
        except MemberFailed as error:
            reason = FailureReason(error.reason)
            return MemberFailure(reason=reason, detail=str(error), model=_models(runs), **common)
        return Forecast(
            model=_models(answered),
            value=value,
            rationale="\n\n".join(run.parsed.rationale for run in runs if run.parsed and run.parsed.rationale),
            evidence=tuple(dict.fromkeys(item.id for run in runs for item in run.trace.evidence)),
            raw_text="\n\n".join(run.raw_text for run in answered),
            prompt_hash=hash_of(self._member.kind, question, rank=self._member.parameters.rank),
            corpus_fingerprint=snapshot.fingerprint,
            cost_usd=total_cost_usd(run.trace.cost_usd for run in runs),
            tokens=sum(run.trace.tokens for run in runs),
            latency_s=max(run.seconds for run in runs),
            **common,
        )

    def _refusal(self, question: Question, snapshot: Snapshot) -> str:
        """Why the member does not take a question on; empty if it does."""
        criterion = criterion_of(question)
        shown = snapshot.view.min_mentions
        if self._member.kind in _LOOKS_THINGS_UP and criterion and criterion.min_mentions != shown:
            return f"asks above {criterion.min_mentions} mentions, the snapshot shows above {shown}"
        if isinstance(question, MultipleChoiceQuestion) and not are_distinct(question.options):
            return "two of its options look the same on one line"
        if unfit := why_not(self._member.parameters, question):
            return unfit
        return begun_before(question, snapshot.as_of)

    async def _run(
        self, question: Question, snapshot: Snapshot, created_at: datetime, number: int, slots: asyncio.Semaphore
    ) -> Run:
        deadline_s = self._member.parameters.deadline_s
        async with slots:
            started = time.monotonic()
            task = Task(
                question=question,
                snapshot=snapshot,
                member=self._member,
                client=self._client,
                budget=self._budget,
                number=number,
                ends_at=started + deadline_s,
            )
            log = RunLog()
            parsed: Parsed | None = None
            reason, detail = FailureReason.UNFINISHED, "it was interrupted"
            try:
                async with asyncio.timeout(deadline_s + GRACE_S):
                    parsed = await self._answering(task, log)
            except TimeoutError:
                reason, detail = FailureReason.DEADLINE, f"it had no answer after {deadline_s:g} s"
            except MemberFailed as error:
                reason, detail = FailureReason(error.reason), str(error)
            except BadInput as error:
                reason, detail = FailureReason.UNSUPPORTED, str(error)
            finally:  # also where it is cancelled, or an error ends everything: what was done and spent is kept
                if parsed is None:
                    log.failure(detail)
                else:
                    for note in parsed.notes:
                        log.note(note)
                outcome: Literal["answered"] | FailureReason = "answered" if parsed else reason
                trace = log.trace(task, outcome, created_at)
                self._keep(trace)
            seconds = time.monotonic() - started
        if parsed is None:
            return Run(parsed=None, reason=reason, detail=trace.steps[-1].text, trace=trace, seconds=seconds)
        rationale, raw_text = self._client.redacted((parsed.rationale, log.last_reply))
        return Run(parsed=replace(parsed, rationale=rationale), trace=trace, raw_text=raw_text, seconds=seconds)


def build(names: Sequence[str], equipment: Equipment) -> list[LlmMember]:
    """Language-model members of these names; raises as `LlmMember` and `read_name` do."""
    return [LlmMember(name, equipment) for name in names]


def _models(runs: Sequence[Run]) -> str:
    """The models that the runs ended with, each once."""
    return ", ".join(dict.fromkeys(run.trace.model for run in runs))
