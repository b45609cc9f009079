"""LangChain's agent loop around our tools and our client; imported where an agent runs, as LangChain loads for seconds.

The loop is LangChain's; everything that it touches is ours: the model is reached through the client's router, tools run
in threads and answer whatever they are called with, and every step is logged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, AgentState, hook_config
from langchain.agents.middleware.types import InputAgentState, ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_litellm import ChatLiteLLMRouter
from langgraph.runtime import Runtime
from langgraph.types import Command
from langsmith import tracing_context

from agents.llm.chat import Completion, Request
from agents.members.llm.run import RunLog, Task, check_turns
from agents.prompting import render
from tools.tool import Observation

Observe = Callable[[Mapping[str, Any]], Awaitable[Observation]]


class LookUp(BaseTool):
    """A tool as the loop calls it. `observe` never raises for anything that a model can send.

    Arguments go through unnamed on our side, so that a model's `config` or `callbacks` is an argument like any other.
    """

    args_schema: dict[str, Any]
    observe: Observe

    async def _arun(self, /, **arguments: Any) -> str:
        return (await self.observe(arguments)).text

    def _run(self, /, **arguments: Any) -> str:
        raise NotImplementedError(f"{self.name} is called in an event loop")


class _Steps(AgentMiddleware[AgentState[Any], None]):
    """Counts turns before they are paid, and tells a model what was wrong with a call that no tool has seen."""

    def __init__(self, task: Task, log: RunLog) -> None:
        super().__init__()
        self._task, self._log = task, log

    async def abefore_model(self, state: AgentState[Any], runtime: Runtime[None]) -> None:
        check_turns(self._task, self._log)

    @hook_config(can_jump_to=["model"])
    async def aafter_model(self, state: AgentState[Any], runtime: Runtime[None]) -> dict[str, Any] | None:
        last = state["messages"][-1]
        if not isinstance(last, AIMessage) or last.tool_calls or not last.invalid_tool_calls:
            return None
        names = ", ".join(str(call["name"]) for call in last.invalid_tool_calls)
        text = render("invalid_call", names=names)
        self._log.prompt(text)
        return {"messages": [HumanMessage(text)], "jump_to": "model"}

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        message = await handler(request)
        if request.tool is None and isinstance(message, ToolMessage):
            self._log.tool_call(request.tool_call["name"], request.tool_call["args"])
            refusal = Observation(data=None, text=str(message.content), failed=True)
            self._log.observation(request.tool_call["name"], refusal)
        return message


class ToolLoop:
    """One run of an agent: messages go in, the model's words come out, tool calls happen in between."""

    def __init__(self, task: Task, log: RunLog, system: str, tools: Sequence[BaseTool]) -> None:
        parameters = task.member.parameters

        def on_call(request: Request, completion: Completion) -> None:
            log.reply(completion)

        router = task.client.router(
            model=task.member.model,
            budget=task.budget,
            sample=task.number,
            deadline_s=task.seconds_left,
            on_call=on_call,
        )
        model = ChatLiteLLMRouter(
            router=router,
            model=task.member.model,
            temperature=parameters.temperature,
            max_tokens=parameters.max_tokens,
        )
        self._agent = create_agent(model, list(tools), system_prompt=system, middleware=[_Steps(task, log)])
        self._log = log
        self._messages: list[AnyMessage | dict[str, Any]] = []
        log.prompt(system)

    async def ask(self, text: str) -> str:
        """Send a message and return what the model says when it calls no more tools."""
        self._log.prompt(text)
        with tracing_context(enabled=False):  # whatever the environment says, no prompt leaves for a tracing service
            said = InputAgentState(messages=[*self._messages, HumanMessage(text)])
            async for state in self._agent.astream(said, stream_mode="values"):
                self._messages = state["messages"]  # after every step, so that nothing is lost to a step that fails
        return self._log.last_reply
