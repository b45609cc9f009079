"""`react`: LangChain's tool-calling loop over the tools of the snapshot, and Python in the sandbox over the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

from agents.answers import Parsed
from agents.members.llm.calling import LoggedTool, RunPython, logged
from agents.members.llm.prompts import question_prompt, system_prompt
from agents.members.llm.run import Task, read
from agents.members.llm.run_log import RunLog
from agents.prompting import render
from tools.registry import toolbox
from tools.sandbox import language_notes, open_sandbox
from tools.tool import Observation, Tool


async def load() -> None:
    """Load LangChain, which takes seconds, so that no run's clock and no other member waits for it."""
    await asyncio.to_thread(import_module, "agents.members.llm.tool_loop")


async def react(task: Task, log: RunLog) -> Parsed:
    """Tool calls, one after the other, until the model answers; raises MemberFailed when its turns are used up."""
    from agents.members.llm.tool_loop import LookUp, ToolLoop

    kind, as_of = task.member.parameters.sandbox, task.snapshot.as_of
    tools = logged(toolbox(task.snapshot), log)
    one_at_a_time = asyncio.Lock()
    with open_sandbox(tools, as_of=as_of, kind=kind) as sandbox:
        described = render("run_python", language=language_notes(kind))
        offered: list[Tool] = [*tools.values(), LoggedTool(RunPython(sandbox, described), log)]
        look_ups = [
            LookUp(
                name=tool.name,
                description=tool.description,
                args_schema=dict(tool.schema),
                observe=_observe(tool, one_at_a_time),
            )
            for tool in offered
        ]
        system = system_prompt("react", task.question, as_of, max_steps=str(task.member.parameters.max_steps))
        loop = ToolLoop(task, log, system, look_ups)
        return await read(task.question, loop.ask(question_prompt(task.question, as_of)), loop.ask)


def _observe(tool: Tool, lock: asyncio.Lock) -> Callable[[Mapping[str, Any]], Awaitable[Observation]]:
    """The tool for LangChain's loop, which runs calls of one turn at once: the log is a sequence, so one by one."""

    async def observe(arguments: Mapping[str, Any]) -> Observation:
        async with lock:
            return await asyncio.to_thread(tool, **arguments)

    return observe
