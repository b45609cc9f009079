"""LangChain's own tool loop goes through the door: the same log, cache, budget, retries and deadline."""

from __future__ import annotations

from typing import Any

import pytest

from agents.llm.budget import Budget
from agents.llm.calls import MemoryLog
from agents.llm.chat import Completion, Request
from agents.llm.client import LlmClient
from app.dev.llm_server import LlmServer, Reply, ToolCall
from db.errors import BadInput, MemberFailed, ProviderBusy
from tests.agents.llm.calling import DOLLARS, request, served, using
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]

ADDING = [Reply(tool_calls=(ToolCall(name="add", arguments={"a": 1, "b": 2}),)), Reply(text="It is 3.")]


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


async def run_agent(client: LlmClient, **routing: Any) -> list[Any]:
    """The messages of one run of LangChain's agent with one tool."""
    from langchain.agents import create_agent
    from langchain_core.tools import StructuredTool
    from langchain_litellm import ChatLiteLLMRouter

    router = client.router(model="m", **routing)
    chat = ChatLiteLLMRouter(router=router, model="m", temperature=0.4, max_tokens=200)
    agent: Any = create_agent(chat, [StructuredTool.from_function(add)], system_prompt="Be brief.")
    messages: list[Any] = (await agent.ainvoke({"messages": [{"role": "user", "content": "1 + 2?"}]}))["messages"]
    return messages


def test_tool_loop_calls_tools_and_is_answered_from_the_log_the_second_time(llm_server: LlmServer) -> None:
    llm_server.script("m", ADDING)
    seen: list[tuple[Request, Completion]] = []
    log = MemoryLog()

    async def work(client: LlmClient) -> list[Any]:
        await run_agent(client, on_call=lambda asked, found: seen.append((asked, found)))
        return await run_agent(client, on_call=lambda asked, found: seen.append((asked, found)))

    messages = using(served(llm_server, "m", price=DOLLARS), work, log=log)
    assert [message.type for message in messages] == ["human", "ai", "tool", "ai"]
    assert (messages[2].content, messages[3].content) == ("3", "It is 3.")
    assert messages[3].usage_metadata["output_tokens"] > 0
    assert [found.cached for _, found in seen] == [False, False, True, True]
    assert [bool(found.cost_usd) for _, found in seen] == [True, True, False, False]
    assert llm_server.counts["m"] == 2 and len(log.records) == 4
    asked = seen[0][0]
    assert (asked.temperature, asked.max_tokens, len(asked.tools)) == (0.4, 200, 1)


def test_tool_loop_when_run_as_another_sample_asks_anew(llm_server: LlmServer) -> None:
    llm_server.script("m", [*ADDING, *ADDING])

    async def work(client: LlmClient) -> None:
        await run_agent(client, sample=0)
        await run_agent(client, sample=1)

    using(served(llm_server, "m"), work)
    assert llm_server.counts["m"] == 4


def test_tool_loop_tries_again_once_and_not_twice_over(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(status=500)])
    with pytest.raises(ProviderBusy):
        using(served(llm_server, "m"), run_agent)
    assert llm_server.counts["m"] == 3


def test_tool_loop_meets_its_deadline_and_budget(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="late", delay_s=60.0)])
    table = served(llm_server, "m", price=DOLLARS)
    with pytest.raises(MemberFailed) as late:
        using(table, lambda client: run_agent(client, deadline_s=0.5))
    assert late.value.reason == "deadline"
    with pytest.raises(MemberFailed) as poor:
        using(table, lambda client: run_agent(client, budget=Budget(0.01)))
    assert poor.value.reason == "budget"


@pytest.mark.parametrize(
    "more", [{"n": 2}, {"stream": True}, {"top_k": 3}, {"response_format": {"type": "json_object"}}]
)
def test_parameter_that_would_be_lost_is_refused(llm_server: LlmServer, more: dict[str, Any]) -> None:
    messages = request("m").messages
    with pytest.raises(BadInput):
        using(served(llm_server, "m"), lambda client: client.router(model="m").acompletion(messages=messages, **more))
    assert not llm_server.counts


def test_face_answers_in_litellms_own_shape(llm_server: LlmServer) -> None:
    from litellm import ModelResponse

    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    async def work(client: LlmClient) -> Any:
        face = client.router(model="scripted")
        return [
            await face.acompletion(
                model="scripted", messages=request("m").messages, stop="END", response_format=wanted, metadata={}
            )
            for _ in range(2)
        ]

    first, again = using(served(llm_server, "scripted"), work)
    assert isinstance(first, ModelResponse) and isinstance(again, ModelResponse)
    assert first.model_dump() == again.model_dump()
    assert llm_server.counts["scripted"] == 1 and llm_server.requests[0]["stop"] == ["END"]
