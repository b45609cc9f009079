"""The default sandbox: Monty, an interpreter of its own for a subset of Python, in a worker process.

It has no file system, network, environment or processes to give away; its clock stands still, its random numbers are
seeded, and memory, time and recursion are limited in the worker. Between worker and host stands one more process, with
an empty environment, that may hang or die of what hostile code sends.
"""

from __future__ import annotations

import atexit
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
_REST_S = 1.0
_MAIN = "import sys; sys.path.append(sys.argv[1]); from tools.inside.monty import main; main()"

_idle: list[Child] = []
_lock = threading.Lock()


def open_monty(tools: Mapping[str, Tool], as_of: datetime, limits: Limits) -> Sandbox:
    """A session in Monty. Processes are started when first needed and used again by later sandboxes."""
    return ChildSandbox(tools, as_of, limits, start=_take, give_back=_give_back)


def _take() -> Child:
    """An idle process, or a new one."""
    with _lock:
        while _idle:
            child = _idle.pop()
            if child.process.poll() is None:
                return child
            child.end()
    command = [sys.executable, "-P", "-s", "-c", _MAIN, str(_ROOT)]
    return Child(
        subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
            command,
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
    try:
        child.channel.send({"rest": True}, time.monotonic() + _REST_S)
    except Lost:
        child.end()
        return
    with _lock:
        if len(_idle) < _MAX_IDLE:
            _idle.append(child)
            return
    child.end()


@atexit.register
def _end() -> None:
    with _lock:
        while _idle:
            _idle.pop().end()
