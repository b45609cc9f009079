"""What a call cost is known to its caller, its log and its budget, however it ended."""

from __future__ import annotations

import asyncio

import pytest

from agents.llm.budget import Budget, reserved, together
from agents.llm.calls import MemoryLog
from agents.llm.client import LlmClient
from app.dev.llm_server import LlmServer, Reply
from db.calls import CallRecord
from db.errors import MemberFailed, ProviderBusy, ProviderClosed, Spent, Unparseable
from tests.agents.llm.calling import DOLLARS, complete, request, served, using
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]


def spent_on(llm_server: LlmServer, *replies: Reply, kind: type[MemberFailed] = MemberFailed) -> Spent | None:
    """What the failure says that a call with these replies took."""
    llm_server.script("m", list(replies))
    with pytest.raises(kind) as caught:
        complete(served(llm_server, "m", price=DOLLARS), request("m"))
    return caught.value.spent


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(text="half an", finish_reason="length"), "half an"),
        (Reply(text="I", finish_reason="content_filter"), "I"),
        (Reply(text=" \n"), " \n"),
    ],
    ids=["unfinished", "refused", "empty"],
)
def test_answer_that_is_none_says_what_it_took(llm_server: LlmServer, reply: Reply, text: str) -> None:
    spent = spent_on(llm_server, reply)
    assert spent is not None and spent.text == text
    assert spent.prompt_tokens > 0 and spent.completion_tokens > 0 and spent.latency_s > 0.0
    assert spent.cost_usd == pytest.approx(DOLLARS.cost_usd(spent.prompt_tokens, spent.completion_tokens))


def test_endless_answer_says_what_it_took_and_keeps_no_more_words_than_are_read(llm_server: LlmServer) -> None:
    spent = spent_on(llm_server, Reply(text="z" * 300_000), kind=Unparseable)
    assert spent is not None and len(spent.text) == 200_000 and spent.cost_usd


def test_failure_without_an_answer_says_what_its_tries_took(llm_server: LlmServer) -> None:
    free = spent_on(llm_server, Reply(status=500), kind=ProviderBusy)
    assert free is not None and (free.cost_usd, free.prompt_tokens, free.text) == (0.0, 0, "")
    unknown = spent_on(llm_server, Reply(status=500), Reply(raw=b"<html>"), Reply(status=500), kind=ProviderBusy)
    assert unknown is not None and unknown.cost_usd is None and unknown.latency_s > 0.0
    closed = spent_on(llm_server, Reply(status=401), kind=ProviderClosed)
    assert closed is not None and closed.cost_usd == 0.0


def test_failure_at_its_deadline_says_that_its_cost_is_unknown(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="late", delay_s=60.0)])
    with pytest.raises(MemberFailed) as caught:
        complete(served(llm_server, "m", price=DOLLARS), request("m", deadline_s=0.3))
    assert caught.value.reason == "deadline"
    assert caught.value.spent is not None and caught.value.spent.cost_usd is None


def test_failure_before_anything_was_sent_says_nothing(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(status=401)])

    async def work(client: LlmClient) -> list[Spent | None]:
        spent = []
        for text, budget in (("poor", Budget(0.0)), ("first", None), ("closed by now", None)):
            with pytest.raises(MemberFailed) as caught:
                await client.complete(request("m", text), budget=budget)
            spent.append(caught.value.spent)
        return spent

    poor, first, closed = using(served(llm_server, "m", price=DOLLARS), work)
    assert poor is None and closed is None and first is not None


def test_failure_of_the_last_fallback_counts_all_models(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(raw=b"<html>")])
    llm_server.script("other", [Reply(text="half", finish_reason="length")])
    table = served(
        llm_server, "m", table=served(llm_server, "other", price=DOLLARS), price=DOLLARS, fallbacks=["other"]
    )
    log = MemoryLog()
    with pytest.raises(MemberFailed) as caught:
        complete(table, request("m"), log=log)
    spent = caught.value.spent
    assert spent is not None and spent.cost_usd is None and spent.text == "half" and spent.completion_tokens > 0
    assert [(row.model_used, row.cost_usd is None) for row in log.records] == [("m", True), ("other", False)]


