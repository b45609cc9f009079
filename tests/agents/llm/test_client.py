"""The door: what is sent, what comes back, what is never paid twice."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest

from agents.llm.calls import MemoryLog
from agents.llm.chat import Completion
from agents.llm.client import LlmClient
from agents.llm.models import Capabilities, ModelTable
from app.dev.llm_server import LlmServer, Reply, ToolCall, running
from db.errors import MemberFailed, UnknownName
from tests.agents.llm.calling import DOLLARS, NOW, complete, request, served, using
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]

ABLE = Capabilities(json_schema=True, tools=True, logprobs=True, n=True, stream=True)
UNABLE = Capabilities(tools=False, stream=False)
SCHEMA = {"type": "object", "properties": {"probability": {"type": "number"}}, "required": ["probability"]}
TOOL = {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": {"type": "object"}}}


def sent_of(server: LlmServer) -> dict[str, Any]:
    """The only request that the server saw."""
    [body] = server.requests
    return body


def texts(found: list[Completion | MemberFailed]) -> list[str]:
    return [one.text if isinstance(one, Completion) else f"{one.reason}" for one in found]


# What is sent


def test_request_is_sent_whole_where_the_model_is_able(llm_server: LlmServer) -> None:
    asked = request(
        "scripted",
        temperature=0.4,
        max_tokens=77,
        json_schema=SCHEMA,
        tools=(TOOL,),
        tool_choice="auto",
        parallel_tool_calls=False,
        stop=("END",),
        logprobs=True,
        top_logprobs=3,
        seed=5,
    )
    complete(served(llm_server, "scripted", capabilities=ABLE), asked)
    body = sent_of(llm_server)
    assert body["messages"] == [{"role": "user", "content": "Say something."}]
    assert (body["temperature"], body["max_tokens"], body["seed"], body["stop"]) == (0.4, 77, 5, ["END"])
    assert (body["tools"], body["tool_choice"], body["parallel_tool_calls"]) == ([TOOL], "auto", False)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 3)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "n" not in body and not body.get("stream")


def test_request_leaves_out_what_the_model_is_not_able_to(llm_server: LlmServer) -> None:
    asked = request("scripted", json_schema=SCHEMA, logprobs=True, top_logprobs=3, stream=True)
    table = served(llm_server, "scripted", capabilities=UNABLE)
    assert complete(table, asked).logprobs is None
    assert not {"response_format", "logprobs", "top_logprobs"} & set(sent_of(llm_server))
    assert not sent_of(llm_server).get("stream")
    with pytest.raises(MemberFailed, match="calls no tools") as caught:
        complete(table, request("scripted", tools=(TOOL,)))
    assert caught.value.reason == "unsupported"


def test_supports_schema_is_as_configured(llm_server: LlmServer) -> None:
    table = served(llm_server, "able", capabilities=ABLE)
    table = served(llm_server, "unable", table=table, capabilities=UNABLE)

    async def work(client: LlmClient) -> tuple[bool, bool]:
        return client.supports_schema("able"), client.supports_schema("unable")

    assert using(table, work) == (True, False)


def test_provider_that_litellm_does_not_know_is_refused() -> None:
    with pytest.raises(UnknownName, match="no provider"):
        complete(ModelTable(), request("nobody/gpt"), allow_remote=True)


# What comes back


@pytest.mark.parametrize("stream", [False, True])
def test_completion_holds_text_tokens_cost_and_logprobs(llm_server: LlmServer, stream: bool) -> None:
    llm_server.script("m", [Reply(text="one two")])
    asked = request("m", logprobs=True, top_logprobs=2, stream=stream)
    found = complete(served(llm_server, "m", capabilities=ABLE, price=DOLLARS), asked)
    assert (found.text, found.finish_reason, found.model_used, found.cached) == ("one two", "stop", "m", False)
    assert found.prompt_tokens > 0 and found.completion_tokens > 0
    assert found.cost_usd == pytest.approx(found.prompt_tokens * 1e-3 + found.completion_tokens * 1e-2)
    assert found.latency_s > 0.0
    assert found.logprobs is not None and [token["token"] for token in found.logprobs] == ["one", " two"]
    assert all(math.isclose(token["logprob"], math.log(0.9)) for token in found.logprobs)


@pytest.mark.parametrize("stream", [False, True])
def test_tool_calls_are_an_answer_without_text(llm_server: LlmServer, stream: bool) -> None:
    calls = (ToolCall(name="look", arguments={"at": "sea"}), ToolCall(name="look", arguments={"at": "air"}))
    llm_server.script("m", [Reply(tool_calls=calls)])
    found = complete(served(llm_server, "m"), request("m", tools=(TOOL,), stream=stream))
    assert (found.text, found.finish_reason) == ("", "tool_calls")
    assert [json.loads(call["function"]["arguments"]) for call in found.tool_calls] == [{"at": "sea"}, {"at": "air"}]


def test_answer_without_usage_has_no_made_up_cost(llm_server: LlmServer) -> None:
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    llm_server.script("m", [Reply(raw=json.dumps({**body, "choices": [choice]}).encode())])
    assert complete(served(llm_server, "m", price=DOLLARS), request("m")).cost_usd is None


def test_half_characters_are_replaced_so_that_every_store_takes_them(llm_server: LlmServer) -> None:
    raw = rb'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",'
    llm_server.script("m", [Reply(raw=raw + rb'"message":{"role":"assistant","content":"a\ud800b\u0000"}}]}')])
    found = complete(served(llm_server, "m"), request("m"))
    assert found.text == "a?b\x00"


# What is never paid twice


def test_answered_request_is_answered_from_the_log_by_any_client(llm_server: LlmServer) -> None:
    log = MemoryLog()
    table = served(llm_server, "scripted", capabilities=ABLE, price=DOLLARS)
    asked = request("scripted", logprobs=True, tools=(TOOL,))
    first = complete(table, asked, log=log)
    again = complete(table, asked, log=log)
    assert (again.cached, again.cost_usd) == (True, 0.0)
    assert (again.text, again.tool_calls, again.logprobs, again.tokens) == (
        first.text,
        first.tool_calls,
        first.logprobs,
        first.tokens,
    )
    assert llm_server.counts["scripted"] == 1
    assert [(row.cached, row.cost_usd) for row in log.records] == [(False, first.cost_usd), (True, 0.0)]


@pytest.mark.parametrize(
    "change", [{"temperature": 0.5}, {"max_tokens": 5}, {"seed": 1}, {"json_schema": SCHEMA}, {"tools": (TOOL,)}]
)
def test_another_request_is_not_answered_from_the_log(llm_server: LlmServer, change: dict[str, Any]) -> None:
    async def work(client: LlmClient) -> bool:
        await client.complete(request("scripted"))
        return (await client.complete(request("scripted", **change))).cached

    assert not using(served(llm_server, "scripted"), work)
    assert llm_server.counts["scripted"] == 2


def test_failure_is_not_taken_for_an_answer(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="cut", finish_reason="length"), Reply(text="whole")])
    log, table = MemoryLog(), served(llm_server, "m")
    with pytest.raises(MemberFailed):
        complete(table, request("m"), log=log)
    assert complete(table, request("m"), log=log).text == "whole"


def test_same_request_at_once_is_paid_once() -> None:
    async def work(client: LlmClient) -> list[Completion]:
        return await asyncio.gather(*(client.complete(request("scripted")) for _ in range(64)))

    with running(latency_s=0.05) as server:
        found = using(served(server, "scripted", price=DOLLARS), work)
        assert server.counts["scripted"] == 1
    assert [one.cached for one in found].count(False) == 1
    assert len({one.text for one in found}) == 1


def test_same_request_when_the_first_is_cancelled_is_asked_by_the_next(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="late", delay_s=60.0), Reply(text="soon")])

    async def work(client: LlmClient) -> str:
        first = asyncio.create_task(client.complete(request("m")))
        second = asyncio.create_task(client.complete(request("m")))
        while not llm_server.counts["m"]:
            await asyncio.sleep(0.01)
        first.cancel()
        return (await second).text

    assert using(served(llm_server, "m"), work) == "soon"


# Samples


def test_samples_are_one_call_where_the_model_takes_n(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text=letter) for letter in "abc"])
    log = MemoryLog()
    table = served(llm_server, "m", capabilities=ABLE, price=DOLLARS)
    found = using(table, lambda client: client.samples(request("m", logprobs=True), 3), log=log)
    assert texts(found) == ["a", "b", "c"]
    assert llm_server.counts["m"] == 1 and sent_of(llm_server)["n"] == 3
    done = [one for one in found if isinstance(one, Completion)]
    assert [bool(one.logprobs) for one in done] == [True] * 3
    assert [bool(one.cost_usd) for one in done] == [True, False, False]  # the first carries the cost of all
    assert [row.sample for row in log.records] == [0, 1, 2]
    assert done[0].cost_usd == sum(row.cost_usd or 0.0 for row in log.records)


@pytest.mark.parametrize("capabilities", [ABLE, UNABLE], ids=["ignored", "not offered"])
def test_samples_are_asked_for_one_by_one_where_n_has_no_effect(
    llm_server: LlmServer, capabilities: Capabilities
) -> None:
    llm_server.script("m", [Reply(text=letter, ignores=frozenset({"n"})) for letter in "abcd"])
    found = using(
        served(llm_server, "m", capabilities=capabilities), lambda client: client.samples(request("m", seed=7), 4)
    )
    assert sorted(texts(found)) == ["a", "b", "c", "d"]
    assert llm_server.counts["m"] == 4
    assert len({body["seed"] for body in llm_server.requests}) == 4


def test_samples_in_the_log_are_not_asked_for_again(llm_server: LlmServer) -> None:
    async def work(client: LlmClient) -> list[Completion | MemberFailed]:
        await client.complete(request("m"), sample=1)
        await client.samples(request("m"), 2)
        return await client.samples(request("m"), 4)

    llm_server.script("m", [Reply(text=letter) for letter in "abcd"])
    found = using(served(llm_server, "m", capabilities=ABLE), work)
    assert texts(found) == ["b", "a", "c", "d"]
    assert [body.get("n", 1) for body in llm_server.requests] == [1, 1, 2]


def test_sample_that_fails_stands_in_its_place(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="a"), Reply(text="b", finish_reason="length"), Reply(text="c")])
    found = using(served(llm_server, "m", capabilities=ABLE), lambda client: client.samples(request("m"), 3))
    assert texts(found) == ["a", "unfinished", "c"]


def test_samples_at_once_with_a_completion_are_paid_once() -> None:
    async def work(client: LlmClient) -> Any:
        return await asyncio.gather(client.samples(request("scripted"), 3), client.complete(request("scripted")))

    with running(latency_s=0.05) as server:
        using(served(server, "scripted", capabilities=ABLE), work)
        assert sum(body.get("n", 1) for body in server.requests) == 3


# What is written down


def test_log_row_is_whole(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="answer " * 20_000)])
    asked, log = request("m", "long " * 400_000), MemoryLog()
    table = served(llm_server, "m", price=DOLLARS)
    found = complete(table, asked, log=log)
    [row] = log.records
    assert row.key == asked.key(0, identity=table.identity("m")) and row.created_at == NOW
    assert (row.model, row.model_used, row.deployment, row.attempts, row.error) == ("m", "m", "m", 1, "")
    assert json.loads(row.request)["messages"][0]["content"] == "long " * 400_000
    assert json.loads(row.response)["choices"][0]["message"]["content"] == found.text == "answer " * 20_000
    assert (row.prompt_tokens, row.completion_tokens, row.cost_usd) == (
        found.prompt_tokens,
        found.completion_tokens,
        found.cost_usd,
    )
