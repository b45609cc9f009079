"""What the kinds of sandbox share: the limits, and what running a block of code came to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from db.errors import BadInput
from tools.inside.protocol import cut
from tools.tool import Observation
from tools.untrusted import visible

MAX_CODE_CHARS = 100_000
_MOST_VALUE_CHARS = 100_000
RESTARTED = "The sandbox was started afresh: nothing that earlier blocks defined is left."


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What model-written code may use.

    `memory_mb` holds for the session; the rest for each block of code: `seconds` of it running, the time its tool calls
    take not counted; `recursion`, the depth of its calls; `output_chars` of printed text and `value_chars` of its value
    or error are shown; `tool_calls` it may make.
    """

    memory_mb: int = 256
    seconds: float = 10.0
    recursion: int = 500
    output_chars: int = 10_000
    value_chars: int = 4_000
    tool_calls: int = 100

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if getattr(self, field.name) <= 0:
                raise BadInput(f"sandbox limit {field.name} is {getattr(self, field.name)}: it must be above 0")
        if self.value_chars > _MOST_VALUE_CHARS:
            raise BadInput(f"sandbox limit value_chars is {self.value_chars}: it must be at most {_MOST_VALUE_CHARS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call of a tool from inside: its `arguments` by name as JSON data, what it showed, and how long it took."""

    name: str
    arguments: Mapping[str, Any]
    observation: Observation
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxResult:
    """What running one block of code came to.

    `stdout` is what it printed, `value` the last expression's value as text ("" for None), both cut to the limits with
    a mark; `error` a short traceback with line numbers, or why the block was stopped, None if it ran to its end;
    `calls` the tool calls in order; `seconds` how long it all took.
    """

    stdout: str
    value: str
    error: str | None
    calls: tuple[ToolCall, ...]
    seconds: float

    @property
    def text(self) -> str:
        """The result as a model reads it: what was printed, then the value, then the error."""
        parts = [self.stdout.rstrip("\n"), self.value, self.error or ""]
        return "\n".join(part for part in parts if part) or "(no output: print what you want to see)"

    @property
    def latest_added_at(self) -> datetime | None:
        """When the newest stored row behind any of the calls became known; None where nothing stored is behind them."""
        known = [call.observation.latest_added_at for call in self.calls]
        return max((moment for moment in known if moment is not None), default=None)


class Sandbox(Protocol):
    """A place where model-written code runs with nothing but the tools, block by block; names live on between blocks.

    One block at a time. Blocks may come from different threads.
    """

    def run(self, code: str) -> SandboxResult:
        """Run one block. Whatever the code does is in the result; only a fault of a tool's own raises."""
        ...

    def close(self) -> None:
        """Stop the program that runs the code and forget its state."""
        ...


class Clipped:
    """Text that keeps its first `limit` characters and counts the rest, so that a flood costs no memory."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._kept = 0
        self._dropped = 0

    def add(self, text: str) -> None:
        """Add text at the end."""
        part = text[: self._limit - self._kept]
        if part:
            self._parts.append(part)
        self._kept += len(part)
        self.drop(len(text) - len(part))

    def drop(self, characters: int) -> None:
        """Count characters that were left out already."""
        self._dropped += max(characters, 0)

    def text(self) -> str:
        """The text, nothing in it invisible, with a mark where the rest was cut off."""
        kept = visible("".join(self._parts)) if self._parts else ""
        return f"{kept}\n[{self._dropped:,} more characters were cut off]" if self._dropped else kept


def shown(text: str, limit: int) -> str:
    """`text` in at most about `limit` characters, nothing in it invisible."""
    return visible(cut(text, limit)) if text else ""
