"""The only retry loop: one model asked, on its least loaded deployment, until it answers or will not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agents.llm.budget import Budget, reserved
from agents.llm.chat import Request
from agents.llm.deployments import Deployment, Model
from agents.llm.faults import Fault
from agents.llm.limits import Lane, least_loaded
from agents.llm.parameters import parameters, prompt_bytes
from agents.llm.provider import Provider
from agents.llm.responses import Response, tokens_of
from agents.llm.retries import Deadline, Patience
from db.errors import BadInput, CallForbidden, MemberFailed, ProviderBusy, ProviderClosed
from db.records import FailureReason

_BYTES_PER_TOKEN = 4
"""About; for the rate limit only, where a bound would be four times too careful."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking a model: a `response`, else a `failure`. `cost_usd` None: unknown."""

    deployment: str
    parameters: Mapping[str, Any]
    response: Response = field(default_factory=dict)
    failure: MemberFailed | None = None
    cost_usd: float | None = 0.0
    latency_s: float = 0.0
    attempts: int = 0


class Attempts:
    """Asks models through their lanes, which it keeps: a deployment that closed stays closed."""

    def __init__(self, provider: Provider, patience: Patience, *, allow_remote: bool) -> None:
        self._provider = provider
        self._patience = patience
        self._allow_remote = allow_remote
        self._lanes: dict[str, Lane] = {}

    async def ask(
        self, model: Model, request: Request, samples: Sequence[int], deadline: Deadline, budgets: Sequence[Budget]
    ) -> Answer:
        """One answer for all `samples` (several: one call with n), else the failure that ended the tries.

        Raises CallForbidden, and BadInput for a model that cannot be asked as configured.
        """
        lanes = [self._lane(deployment) for deployment in model.deployments]
        sent = parameters(request, model, sample=samples[0], n=len(samples))
        bound = prompt_bytes(sent), request.max_tokens * len(samples)
        answer = Answer(deployment=lanes[0].deployment.id, parameters=sent)
        tried: list[Lane] = []
        for tries in range(1, self._patience.tries + 1):
            open_lanes = [lane for lane in lanes if lane.closed is None]
            if not open_lanes:
                return replace(answer, failure=ProviderClosed(lanes[0].closed or ""))
            fresh = [lane for lane in open_lanes if lane not in tried]
            if isinstance(answer.failure, ProviderBusy) and not fresh:
                wait_s = self._patience.wait_s(tries - 1, answer.failure)
                if wait_s >= deadline.left_s:
                    break
                async with deadline.running():
                    await asyncio.sleep(wait_s)
            lane = least_loaded(fresh or open_lanes)
            tried.append(lane)
            outcome = await self._once(lane, sent, bound, deadline, budgets)
            answer = replace(outcome, attempts=tries, latency_s=deadline.used_s)
            if not isinstance(answer.failure, ProviderBusy | ProviderClosed):
                break
        return answer

    async def _once(
        self,
        lane: Lane,
        sent: Mapping[str, Any],
        bound: tuple[int, int],
        deadline: Deadline,
        budgets: Sequence[Budget],
    ) -> Answer:
        """One try: a place in the lane, money set aside, one attempt, money settled."""
        answer = Answer(deployment=lane.deployment.id, parameters=sent)
        price = lane.deployment.price
        if price is None and any(budget.limit_usd is not None for budget in budgets):
            raise BadInput(
                f"{lane.deployment.where}: its price is unknown and spending is limited: add `price` with "
                "input_usd_per_million and output_usd_per_million to its entry in models.yaml"
            )
        async with lane.place(bound[0] // _BYTES_PER_TOKEN):
            if lane.closed is not None:
                return replace(answer, failure=ProviderClosed(lane.closed))
            try:
                async with reserved(budgets, 0.0 if price is None else price.cost_usd(*bound)) as money:
                    async with deadline.running():
                        outcome = await self._provider.ask(lane.deployment, sent)
                    cost_usd = self._cost_usd(lane, outcome)
                    if cost_usd is not None:
                        money.cost_usd = cost_usd
            except MemberFailed as failure:
                late = failure.reason == FailureReason.DEADLINE  # else there was no money, and nothing was sent
                return replace(answer, failure=failure, cost_usd=None if late else 0.0)
            if isinstance(outcome, Fault):
                if isinstance(outcome.failure, ProviderClosed):
                    lane.closed = str(outcome.failure)
                return replace(answer, failure=outcome.failure, cost_usd=cost_usd)
            return replace(answer, response=outcome, cost_usd=cost_usd)

    def _cost_usd(self, lane: Lane, outcome: Response | Fault) -> float | None:
        """What an attempt cost; None where that is unknown: no price, no usage, or broken off while it was answered."""
        if isinstance(outcome, Fault):
            return 0.0 if outcome.unbilled else None
        tokens = tokens_of(outcome)
        if tokens is None:
            return None
        lane.used(tokens[1])
        return None if lane.deployment.price is None else lane.deployment.price.cost_usd(*tokens)

    def _lane(self, deployment: Deployment) -> Lane:
        if not self._allow_remote and not deployment.is_local:
            raise CallForbidden(
                f"{deployment.where} is not on this machine, and calls elsewhere are switched off (AUSPEX_REAL_CALLS)"
            )
        self._provider.add(deployment)
        return self._lanes.setdefault(deployment.id, Lane(deployment))
