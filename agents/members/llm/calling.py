"""Calling tools off the event loop, each call and what it showed in the run's log; Python in the sandbox is one too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from agents.members.llm.run import RunLog
from tools.sandbox import Sandbox
from tools.tool import Observation, Tool
from tools.untrusted import fence


async def call(tool: Tool, arguments: Mapping[str, Any], log: RunLog) -> Observation:
    """Call a tool in a thread and log it."""
    log.tool_call(tool.name, arguments)
    started = time.monotonic()
    found = await asyncio.to_thread(tool, **arguments)
    log.observation(tool.name, found, time.monotonic() - started)
    return found


@dataclass(frozen=True, slots=True)
class RunPython:
    """The sandbox as a tool. The calls that code makes inside go into the log like all others.

    What it shows is fenced, because code can print whatever a tool quoted to it.
    """

    sandbox: Sandbox
    log: RunLog
    description: str = ""

    name: ClassVar[str] = "run_python"
    signature: ClassVar[str] = "run_python(code: str) -> str"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"code": {"type": "string"}},
        "required": ["code"],
        "additionalProperties": False,
    }

    def __call__(self, /, *values: Any, **arguments: Any) -> Observation:
        """Run `code`; other arguments give a failed observation."""
        code = arguments.get("code")
        if values or len(arguments) != 1 or not isinstance(code, str):
            return Observation(data=None, text=f"wrong arguments: {self.signature}", failed=True)
        result = self.sandbox.run(code)
        for made in result.calls:
            self.log.tool_call(made.name, made.arguments)
            self.log.observation(made.name, made.observation, made.seconds)
        return Observation(
            data=None,
            text=fence(result.text),
            latest_added_at=result.latest_added_at,
            failed=result.error is not None,
        )
