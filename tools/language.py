"""What a model is told about the Python that runs its code, so that it writes what runs."""

from __future__ import annotations

import importlib.util
import inspect
import platform
from collections.abc import Mapping
from typing import Literal

from tools.blocks import Limits
from tools.inside.calculations import CALCULATIONS
from tools.tool import Tool

Kind = Literal["monty", "bubblewrap"]

_BOTH = """\
The value of the last line is shown if it is an expression; print() shows anything else. Names live on from one block
to the next. The clock stands still at the information cut-off. There are no files, no network, no environment variables
and no other processes. A tool that refuses a call raises ValueError and says why: change the call.
A block may run {seconds:g} seconds without its tool calls, use {memory_mb} MB and call tools {tool_calls} times;
{output_chars:,} characters of what it prints are shown."""

_MONTY = """\
Your code runs in Monty, a subset of Python 3.14. These modules exist, and no others: {modules}.
It lacks: yield; class inheritance (also of Exception, Enum, NamedTuple); property, classmethod, staticmethod;
del; try/except*; `from m import *`; numpy, pandas and whatever else must be installed;
open(), input(), globals(), dir(), callable().
Write lists instead of generators, d.pop(k) instead of del d[k], and dictionaries, functions or @dataclass instead of
class hierarchies. date.isocalendar(), date.toordinal() and datetime.utcnow() are missing.
Generator expressions are built whole at once: never make an endless one.
Tools cannot be called from inside a sort key, map, filter or __repr__: call them in a loop or comprehension."""

_PYTHON = """\
Your code runs in Python {version} with its standard library{numpy}. Threads, subprocesses and sockets cannot be
started, and nothing can be written to disk."""

MONTY_MODULES = (
    "asyncio",
    "base64",
    "binascii",
    "bisect",
    "collections",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "math",
    "os",
    "pathlib",
    "random",
    "re",
    "statistics",
    "sys",
    "time",
    "tomllib",
    "typing",
    "unicodedata",
)
"""The modules that code in Monty can import; `os`, `sys` and `pathlib` only name things there."""


def language_notes(kind: Kind, limits: Limits | None = None) -> str:
    """What the language of a sandbox has and lacks, and what the limits are."""
    if kind == "monty":
        own = _MONTY.format(modules=", ".join(MONTY_MODULES))
    else:
        numpy = " and numpy" if importlib.util.find_spec("numpy") else ""
        own = _PYTHON.format(version=".".join(platform.python_version_tuple()[:2]), numpy=numpy)
    limits = limits or Limits()
    return "\n".join([own, _BOTH.format(**{name: getattr(limits, name) for name in Limits.__slots__})])


def describe(kind: Kind, tools: Mapping[str, Tool], limits: Limits | None = None) -> str:
    """The text for a model that writes code: the language, the tools and the calculations, each with its signature."""
    offered = [_entry(tool.signature, tool.description) for tool in tools.values()]
    calculations = [
        _entry(f"{name}{inspect.signature(function)}".replace("'", ""), inspect.getdoc(function) or "")
        for name, function in CALCULATIONS.items()
        if name not in tools
    ]
    parts = ["## The language", language_notes(kind, limits)]
    if offered:
        parts += ["## Tools, called as functions", *offered]
    return "\n\n".join([*parts, "## Calculations, called as functions", *calculations])


def _entry(signature: str, documentation: str) -> str:
    indented = "\n".join(f"    {line}".rstrip() for line in documentation.splitlines())
    return f"{signature}\n{indented}"
