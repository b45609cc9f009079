"""LangChain's agent loop around our tools and our client; imported where an agent runs, as LangChain loads for seconds.

The loop is LangChain's; everything that it touches is ours: the model is reached through the client's router, tools run
in threads and answer whatever they are called with, and every step is logged.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, AgentState
from langchain.agents.middleware.types import InputAgentState, ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call
from langchain_core.tools import BaseTool
from langchain_litellm import ChatLiteLLMRouter
from langgraph.runtime import Runtime
from langgraph.types import Command
from langsmith import tracing_context

from agents.llm.chat import Completion, Request
from agents.llm.face import RouterFace
from agents.members.llm.run import Task, check_turns
from agents.members.llm.run_log import MAX_ARGUMENTS, MAX_DEPTH, RunLog, is_deeper
from agents.prompting import render
from db.errors import MemberFailed
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


class _Router:
    """The client's router for one run: each call has what is left of the run's time, and is logged come what may."""

    def __init__(self, task: Task, log: RunLog) -> None:
        self._task, self._log = task, log
        self.asked_for: Sequence[Mapping[str, Any]] = ()
        """The tool calls of the newest reply, as the model wrote them."""
        face = self._open()
        self.model_list, self.default_litellm_params = face.model_list, face.default_litellm_params

    async def acompletion(self, **parameters: Any) -> Any:
        """One call; see `RouterFace`."""
        try:
            return await self._open().acompletion(**parameters)
        except MemberFailed as failure:
            self._log.refused_reply(failure)
            raise

    def _open(self) -> RouterFace:
        task = self._task
        return task.client.router(
            model=task.member.model,
            budget=task.budget,
            sample=task.number,
            deadline_s=task.seconds_left,
            on_call=self._on_call,
        )

    def _on_call(self, request: Request, completion: Completion) -> None:
        self._log.reply(completion)
        self.asked_for = completion.tool_calls


class _Steps(AgentMiddleware[AgentState[Any], None]):
    """Counts turns before they are paid, and tells a model what was wrong with a call that no tool has seen."""

    def __init__(self, task: Task, log: RunLog, router: _Router) -> None:
        super().__init__()
        self._task, self._log, self._router = task, log, router
        self._refused: dict[str, str] = {}
        """Arguments that are none, as they were written, by the id of their call."""

    async def abefore_model(self, state: AgentState[Any], runtime: Runtime[None]) -> None:
        check_turns(self._task, self._log)

    async def aafter_model(self, state: AgentState[Any], runtime: Runtime[None]) -> dict[str, Any] | None:
        """Where arguments are none, put all calls back: LangChain drops such a call, or makes it one without any.

        It is answered in `awrap_tool_call`.
        """
        last = state["messages"][-1]
        calls, self._refused = [], {}
        for asked in self._router.asked_for:
            name, written, call_id = _parts(asked)
            arguments = _read_arguments(written)
            if arguments is None:
                self._refused[call_id] = written
            calls.append(tool_call(name=name, args=arguments or {}, id=call_id))
        if not self._refused or not isinstance(last, AIMessage):
            return None
        return {"messages": [last.model_copy(update={"tool_calls": calls, "invalid_tool_calls": []})]}

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        name, call_id = request.tool_call["name"], str(request.tool_call["id"])
        if call_id in self._refused:
            refusal = render("invalid_call", tool=name)
            self._log_refusal(name, self._refused[call_id], refusal)
            return ToolMessage(refusal, name=name, tool_call_id=call_id, status="error")
        message = await handler(request)
        if request.tool is None and isinstance(message, ToolMessage):
            self._log_refusal(name, request.tool_call["args"], str(message.content))
        return message

    def _log_refusal(self, name: str, arguments: Mapping[str, Any] | str, refusal: str) -> None:
        self._log.tool_call(name, arguments)
        self._log.observation(name, Observation(data=None, text=refusal, failed=True))


def _parts(call: Mapping[str, Any]) -> tuple[str, str, str]:
    """The name, the arguments as they were written, and the id of a call in OpenAI's shape."""
    function = call.get("function") or {}
    return str(function.get("name") or ""), str(function.get("arguments") or ""), str(call.get("id") or "")


def _read_arguments(written: str) -> dict[str, Any] | None:
    """The JSON object that arguments are, None where they are none or beyond what is passed on."""
    if len(written) > MAX_ARGUMENTS:
        return None
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not is_deeper(found, MAX_DEPTH) else None


class ToolLoop:
    """One run of an agent: messages go in, the model's words come out, tool calls happen in between."""

    def __init__(self, task: Task, log: RunLog, system: str, tools: Sequence[BaseTool]) -> None:
        parameters = task.member.parameters
        router = _Router(task, log)
        model = ChatLiteLLMRouter(
            router=router,
            model=task.member.model,
            temperature=parameters.temperature,
            max_tokens=parameters.max_tokens,
        )
        self._agent = create_agent(model, list(tools), system_prompt=system, middleware=[_Steps(task, log, router)])
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
