"""Limits queue and never refuse; the least loaded deployment is chosen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from agents.llm.client import LlmClient
from agents.llm.limits import Lane, least_loaded
from agents.llm.models import Deployment, ModelTable, load_models
from agents.llm.models_file import deployment
from app.dev.llm_server import LlmServer, Reply, running
from tests.agents.llm.calling import request, served, using
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]


async def ask(client: LlmClient, n: int, model: str = "m") -> None:
    await asyncio.gather(*(client.complete(request(model, f"number {number}")) for number in range(n)))


def lane(**limits: Any) -> Lane:
    return Lane(deployment("m", {"model": "openai/m"}, **limits))


async def seconds(lane: Lane, *prompts: int) -> float:
    """How long it takes to get a place for each of these prompts."""
    started = time.monotonic()
    for tokens in prompts:
        async with lane.place(tokens):
            pass
    return time.monotonic() - started


def test_max_parallel_queues_the_rest() -> None:
    with running(latency_s=0.02) as server:
        using(served(server, "scripted", max_parallel=3), lambda client: ask(client, 12, "scripted"))
        assert server.counts["scripted"] == 12
        assert server.most_in_flight == 3


def test_requests_a_minute_are_spread_and_none_refused(llm_server: LlmServer) -> None:
    started = time.monotonic()
    using(served(llm_server, "scripted", rpm=600), lambda client: ask(client, 20, "scripted"))
    assert llm_server.counts["scripted"] == 20
    assert time.monotonic() - started >= 0.95  # ten at once, then ten a second


def test_requests_a_minute_when_few_do_not_come_in_a_burst() -> None:
    assert asyncio.run(seconds(lane(rpm=120), 1, 1, 1, 1)) >= 0.9


def test_tokens_a_minute_count_prompts_and_what_was_answered() -> None:
    async def work() -> tuple[float, float]:
        prompts = lane(tpm=6_000)  # 100 a second
        longer = await seconds(prompts, 100, 50)
        answered = lane(tpm=6_000)
        answered.used(150)
        return longer, await seconds(answered, 10)

    longer, owed = asyncio.run(work())
    assert longer >= 0.45 and owed >= 0.5


def test_prompt_longer_than_a_minutes_tokens_still_passes() -> None:
    assert asyncio.run(seconds(lane(tpm=60_000), 1_500)) < 5.0


def test_least_loaded_lane_is_the_one_with_the_fewest_calls() -> None:
    async def work() -> tuple[Lane, Lane, Lane]:
        one, two = lane(), lane()
        async with one.place(1):
            busy = least_loaded([one, two])
            async with two.place(1), two.place(1):
                busier = least_loaded([two, one])
        return busy, busier, least_loaded([one, two])

    first, second, third = asyncio.run(work())
    assert first is not second and third is second


def test_group_shares_its_calls_and_goes_round_a_closed_deployment() -> None:
    with running(latency_s=0.02) as server, running(latency_s=0.02) as other:
        table = served(server, "scripted")
        both = (*table.resolve("scripted").deployments, deployment("two", _params(other)))
        table = _grouped(table, both)
        using(table, lambda client: ask(client, 20, "scripted"))
        assert server.counts["scripted"] == other.counts["scripted"] == 10
        broken = _grouped(table, (deployment("broken", _params(other, "fault-401")), *both[:1]))
        using(broken, lambda client: ask(client, 4, "scripted"))
        assert server.counts["scripted"] == 14
        assert 1 <= other.counts["fault-401"] <= 2


def test_group_tries_another_deployment_before_it_waits(llm_server: LlmServer) -> None:
    llm_server.script("busy", [Reply(status=429, headers={"Retry-After": "30"})])
    table = served(llm_server, "scripted")
    both = (deployment("busy", _params(llm_server, "busy")), *table.resolve("scripted").deployments)
    using(_grouped(table, both), lambda client: client.complete(request("scripted", deadline_s=10.0)))
    assert llm_server.counts == {"busy": 1, "scripted": 1}


def _params(server: LlmServer, model: str = "scripted") -> dict[str, str]:
    return {"model": f"openai/{model}", "api_base": server.url}


def _grouped(table: ModelTable, deployments: tuple[Deployment, ...]) -> ModelTable:
    model = replace(table.resolve("scripted"), deployments=deployments)
    return replace(load_models(None), named={"scripted": model})
