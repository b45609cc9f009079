"""The process that runs model-written code in full Python, inside the jail that `tools/bubblewrap.py` builds."""

from __future__ import annotations

import ast
import io
import linecache
import resource
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

from tools.inside.calculations import CALCULATIONS
from tools.inside.clock import freeze
from tools.inside.protocol import Host, connect
from tools.inside.tracebacks import Place, render

_OWN_MEMORY = 512 * 2**20
_BLOCKS_OF_CPU = 100


def main() -> None:
    """Serve the host until it goes."""
    host = connect()
    names: dict[str, Any] = {"__name__": "__main__", **CALCULATIONS}
    number = 0
    while (message := host.receive()) is not None:
        if "setup" in message:
            setup = message["setup"]
            _limit(setup)
            freeze(datetime.fromisoformat(setup["as_of"]))
            sys.stdout = sys.stderr = _Printed(host)
            names |= {name: _tool(host, name) for name in setup["tools"]}
            host.send("ready")
        else:
            number += 1
            host.begin(message["block"], setup["output_chars"], setup["value_chars"])
            _run(host, message["code"], f"<block {number}>", names)


def _limit(setup: Mapping[str, Any]) -> None:
    """Give up for good what code could use too much of. No process or thread can be started at all."""
    memory = setup["memory_mb"] * 2**20
    for what, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_AS, memory + _OWN_MEMORY),
        (resource.RLIMIT_CPU, int(setup["seconds"] * _BLOCKS_OF_CPU) + 1),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        _, already = resource.getrlimit(what)
        limit = most if already == resource.RLIM_INFINITY else min(most, already)
        resource.setrlimit(what, (limit, limit))
    sys.setrecursionlimit(setup["recursion"])


def _tool(host: Host, name: str) -> Callable[..., Any]:
    def tool(*args: Any, **kwargs: Any) -> Any:
        return host.call(name, args, kwargs)

    tool.__name__ = tool.__qualname__ = name
    return tool


class _Printed(io.TextIOBase):
    """Standard output and error: what is printed goes to the host at once, so that it outlives this process."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def write(self, text: str) -> int:
        self._host.print(text)
        return len(text)


class _Outcome:
    """What became of a block: its value, and the exception that ended it, whatever that was."""

    value = ""
    error: BaseException | None = None

    def __enter__(self) -> _Outcome:
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: TracebackType | None) -> bool:
        self.error = error
        return True


def _run(host: Host, code: str, block: str, names: dict[str, Any]) -> None:
    """Run one block; the value is that of its last line, where that is an expression."""
    linecache.cache[block] = (len(code), None, code.splitlines(keepends=True), block)
    with _Outcome() as outcome:
        tree = ast.parse(code, block)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, block, "exec"), names)  # noqa: S102 - what this process is for
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), block, "eval"), names)  # noqa: S307
            outcome.value = "" if value is None else repr(value)
    host.done(outcome.value, "" if outcome.error is None else _error_text(outcome.error, block))


def _error_text(error: BaseException, block: str) -> str:
    message = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, SyntaxError) and error.filename == block:
        return render([Place(block, error.lineno or 0, "", error.text or "")], message)
    places = [
        Place(frame.filename, frame.lineno or 0, frame.name.replace("<module>", ""), frame.line or "")
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith("<block ")
    ]
    return render(places, message)