def test_answer_costs_what_its_failed_tries_cost_too(llm_server: LlmServer) -> None:
    table = served(llm_server, "m", price=DOLLARS)
    llm_server.script("m", [Reply(status=429), Reply(status=500), Reply(text="one")])
    free = complete(table, request("m"))
    assert free.cost_usd == pytest.approx(DOLLARS.cost_usd(free.prompt_tokens, free.completion_tokens))
    llm_server.script("m", [Reply(raw=b"<html>"), Reply(text="two")])
    log = MemoryLog()
    assert complete(table, request("m"), log=log).cost_usd is None
    assert [(row.attempts, row.cost_usd, row.completion_tokens > 0) for row in log.records] == [(2, None, True)]


def test_fallbacks_answer_costs_what_the_model_before_it_cost_too(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="x", truncate="closed")])
    table = served(llm_server, "m", table=served(llm_server, "scripted", price=DOLLARS), fallbacks=["scripted"])
    log = MemoryLog()
    found = complete(table, request("m"), log=log)
    assert found.model_used == "scripted" and found.cost_usd is None
    assert [row.cost_usd is None for row in log.records] == [True, False]  # each row has its own


class SlowLog(MemoryLog):
    """A log that takes a while over each row."""

    async def record(self, record: CallRecord) -> None:
        await asyncio.sleep(0.05)
        await super().record(record)


@pytest.mark.parametrize("times", [1, 2])
def test_cancelled_call_leaves_its_row_however_often_it_is_cancelled(llm_server: LlmServer, times: int) -> None:
    llm_server.script("m", [Reply(status=500), Reply(text="late", delay_s=60.0)])
    log = SlowLog()

    async def work(client: LlmClient) -> None:
        call = asyncio.create_task(client.complete(request("m")))
        while llm_server.counts["m"] < 2:
            await asyncio.sleep(0.01)
        for _ in range(times):
            call.cancel()
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await call

    using(served(llm_server, "m", price=DOLLARS), work, log=log)
    [row] = log.records
    assert (row.error, row.cost_usd, row.attempts, row.response) == ("cancelled", None, 2, "")
    assert row.request and row.latency_s > 0.0


def test_call_cut_by_a_deadline_around_it_leaves_its_row(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="late", delay_s=60.0)])
    log = MemoryLog()

    async def work(client: LlmClient) -> None:
        async with asyncio.timeout(0.3):
            await client.complete(request("m"))

    with pytest.raises(TimeoutError):
        using(served(llm_server, "m", price=DOLLARS), work, log=log)
    assert [(row.error, row.cost_usd) for row in log.records] == [("cancelled", None)]


def test_call_cancelled_before_it_was_sent_leaves_no_row(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="slow", delay_s=60.0)])
    log = MemoryLog()

    async def work(client: LlmClient) -> int:
        first = asyncio.create_task(client.complete(request("m", "one")))
        while not llm_server.counts["m"]:
            await asyncio.sleep(0.01)
        second = asyncio.create_task(client.complete(request("m", "two")))  # queues behind the first
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        rows = len(log.records)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        return rows

    assert using(served(llm_server, "m", max_parallel=1), work, log=log) == 0


@pytest.mark.parametrize("cost_usd", [-0.01, float("nan"), float("inf")])
def test_budget_refuses_what_is_no_cost_and_keeps_the_bound(cost_usd: float) -> None:
    budget = Budget(1.0)

    async def work() -> None:
        async with reserved(together(budget), 0.4) as money:
            money.settle(cost_usd)

    with pytest.raises(ValueError, match="cannot cost"):
        asyncio.run(work())
    assert budget.spent_usd == 0.4
