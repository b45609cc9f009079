"""The host's end of the pipe to a process that runs model-written code, where every byte may be an attack.

A line is at most `MAX_LINE_BYTES` of JSON; both directions have a deadline; anything else ends the process.
"""

from __future__ import annotations

import json
import math
import os
import re
import select
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from tools.inside.protocol import MAX_LINE_BYTES

_CHUNK = 65_536
_MAX_DIGITS = 20
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Lost(Exception):
    """A process can no longer be spoken to; the message says why. Never leaves the sandbox that the process is for."""


class Channel:
    """Messages to and from a process, over its standard input and output; raises `Lost` where that ends.

    Deadlines are moments of `time.monotonic()`.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process has no pipes")
        self._into = process.stdin.fileno()
        self._out_of = process.stdout.fileno()
        self._received = bytearray()
        os.set_blocking(self._into, False)
        os.set_blocking(self._out_of, False)

    def send(self, message: Mapping[str, Any], deadline: float) -> None:
        """Send one message whole."""
        data = memoryview(json.dumps(message).encode() + b"\n")
        while data:
            _wait(self._into, select.POLLOUT, deadline)
            try:
                data = data[os.write(self._into, data[:_CHUNK]) :]
            except BrokenPipeError as error:
                raise _gone() from error

    def receive(self, deadline: float) -> dict[str, Any]:
        """The next message."""
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            if searched > MAX_LINE_BYTES:
                raise unruly()
            _wait(self._out_of, select.POLLIN, deadline)
            chunk = os.read(self._out_of, _CHUNK)
            if not chunk:
                raise _gone()
            self._received += chunk
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        try:
            return _parsed(line)
        except (ValueError, RecursionError) as error:
            raise unruly() from error


def unruly() -> Lost:
    """What is raised for a message that the protocol does not have."""
    return Lost("The program that ran the code was ended: it did not keep to its protocol.")


def _gone() -> Lost:
    return Lost("The program that ran the code died of it.")


def _wait(file: int, event: int, deadline: float) -> None:
    left = deadline - time.monotonic()
    poll = select.poll()
    poll.register(file, event)
    if left <= 0 or not poll.poll(left * 1000):
        raise Lost("TimeoutError: the code was stopped because its time was up.")


def _parsed(line: bytes) -> dict[str, Any]:
    """The message that a line holds. Raises ValueError or RecursionError for any other line."""
    if _LONE_SURROGATE.search(line):
        raise ValueError("an escaped surrogate")
    message = json.loads(line, parse_constant=_refused, parse_int=_integer, parse_float=_finite)
    if not isinstance(message, dict):
        raise ValueError("a message that is no object")
    return message


def _refused(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("an integer of too many digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number
