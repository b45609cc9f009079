"""Tool calls that come out of a sandbox: counted and recorded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tools.blocks import ToolCall
from tools.tool import Observation, Tool


class HostCalls:
    """The tool calls of one block of code, at most `limit`; more are refused and not recorded."""

    def __init__(self, tools: Mapping[str, Tool], limit: int) -> None:
        self._tools = tools
        self._limit = limit
        self._records: list[ToolCall] = []
        self.seconds = 0.0
        """How long the calls have taken so far."""

    @property
    def records(self) -> tuple[ToolCall, ...]:
        """The calls made so far, in order."""
        return tuple(self._records)

    def call(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Observation:
        """What tool `name` shows for arguments of plain JSON data; failed where the call is wrong."""
        tool = self._tools.get(name)
        if tool is None:
            return _failed(f"there is no tool {name!r}: there are {', '.join(self._tools) or 'none'}")
        if len(self._records) >= self._limit:
            return _failed(f"a block of code may call tools {self._limit} times, and this one has")
        started = time.monotonic()
        observation = tool(*args, **kwargs)
        seconds = time.monotonic() - started
        self.seconds += seconds
        arguments = {**dict(zip(tool.schema.get("properties", {}), args, strict=False)), **kwargs}
        self._records.append(ToolCall(name=name, arguments=arguments, observation=observation, seconds=seconds))
        return observation


def _failed(text: str) -> Observation:
    return Observation(data=None, text=text, failed=True)
