"""The sandbox for model-written code: it runs blocks of Python with nothing in reach but the tools it is opened over.

    with open_sandbox(tools, as_of=snapshot.as_of) as sandbox:
        result = sandbox.run("count_events(head_entities=['CHN'])")

Two kinds. `monty`, the default, runs a subset of Python in an interpreter that was built to run what nobody trusts.
`bubblewrap` runs full Python in a jail of the operating system, where the program bwrap exists. Either way the code is
in another process, sees the tools as functions, and gets copies of what they answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from db.errors import BadInput
from tools.blocks import Limits, Sandbox, SandboxResult, ToolCall
from tools.bubblewrap import open_bubblewrap
from tools.language import Kind, describe, language_notes
from tools.monty import open_monty
from tools.tool import Tool

__all__ = [
    "Kind",
    "Limits",
    "Sandbox",
    "SandboxResult",
    "ToolCall",
    "describe",
    "language_notes",
    "open_sandbox",
]

_DEFAULT = Limits()


@contextmanager
def open_sandbox(
    tools: Mapping[str, Tool], *, as_of: datetime, kind: Kind = "monty", limits: Limits = _DEFAULT
) -> Iterator[Sandbox]:
    """A sandbox in which `tools` are functions and the clock stands still at `as_of`.

    Opening takes some 0.2 s, less once one was open; `Sandbox.run` blocks its thread until the code ends. Raises
    BadInput for a naive `as_of`, an unknown kind, and where that kind of sandbox cannot be made.
    """
    if as_of.tzinfo is None:
        raise BadInput(f"as_of {as_of} has no time zone: give one, such as {as_of}+00:00")
    kinds = {"monty": open_monty, "bubblewrap": open_bubblewrap}
    if kind not in kinds:
        raise BadInput(f"sandbox kind {kind!r} is not one of {', '.join(kinds)}")
    sandbox = kinds[kind](tools, as_of.astimezone(UTC), limits)
    try:
        yield sandbox
    finally:
        sandbox.close()
