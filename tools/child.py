"""A sandbox whose code runs in a process of its own, spoken to over a `Channel` and killed when it misbehaves."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from db.errors import BadInput
from tools.blocks import MAX_CODE_CHARS, RESTARTED, Clipped, Limits, SandboxResult, shown
from tools.channel import Channel, Lost, unruly
from tools.host_calls import HostCalls
from tools.tool import Tool

_START_S = 30.0
_GRACE_S = 0.5


class Child:
    """A process that runs code, the first of its own process group, and the way to speak to it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.channel = Channel(process)

    def stop(self) -> None:
        """Kill the whole process group. Whoever waits for it sees it gone."""
        if self.process.returncode is None:  # not reaped yet, so its number is still its own
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> str:
        """Kill the whole process group and free what it held; the last line that it wrote to standard error."""
        self.stop()
        _, said = self.process.communicate()
        return (said or b"").decode(errors="replace").strip().rpartition("\n")[2]


class ChildSandbox:
    """A sandbox in a `Child`, which `start` gives and `give_back` takes when it is still good for another sandbox.

    A block that runs past its time, breaks the protocol, or kills its process costs the state of the session: the next
    block meets a new child.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool],
        as_of: datetime,
        limits: Limits,
        *,
        start: Callable[[], Child],
        give_back: Callable[[Child], object] = Child.end,
    ) -> None:
        self._tools = tools
        self._limits = limits
        self._setup = {"setup": _setup(tools, as_of, limits)}
        self._start = start
        self._give_back = give_back
        self._one_block_at_a_time = threading.Lock()
        self._handing_over = threading.Lock()
        self._closed = False
        self._idle: Child | None = self._open()
        self._running: Child | None = None

    def run(self, code: str) -> SandboxResult:
        """Run one block of code."""
        started = time.monotonic()
        calls = HostCalls(self._tools, self._limits.tool_calls)
        printed = Clipped(self._limits.output_chars)
        if len(code) > MAX_CODE_CHARS:
            value, error = "", f"The code is {len(code):,} characters long: at most {MAX_CODE_CHARS:,} are run."
        else:
            with self._one_block_at_a_time:
                value, error = self._run(code, calls, printed)
        return SandboxResult(
            stdout=printed.text(),
            value=shown(value, self._limits.value_chars),
            error=shown(error, self._limits.value_chars) or None,
            calls=calls.records,
            seconds=time.monotonic() - started,
        )

    def close(self) -> None:
        """Give the child back; one in the middle of a block is killed, and that block ends with an error."""
        with self._handing_over:
            self._closed = True
            idle, self._idle = self._idle, None
            if self._running is not None:
                self._running.stop()
        if idle is not None:
            self._give_back(idle)

    def _run(self, code: str, calls: HostCalls, printed: Clipped) -> tuple[str, str]:
        """The code's value and its error, "" where there is none. A child that cannot go on is ended."""
        child = self._begin()
        spent = True
        try:
            value, error, spent = self._exchange(child.channel, code, calls, printed)
        except Lost as lost:
            value, error = "", str(lost)
        finally:
            with self._handing_over:
                self._running = None
                kept = not spent and not self._closed
                if kept:
                    self._idle = child
            if not kept:
                child.end()
        return value, error if kept else f"{error}\n{RESTARTED}"

    def _begin(self) -> Child:
        with self._handing_over:
            if self._closed:
                raise BadInput("the sandbox is closed: open another to run code")
            child = self._idle or self._open()
            self._idle, self._running = None, child
        return child

    def _exchange(self, channel: Channel, code: str, calls: HostCalls, printed: Clipped) -> tuple[str, str, bool]:
        """The code's value, its error, and whether its process is spent. The time of its tool calls is not its own."""
        block = secrets.token_hex(8)
        deadline = time.monotonic() + self._limits.seconds + _GRACE_S
        channel.send({"block": block, "code": code.encode("utf-8", "replace").decode()}, deadline)
        while True:
            message = channel.receive(deadline + calls.seconds)
            if message.get("block") != block:  # said in an earlier block, or made up
                raise unruly()
            match message:
                case {"kind": "print", "text": str(text)}:
                    printed.add(text)
                case {"kind": "call", "name": str(name), "args": list(args), "kwargs": dict(kwargs)}:
                    seen = calls.call(name, args, kwargs)
                    answer = {"refused": seen.text} if seen.failed else {"data": seen.data}
                    channel.send(answer, deadline + calls.seconds)
                case {"kind": "done", "value": str(value), "error": str(error), "dropped": int(dropped)}:
                    printed.drop(dropped)
                    return value, error, message.get("spent") is True
                case _:
                    raise unruly()

    def _open(self) -> Child:
        """A child ready for its first block."""
        child = self._start()
        deadline = time.monotonic() + _START_S
        try:
            child.channel.send(self._setup, deadline)
            child.channel.receive(deadline)
        except Lost as lost:
            raise BadInput(f"the sandbox cannot be started here: {child.end() or lost}") from lost
        return child


def _setup(tools: Mapping[str, Tool], as_of: datetime, limits: Limits) -> dict[str, Any]:
    """What a child is told before its first block."""
    return {
        "tools": list(tools),
        "as_of": as_of.isoformat(),
        "memory_mb": limits.memory_mb,
        "seconds": limits.seconds,
        "recursion": limits.recursion,
        "output_chars": limits.output_chars,
        "value_chars": limits.value_chars,
    }
