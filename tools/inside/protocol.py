"""The child's end of the pipe to its host: one JSON object a line, each way; never anything that runs when it is read.

The host says `{"setup": {...}}`, is answered `ready`, then says `{"block": token, "code": ...}`. While the block runs,
the child says `print` and `call`, is answered `{"data": ...}` or `{"refused": sentence}` to each call, and ends with
`done`. All that a child says carries the token of the block that it belongs to.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO

MAX_LINE_BYTES = 2**22
_MAX_ITEMS = 100_000
_MAX_DEPTH = 20
_MAX_INT = 2**63
_MARK_CHARS = 50
_CHUNK = 10_000


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with a mark that says how many were left out."""
    if len(text) <= limit:
        return text
    kept = max(limit - _MARK_CHARS, 0)
    return f"{text[:kept]}\n[{len(text) - kept:,} more characters were cut off]"


class Host:
    """The host, seen from the child."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests = requests
        self._replies = replies
        self._block = ""
        self._value_chars = 0
        self._left = 0
        self._dropped = 0

    def receive(self) -> dict[str, Any] | None:
        """What the host says next; None when it has gone."""
        line = self._requests.readline()
        if not line:
            return None
        message: dict[str, Any] = json.loads(line)
        return message

    def send(self, kind: str, **fields: Any) -> None:
        """Say something to the host."""
        message = json.dumps({"kind": kind, "block": self._block, **fields}, ensure_ascii=False)
        self._replies.write(message.encode("utf-8", "replace") + b"\n")
        self._replies.flush()

    def begin(self, block: str, output_chars: int, value_chars: int) -> None:
        """A block of code begins, of which so much will be shown."""
        self._block, self._value_chars, self._left, self._dropped = block, value_chars, output_chars, 0

    def print(self, text: str) -> None:
        """What the block prints: sent as far as it is wanted, the rest counted."""
        shown = text[: self._left]
        self._left -= len(shown)
        self._dropped += len(text) - len(shown)
        for at in range(0, len(shown), _CHUNK):
            self.send("print", text=shown[at : at + _CHUNK])

    def call(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The data that a tool answers with. Raises ValueError with a sentence where it refuses."""
        budget = _Budget()
        given = [_plain(value, f"number {at}", budget) for at, value in enumerate(args, 1)]
        named = {str(key): _plain(value, str(key), budget) for key, value in kwargs.items()}
        self.send("call", name=name, args=given, kwargs=named)
        answer = self.receive()
        if answer is None:
            raise SystemExit
        if "refused" in answer:
            raise ValueError(answer["refused"])
        return answer["data"]

    def done(self, value: str, error: str = "", *, spent: bool = False) -> None:
        """The block has ended, with an error or without (""); `spent` says that this process cannot go on."""
        limit = self._value_chars
        self.send("done", value=cut(value, limit), error=cut(error, limit), dropped=self._dropped, spent=spent)
        self._left = 0  # what a destructor prints between blocks belongs to none


def connect() -> Host:
    """The host on the pipes that this process was started with; nothing else can write to them by accident."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    return Host(os.fdopen(requests, "rb"), os.fdopen(replies, "wb"))


class _Budget:
    """How much data the arguments of a call may still hold."""

    def __init__(self) -> None:
        self._left = _MAX_ITEMS

    def spend(self, items: int, name: str) -> None:
        self._left -= items
        if self._left < 0:
            raise ValueError(f"argument {name} is too large for a tool")


def _plain(value: Any, name: str, budget: _Budget, depth: int = 0) -> Any:
    """A copy of `value` in plain JSON types: dates become their ISO text; tuples, sets and arrays become lists."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"argument {name} is nested too deeply for a tool")
    budget.spend(len(value) if isinstance(value, str) else 1, name)
    if _is_plain(value):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {_key(key, name, budget): _plain(item, name, budget, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, name, budget, depth + 1) for item in value]
    if isinstance(value, set | frozenset):
        return _plain(sorted(value, key=str), name, budget, depth + 1)
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), name, budget, depth + 1)
    raise ValueError(f"argument {name} must be text, a finite number, a list or a dictionary, not {_kind(value)}")


def _key(key: Any, name: str, budget: _Budget) -> str:
    plain = str(key)
    budget.spend(len(plain), name)
    return plain


def _is_plain(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) < _MAX_INT
    return value is None or isinstance(value, str) or (isinstance(value, float) and math.isfinite(value))


def _kind(value: Any) -> str:
    return str(value) if isinstance(value, float) else f"a {type(value).__name__}"
