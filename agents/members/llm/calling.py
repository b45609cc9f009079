"""Tools as a run calls them: each call and what it showed in the run's log; Python in the sandbox is one too."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from agents.members.llm.run_log import RunLog
from tools.sandbox import Sandbox
from tools.tool import Observation, Tool
from tools.untrusted import fence


@dataclass(frozen=True, slots=True)
class LoggedTool:
    """A tool whose calls go into the run's log as they happen, so that none is lost to a run that is cut short."""

    tool: Tool
    log: RunLog

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.tool.name

    @property
    def description(self) -> str:
        """The tool's description."""
        return self.tool.description

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema of the tool's arguments."""
        return self.tool.schema

    @property
    def signature(self) -> str:
        """The tool's signature."""
        return self.tool.signature

    def __call__(self, /, *values: Any, **arguments: Any) -> Observation:
        """Call the tool and log it."""
        by_name = dict(zip(self.schema.get("properties", {}), values, strict=False))
        self.log.tool_call(self.name, {**by_name, **arguments})
        started = time.monotonic()
        found = self.tool(*values, **arguments)
        self.log.observation(self.name, found, time.monotonic() - started)
        return found


def logged(tools: Mapping[str, Tool], log: RunLog) -> dict[str, Tool]:
    """The same tools, whose calls go into the log."""
    return {name: LoggedTool(tool, log) for name, tool in tools.items()}


@dataclass(frozen=True, slots=True)
class RunPython:
    """The sandbox as a tool.

    What it shows is fenced, because code can print whatever a tool quoted to it.
    """

    sandbox: Sandbox
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
        return Observation(
            data=None,
            text=fence(result.text),
            latest_added_at=result.latest_added_at,
            failed=result.error is not None,
        )
