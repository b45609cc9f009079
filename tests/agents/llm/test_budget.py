"""Spending stays under its cap, however many calls are in flight."""

from __future__ import annotations

import asyncio

import pytest

from agents.llm.budget import Budget, reserved, together
from agents.llm.calls import MemoryLog
from agents.llm.client import LlmClient
from agents.llm.models import Price
from app.dev.llm_server import LlmServer, Reply, running
from db.errors import BadInput, MemberFailed
from tests.agents.llm.calling import DOLLARS, complete, request, served, using
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]


async def spend(budget: Budget, bound_usd: float, cost_usd: float, *, until: asyncio.Event | None = None) -> str:
    """One call; "budget" if there was no money for it."""
    try:
        async with reserved(together(budget), bound_usd) as money:
            if until is not None:
                await until.wait()
            money.settle(cost_usd)
    except MemberFailed as failure:
        return failure.reason
    return "spent"


def test_reservation_when_it_does_not_fit_waits_for_calls_that_settle_for_less() -> None:
    async def work() -> tuple[str, str, float]:
        budget, gate = Budget(1.0), asyncio.Event()
        first = asyncio.create_task(spend(budget, 0.9, 0.1, until=gate))
        second = asyncio.create_task(spend(budget, 0.9, 0.2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not second.done()
        gate.set()
        return await first, await second, budget.spent_usd

    first, second, spent_usd = asyncio.run(work())
    assert first == second == "spent" and spent_usd == pytest.approx(0.3)


def test_reservation_when_nothing_is_in_flight_fails_and_spends_nothing() -> None:
    budget = Budget(1.0)
    assert asyncio.run(spend(budget, 1.1, 0.0)) == "budget"
    assert budget.spent_usd == 0.0
    assert asyncio.run(spend(budget, 1.0, 1.0)) == "spent"
    assert asyncio.run(spend(budget, 0.01, 0.0)) == "budget"


def test_cancelled_call_counts_what_it_may_have_cost() -> None:
    async def work() -> float:
        budget = Budget(1.0)
        call = asyncio.create_task(spend(budget, 0.4, 0.0, until=asyncio.Event()))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        return budget.spent_usd

    assert asyncio.run(work()) == 0.4


def test_nested_budget_takes_from_both_and_either_stops() -> None:
    whole = Budget(1.0)
    small = Budget(0.3, parent=whole)
    assert asyncio.run(spend(small, 0.3, 0.2)) == "spent"
    assert (small.spent_usd, whole.spent_usd) == (0.2, 0.2)
    assert asyncio.run(spend(small, 0.2, 0.2)) == "budget"
    assert asyncio.run(spend(Budget(5.0, parent=whole), 0.9, 0.9)) == "budget"
    assert whole.spent_usd == 0.2


def test_budgets_named_twice_are_spent_from_once() -> None:
    whole = Budget(1.0)
    assert together(Budget(None, parent=whole), whole, None)[1:] == (whole,)


def test_64_calls_at_once_stop_at_the_cap() -> None:
    cap = 1.0
    log, budget = MemoryLog(), Budget(cap)

    async def work(client: LlmClient) -> list[str]:
        async def one(number: int) -> str:
            try:
                await client.complete(request("scripted", f"Question {number:02}?", max_tokens=20))
            except MemberFailed as failure:
                return failure.reason
            return "answered"

        return await asyncio.gather(*(one(number) for number in range(64)))

    with running(latency_s=0.05) as server:
        outcomes = using(served(server, "scripted", price=DOLLARS), work, log=log, budget=budget)
        sent = server.counts["scripted"]
    assert set(outcomes) == {"answered", "budget"}
    dearest = max(row.cost_usd or 0.0 for row in log.records)
    assert sum(row.cost_usd or 0.0 for row in log.records if not row.error) == pytest.approx(budget.spent_usd)
    assert budget.spent_usd <= cap
    assert sent == outcomes.count("answered") and sent * dearest == pytest.approx(budget.spent_usd)
    assert budget.spent_usd + DOLLARS.cost_usd(200, 20) > cap  # and not because it gave up early


def test_unknown_price_is_refused_only_where_spending_is_limited(llm_server: LlmServer) -> None:
    table = served(llm_server, "m")
    llm_server.script("m", [Reply(text="hello")])
    assert complete(table, request("m"), budget=Budget(None)).cost_usd is None
    with pytest.raises(BadInput, match="add `price`"):
        complete(table, request("m"), budget=Budget(1.0))
    free = served(llm_server, "m", price=Price(input_usd_per_million=0.0, output_usd_per_million=0.0))
    assert complete(free, request("m"), budget=Budget(0.0)).cost_usd == 0.0


def test_call_budget_is_spent_beside_the_clients_own(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="hello")])
    whole, mine = Budget(5.0), Budget(0.0)

    async def work(client: LlmClient) -> None:
        await client.complete(request("m", "one", max_tokens=10))
        with pytest.raises(MemberFailed) as caught:
            await client.complete(request("m", "two", max_tokens=10), budget=mine)
        assert caught.value.reason == "budget"

    log = MemoryLog()
    using(served(llm_server, "m", price=DOLLARS), work, budget=whole, log=log)
    assert [row.cost_usd for row in log.records] == [whole.spent_usd, 0.0]
    assert whole.spent_usd > 0.0 and llm_server.counts["m"] == 1


def test_failed_tries_cost_only_what_may_have_been_billed(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(status=500), Reply(text="x", truncate="closed"), Reply(text="hello")])
    budget = Budget(100.0)
    found = complete(served(llm_server, "m", price=DOLLARS), request("m", max_tokens=100), budget=budget)
    unknown = budget.spent_usd - DOLLARS.cost_usd(found.prompt_tokens, found.completion_tokens)
    assert DOLLARS.cost_usd(20, 100) < unknown < DOLLARS.cost_usd(200, 100)  # the bound of the one that broke off
