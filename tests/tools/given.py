"""Tools made by hand, and a sandbox over them, for tests of the sandbox itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.errors import StoreChanged
from tests.tools.stakes import need_bwrap
from tools.sandbox import Kind, Limits, Sandbox, open_sandbox
from tools.tool import Observation, Tool

AS_OF = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
KNOWN = datetime(2025, 5, 31, 23, 45, tzinfo=UTC)


@dataclass(frozen=True)
class Given:
    """A tool that answers with what `answers` says to its arguments `key` and `times`."""

    name: str
    answers: Callable[[Any, Any], Observation]
    description: str = "Says something.\n\nkey: what to look up. times: how often."
    schema: Mapping[str, Any] = field(default_factory=lambda: {"properties": {"key": {}, "times": {}}})

    @property
    def signature(self) -> str:
        """As Python code calls it."""
        return f"{self.name}(key: str, times: int = 1) -> dict"

    def __call__(self, /, *values: Any, **arguments: Any) -> Observation:
        """Answer; anything but `key` and `times` is refused."""
        named = {**dict(zip(("key", "times"), values, strict=False)), **arguments}
        if not {"key"} <= set(named) <= {"key", "times"}:
            return Observation(data=None, text=f"{self.name}: the argument key is missing", failed=True)
        return self.answers(named["key"], named.get("times", 1))


def _found(key: Any, times: Any) -> Observation:
    if key == "XXX":
        return Observation(data=None, text="look_up: 'XXX' is no country: did you mean CHN?", failed=True)
    return Observation(data={"key": key, "counts": [3] * times}, text=f"{key}: 3", latest_added_at=KNOWN)


def _slow(key: Any, times: Any) -> Observation:
    time.sleep(0.6)  # a store that is slow to answer
    return Observation(data="done", text="done")


def _superseded(key: Any, times: Any) -> Observation:
    raise StoreChanged("files behind a snapshot are gone: open the store again")


def _kill_children(key: Any, times: Any) -> Observation:
    """Kills every process that runs code for this one, as the kernel does when memory runs out."""
    for process in descendants():
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return Observation(data=None, text="")


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Given("look_up", _found),
        Given("superseded", _superseded),
        Given("kill_children", _kill_children),
        Given("slow", _slow),
        Given("large", lambda key, times: Observation(data=["x" * 1000] * 5000, text="")),
    )
}


def opened(kind: Kind = "monty", **limits: Any) -> AbstractContextManager[Sandbox]:
    """A sandbox over the tools above; skips the test where there is no bubblewrap for it."""
    if kind == "bubblewrap":
        need_bwrap()
    return open_sandbox(TOOLS, as_of=AS_OF, kind=kind, limits=Limits(**limits))


def descendants() -> set[int]:
    """The processes that this one started, and those that they did."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it may end while we look
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, size = {os.getpid()}, 0
    while len(found) > size:
        size = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found - {os.getpid()}
