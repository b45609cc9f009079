"""The default sandbox: Monty, an interpreter of its own for a subset of Python, in a worker process.

It has no file system, network, environment or processes to give away; its clock stands still, its random numbers are
seeded, and memory, time and recursion are limited in the worker. Between worker and host stands one more process, with
an empty environment, that may hang or die of what hostile code sends.
"""

from __future__ import annotations

import atexit
import functools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tools.blocks import Limits, Sandbox
from tools.channel import Lost
from tools.child import Child, ChildSandbox
from tools.tool import Tool

_ROOT = Path(__file__).resolve().parent.parent
_MAX_IDLE = 4
_REST_S = 2.0
_MAIN = "import sys; sys.path.append(sys.argv[1]); from tools.inside.monty import main; main()"

_idle: list[Child] = []
_lock = threading.Lock()


def open_monty(tools: Mapping[str, Tool], as_of: datetime, limits: Limits) -> Sandbox:
    """A session in Monty. Processes are started when first needed and used again by later sandboxes."""
    return ChildSandbox(tools, as_of, limits, start=_take, give_back=_give_back)


def _take() -> Child:
    """An idle process, or a new one."""
    while True:
        with _lock:
            child = _idle.pop() if _idle else None
        if child is None:
            return _start()
        if _rested(child):
            return child


def _start() -> Child:
    _tidy_at_the_end()
    return Child(
        subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
            [sys.executable, "-P", "-s", "-c", _MAIN, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"LC_ALL": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
        )
    )


def _give_back(child: Child) -> None:
    """Keep a process for later, wiped of what the sandbox left in it."""
    if _rested(child):
        with _lock:
            kept = len(_idle) < _MAX_IDLE
            if kept:
                _idle.append(child)
        if not kept:
            child.end()


def _rested(child: Child) -> bool:
    """Whether a process has forgotten its session and listens; one that does not is ended."""
    deadline = time.monotonic() + _REST_S
    try:
        child.channel.send({"rest": True}, deadline)
        child.channel.receive(deadline)
    except Lost:
        child.end()
        return False
    return True


@functools.cache
def _tidy_at_the_end() -> None:
    atexit.register(_end)
    os.register_at_fork(after_in_child=_idle.clear)  # a child process has pipes to idle processes, but not the right


def _end() -> None:
    with _lock:
        while _idle:
            _idle.pop().end()
