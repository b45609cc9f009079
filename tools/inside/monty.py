"""The process between the host and a Monty worker: it, and not the host, holds the values that hostile code makes.

A set of tuples can be built that takes years to hash, a list whose text is longer than the universe: turning such
values into Python objects must not happen in a process that anybody needs.
"""

from __future__ import annotations

import functools
import resource
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Any

from pydantic_monty import ExternalModule, Monty, MontyError, MontyRuntimeError, MontySession, MontySyntaxError

from tools.inside.calculations import CALCULATIONS, STATISTICS
from tools.inside.protocol import Host, connect
from tools.inside.tracebacks import Place, render

_UNBOUNDED = 2**31 - 1
_OWN_MEMORY = 2**30
_GRACE_S = 2.0
_LIMITS = {
    "TimeoutError: feed time limit exceeded": "TimeoutError: the code was stopped after {seconds:g} s.",
    "MemoryError: memory limit exceeded": "MemoryError: the code used more than {memory_mb} MB.",
    "MemoryError: the worker exceeded its memory limit": "MemoryError: the code used more than {memory_mb} MB.",
}
_HINTS = {
    "NotImplementedError": "Write it another way: a list instead of a generator, functions or a dataclass instead of a "
    "class hierarchy, d.pop(key) instead of del; call tools outside of sort keys, map and filter.",
    "ModuleNotFoundError": "There is no such module here: use what you were told of.",
}


def main() -> None:
    """Serve the host until it goes."""
    host = connect()
    with Monty(min_processes=1, max_processes=2) as pool, ExitStack() as sessions:
        while (message := host.receive()) is not None:
            if "setup" in message:
                setup = message["setup"]
                sessions.close()
                session = sessions.enter_context(_session(pool, setup))
                given: dict[str, Callable[..., Any]] = dict(CALCULATIONS)
                given |= {name: _tool(host, name) for name in setup["tools"]}
                host.send("ready")
            elif "rest" in message:
                sessions.close()
                host.send("ready")
            else:
                host.begin(message["block"], setup["output_chars"], setup["value_chars"])
                signal.setitimer(signal.ITIMER_PROF, setup["seconds"] + _GRACE_S)  # ends this process where it hangs
                _run(host, session, message["code"], given, setup)
                signal.setitimer(signal.ITIMER_PROF, 0)


def _session(pool: Monty, setup: Mapping[str, Any]) -> MontySession:
    memory = setup["memory_mb"] * 2**20
    with suppress(ValueError, OSError):  # where the system refuses, the worker's own limit is left
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (2 * memory + _OWN_MEMORY, most))
    as_of = datetime.fromisoformat(setup["as_of"])
    return pool.checkout(
        limits={
            "max_feed_duration_secs": setup["seconds"],
            "max_memory": memory,
            "max_recursion_depth": setup["recursion"],
            "max_suspensions": _UNBOUNDED,
        },
        os_policy={
            "datetime": as_of,
            "timezone": "utc",
            "sleep": "zero",
            "process_time": "zero",
            "random_start": {"seed": int(as_of.timestamp())},
        },
        external_modules={"statistics": ExternalModule(dict(STATISTICS))},
    )


def _tool(host: Host, name: str) -> Callable[..., Any]:
    return lambda *args, **kwargs: host.call(name, args, kwargs)


def _run(
    host: Host, session: MontySession, code: str, given: dict[str, Callable[..., Any]], setup: Mapping[str, Any]
) -> None:
    """Run one block. A session is spent once a limit stopped it or its worker died."""
    try:
        value = session.feed_run(code, external_lookup=given, print_callback=functools.partial(_print, host))
        host.done("" if value is None else repr(value))
    except (MontySyntaxError, MontyRuntimeError) as error:
        message = error.display("type-msg")
        reached = next((said for start, said in _LIMITS.items() if message.startswith(start)), None)
        said = _hinted(message) if reached is None else reached.format(**setup)
        host.done("", render(_places(error), said), spent=reached is not None)
    except MontyError:
        host.done("", "The program that ran the code died of it.", spent=True)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        host.done("", f"The last expression's value cannot be shown ({error}): print what you want to see.")


def _print(host: Host, _stream: str, text: str) -> None:
    host.print(text)


def _places(error: MontySyntaxError | MontyRuntimeError) -> list[Place]:
    return [
        Place(frame.filename, frame.line, (frame.function_name or "").replace("<module>", ""), frame.source_line or "")
        for frame in error.traceback()
    ]


def _hinted(message: str) -> str:
    hint = _HINTS.get(message.split(":")[0])
    return message if hint is None else f"{message}\n{hint}"
