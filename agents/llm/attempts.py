"""The only retry loop: one model asked, on its least loaded deployment, until it answers or will not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

_BYTES_PER_TOKEN = 4
"""About; for the rate limit only, where a bound would be four times too careful."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """What came of asking a model so far: a `response`, else a `failure`, else it is being asked or was cut off.

    `lanes` lead to the model's deployments, `deployment` is the one asked last. `bound` is the most tokens in and out.
    `costs_usd` has one entry for each request that was sent: what it cost, None where that is unknown. It is unknown
    while it is under way, and stays so where there is no price, no usage, or the answer broke off.
    """

    model: Model
    lanes: Sequence[Lane] = field(repr=False)
    deployment: str
    parameters: Mapping[str, Any]
    bound: tuple[int, int]
    response: Response = field(default_factory=dict)
    failure: MemberFailed | None = None
    costs_usd: list[float | None] = field(default_factory=list)
    latency_s: float = 0.0


class Attempts:
    """Asks models through their lanes, which it keeps: a deployment that closed stays closed."""

    def __init__(self, provider: Provider, patience: Patience, *, allow_remote: bool) -> None:
        self._provider = provider
        self._patience = patience
        self._allow_remote = allow_remote
        self._lanes: dict[str, Lane] = {}

    def begun(self, model: Model, request: Request, samples: Sequence[int]) -> Answer:
        """An answer of which nothing is there yet, to be asked for: one for all `samples` (several: one call with n).

        Raises CallForbidden, BadInput for a model that cannot be asked as configured, and MemberFailed for one that is
        not able to do what is asked of it.
        """
        lanes = [self._lane(deployment) for deployment in model.deployments]
        sent = parameters(request, model, sample=samples[0], n=len(samples))
        return Answer(
            model=model,
            lanes=lanes,
            deployment=lanes[0].deployment.id,
            parameters=sent,
            bound=(prompt_bytes(sent), request.max_tokens * len(samples)),
        )

    async def ask(self, answer: Answer, deadline: Deadline, budgets: Sequence[Budget]) -> None:
        """Complete `answer` by a response or by the failure that ended the tries. Raises BadInput as `begun` does."""
        try:
            await self._tried(answer, deadline, budgets)
        except MemberFailed as failure:
            answer.failure = failure
        finally:
            answer.latency_s = deadline.used_s

    async def _tried(self, answer: Answer, deadline: Deadline, budgets: Sequence[Budget]) -> None:
        """Try until an outcome that no further try would change. Raises MemberFailed where nothing can be sent."""
        lanes = answer.lanes
        tried: list[Lane] = []
        for tries in range(self._patience.tries):
            open_lanes = [lane for lane in lanes if lane.closed is None]
            if not open_lanes:
                raise ProviderClosed(lanes[0].closed or "")
            fresh = [lane for lane in open_lanes if lane not in tried]
            if isinstance(answer.failure, ProviderBusy) and not fresh:
                wait_s = self._patience.wait_s(tries, answer.failure)
                if wait_s >= deadline.left_s:
                    return
                async with deadline.running():
                    await asyncio.sleep(wait_s)
            lane = least_loaded(fresh or open_lanes)
            tried.append(lane)
            answer.failure = await self._once(lane, answer, deadline, budgets)
            if not isinstance(answer.failure, ProviderBusy | ProviderClosed):
                return

    async def _once(
        self, lane: Lane, answer: Answer, deadline: Deadline, budgets: Sequence[Budget]
    ) -> MemberFailed | None:
        """One try: a place in the lane, money set aside, one attempt, money settled. The failure, if it was one."""
        answer.deployment = lane.deployment.id
        price = lane.deployment.price
        if price is None and any(budget.limit_usd is not None for budget in budgets):
            raise BadInput(
                f"{lane.deployment.where}: its price is unknown and spending is limited: add `price` with "
                "input_usd_per_million and output_usd_per_million to its entry in models.yaml"
            )
        async with lane.place(answer.bound[0] // _BYTES_PER_TOKEN):
            if lane.closed is not None:
                return ProviderClosed(lane.closed)
            async with reserved(budgets, 0.0 if price is None else price.cost_usd(*answer.bound)) as money:
                answer.costs_usd.append(None)
                async with deadline.running():
                    outcome = await self._provider.ask(lane.deployment, answer.parameters)
                cost_usd = self._cost_usd(lane, outcome)
                if cost_usd is not None:
                    money.settle(cost_usd)
                    answer.costs_usd[-1] = cost_usd
        if isinstance(outcome, Fault):
            if isinstance(outcome.failure, ProviderClosed):
                lane.closed = str(outcome.failure)
            return outcome.failure
        answer.response = outcome
        return None

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
