"""The one door to every language model: retries, deadline, limits, budget, fallbacks, call log and cache.

A request is answered from the call log if it was answered before. Else the model's least loaded deployment is asked;
what passes is tried again, what cannot pass closes the deployment, and then the model's fallbacks are asked in order.
Every outcome is logged before it is returned or raised. A client belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from agents.llm.attempts import Answer, Attempts
from agents.llm.budget import Budget, together
from agents.llm.calls import CallLog, MemoryLog
from agents.llm.chat import DEADLINE_S, Completion, Request
from agents.llm.deployments import Capabilities
from agents.llm.face import OnCall, RouterFace
from agents.llm.flights import Flights
from agents.llm.models import ModelTable
from agents.llm.outcomes import having_spent, outcome_of, record_of
from agents.llm.provider import Provider
from agents.llm.quiet import stay_quiet
from agents.llm.redaction import Redaction
from agents.llm.responses import by_choice, checked
from agents.llm.retries import Deadline, Patience
from agents.llm.tracing import CallSpan
from db.calls import CallRecord
from db.errors import MemberFailed, ProviderBusy, ProviderClosed
from db.traces import total_cost_usd

T = TypeVar("T")


class LlmClient:
    """The door. Close it with `aclose` in the event loop in which it was used."""

    def __init__(
        self,
        table: ModelTable,
        *,
        clock: Callable[[], datetime],
        log: CallLog | None = None,
        budget: Budget | None = None,
        secrets: Sequence[str] = (),
        allow_remote: bool = True,
        patience: Patience | None = None,
    ) -> None:
        """A client for the models of `table`.

        `log` None keeps calls in memory. `budget` caps all calls together. `secrets` are replaced by "***" in whatever
        is sent, logged, raised or returned; keys of deployments are secret anyway. `allow_remote` off forbids calls to
        servers that are not on this machine. `clock` stamps the log.
        """
        stay_quiet()
        self.table = table
        self._log: CallLog = MemoryLog() if log is None else log
        self._budget = Budget(None) if budget is None else budget
        self._clock = clock
        self._redaction = Redaction(secrets)
        self._provider = Provider(self._redaction, clock=clock)
        self._attempts = Attempts(self._provider, patience or Patience(), allow_remote=allow_remote)
        self._flights = Flights()
        self._writing: set[asyncio.Future[list[None]]] = set()

    @property
    def cost_usd(self) -> float | None:
        """What all calls cost so far, failed ones included; None where one's cost is unknown."""
        return self._budget.cost_usd

    def limit(self, limit_usd: float | None) -> None:
        """Let all calls from the beginning on cost so much at most; what is under way is not stopped by less."""
        self._budget.limit_usd = limit_usd

    def supports_schema(self, model: str) -> bool:
        """Whether the model answers by JSON schema, so that `Request.json_schema` is sent; errors as in `resolve`."""
        return self.table.resolve(model).capabilities.json_schema

    def trying(self, model: str, capabilities: Capabilities) -> LlmClient:
        """The same client, but for which `model` is taken to have these capabilities; closed together with this one."""
        client = copy(self)
        client.table = self.table.with_capabilities(model, capabilities)
        return client

    def redacted(self, data: T) -> T:
        """A copy of a text, or of JSON-like data, without the client's secrets."""
        redacted: T = self._redaction.data(data)
        return redacted

    async def complete(self, request: Request, *, sample: int = 0, budget: Budget | None = None) -> Completion:
        """The answer to a request; `sample` counts answers to one and the same request, each its own in the log.

        `budget` is spent from beside the client's own. Raises MemberFailed (reasons provider, deadline, budget,
        unfinished, refused, unsupported; Unparseable for an empty or endless answer), CallForbidden, and BadInput for a
        model that cannot be asked as configured. A failure says what was `spent` on it, over all tries and models.
        """
        [outcome] = await self._outcomes(request, [sample], budget)
        if isinstance(outcome, MemberFailed):
            raise outcome
        return outcome

    async def samples(
        self, request: Request, n: int, *, budget: Budget | None = None
    ) -> list[Completion | MemberFailed]:
        """`n` answers to a request, numbered from 0 in the log; a failure stands in its place in the list, the failure
        of a call for several in the place of each.

        One call where the model takes `n`; its first choice carries the tokens and the cost of all. What the server
        leaves out, and all where the model takes no `n`, is asked for one by one.
        """
        wanted = list(range(n))
        if not (self.table.resolve(request.model).capabilities.n and n > 1) or request.stream:
            singles = await asyncio.gather(*(self._outcomes(request, [sample], budget) for sample in wanted))
            return [outcome for [outcome] in singles]
        return await self._outcomes(request, wanted, budget)

    def router(
        self,
        *,
        model: str,
        budget: Budget | None = None,
        sample: int = 0,
        deadline_s: float = DEADLINE_S,
        on_call: OnCall | None = None,
    ) -> RouterFace:
        """What `ChatLiteLLMRouter(router=…, model=model)` takes for litellm's Router: every call comes through here.

        `on_call` sees each request with its completion; `deadline_s` is for each call.
        """
        resolved = self.table.resolve(model)

        async def complete(request: Request) -> Completion:
            return await self.complete(request, sample=sample, budget=budget)

        return RouterFace(resolved, complete, deadline_s=deadline_s, on_call=on_call)

    async def aclose(self) -> None:
        """Close all connections, once what is to be logged was logged. The client may be used and closed again."""
        await asyncio.gather(*self._writing, return_exceptions=True)
        await self._provider.aclose()

    async def _outcomes(
        self, request: Request, samples: Sequence[int], budget: Budget | None
    ) -> list[Completion | MemberFailed]:
        """One outcome per sample, from the log or from the model; nobody else asks for the same ones meanwhile."""
        request = self._without_secrets(request)
        keys = {sample: self._key(request, sample) for sample in samples}
        outcomes: dict[int, Completion | MemberFailed] = {}
        async with self._flights.only(list(keys.values())):
            for sample, key in keys.items():
                hit = await self._hit(request, key, sample)
                if hit is not None:
                    outcomes[sample] = hit
            missing = {sample: key for sample, key in keys.items() if sample not in outcomes}
            if missing:
                outcomes |= await self._asked(request, missing, together(budget, self._budget))
            left_out = [{sample: key} for sample, key in missing.items() if sample not in outcomes]
            asked = await asyncio.gather(
                *(self._asked(request, one, together(budget, self._budget)) for one in left_out)
            )
            for found in asked:
                outcomes |= found
        return [outcomes[sample] for sample in samples]

    def _key(self, request: Request, sample: int) -> str:
        """What an answer is found again by: a fallback's only while both the model and its fallbacks mean the same."""
        return request.key(sample, identity=self.table.identity(request.model))

    async def _hit(self, request: Request, key: str, sample: int) -> Completion | None:
        found = await self._log.find(key)
        if found is None:
            return None
        response = json.loads(found.response)
        completion = checked(response, found.model_used, cost_usd=0.0, latency_s=0.0, cached=True)
        record = CallRecord(
            key=key,
            sample=sample,
            created_at=self._clock(),
            model=request.model,
            model_used=found.model_used,
            deployment=found.deployment,
            cost_usd=0.0,
            cached=True,
        )
        await self._log.record(record)
        return completion

    async def _asked(
        self, request: Request, keys: Mapping[int, str], budgets: Sequence[Budget]
    ) -> dict[int, Completion | MemberFailed]:
        """Ask the model for samples, each with its key, and its fallbacks where it is busy for too long or closed;
        fewer outcomes than samples where the server gave fewer choices."""
        samples = list(keys)
        deadline = Deadline(request.deadline_s)
        model = self.table.resolve(request.model)
        fallbacks = list(model.fallbacks)
        costs_usd: list[float | None] = []
        while True:
            try:
                answer = self._attempts.begun(model, request, samples)
                await self._answered(answer, request, keys, deadline, budgets)
            except MemberFailed as failure:
                return dict.fromkeys(samples, having_spent(failure, costs_usd, deadline.used_s))
            costs_usd += answer.costs_usd
            if answer.failure is None:
                return await self._accepted(request, keys, answer, total_cost_usd(costs_usd))
            await self._kept([self._record(request, *_first(keys), answer, str(answer.failure))])
            if not fallbacks or not isinstance(answer.failure, ProviderBusy | ProviderClosed):
                return dict.fromkeys(samples, having_spent(answer.failure, costs_usd, deadline.used_s))
            model = self.table.resolve(fallbacks.pop(0))

    async def _answered(
        self, answer: Answer, request: Request, keys: Mapping[int, str], deadline: Deadline, budgets: Sequence[Budget]
    ) -> None:
        """Complete the answer; where that is cancelled after something was sent, it is written down as it stands."""
        try:
            with CallSpan(answer):
                await self._attempts.ask(answer, deadline, budgets)
        except asyncio.CancelledError:
            if answer.costs_usd:
                await self._kept([self._record(request, *_first(keys), answer, "cancelled")])
            raise

    async def _accepted(
        self, request: Request, keys: Mapping[int, str], answer: Answer, total_usd: float | None
    ) -> dict[int, Completion | MemberFailed]:
        """Each choice checked, logged, and taken for one of the samples, the first of which carries the cost of all.

        `total_usd` is that cost with what was spent on models that failed before, which is logged with those.
        """
        outcomes: dict[int, Completion | MemberFailed] = {}
        records = []
        for (sample, key), response in zip(keys.items(), by_choice(answer.response), strict=False):
            part = replace(answer, response=response)
            if outcomes:
                part.costs_usd = [0.0] * len(answer.costs_usd)
            outcome = outcome_of(part, cost_usd=0.0 if outcomes else total_usd)
            outcomes[sample] = outcome
            error = str(outcome) if isinstance(outcome, MemberFailed) else ""
            records.append(self._record(request, sample, key, part, error))
        await self._kept(records)
        return outcomes

    def _record(self, request: Request, sample: int, key: str, answer: Answer, error: str) -> CallRecord:
        return record_of(answer, key=key, sample=sample, asked=request.model, at=self._clock(), error=error)

    async def _kept(self, records: Sequence[CallRecord]) -> None:
        """Log these; the writing goes on to its end though whoever waits for it is cancelled."""
        writing = asyncio.gather(*(self._log.record(record) for record in records))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        await asyncio.shield(writing)

    def _without_secrets(self, request: Request) -> Request:
        messages, tools = self._redaction.data([request.messages, request.tools])
        return replace(request, messages=messages, tools=tools)


def _first(keys: Mapping[int, str]) -> tuple[int, str]:
    """The first sample, with its key."""
    return next(iter(keys.items()))
