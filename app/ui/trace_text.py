"""The steps of a trace as people read them: words, code and tables of arguments, never raw JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from db.traces import TraceStep

_FENCE = re.compile(r"```[ \t]*(\w*)[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_CODE_ARGUMENTS = ("code", "source", "script")
LONG = 1500
"""Characters above which a text is shown folded."""

TITLES = {
    "prompt": ("What the model was sent", ":material/outgoing_mail:"),
    "reply": ("What the model said", ":material/psychology:"),
    "tool_call": ("Calls", ":material/build:"),
    "observation": ("Result", ":material/fact_check:"),
    "failure": ("Ends without an answer", ":material/error:"),
}
"""Title and icon of each kind of step."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a step: `words` as they stand, `code` in a language ("" where it is not known), or the `fields` of an
    answer that was given as JSON, whose names and values are in `rows`."""

    kind: Literal["words", "code", "fields"]
    text: str
    language: str = ""
    rows: tuple[tuple[str, str], ...] = ()


def parts_of(text: str) -> list[Part]:
    """A text cut at its fenced blocks of code, blank pieces left out; a fence that is not closed runs to the end."""
    found, end = [], 0
    for block in _FENCE.finditer(text):
        language = block[1].lower()
        code = Part("code", block[2].rstrip(), language)
        found += [_words(text[end : block.start()]), _fields(code) if language in ("", "json") else code]
        end = block.end()
    found.append(_words(text[end:]))
    return [part for part in found if part.text]


def _words(text: str) -> Part:
    return _fields(Part("words", text.strip()))


def _fields(part: Part) -> Part:
    """The part as fields where its text is a JSON object, else as it is."""
    if not part.text.startswith("{"):
        return part
    try:
        content = json.loads(part.text)
    except (ValueError, RecursionError):
        return part
    return Part("fields", part.text, rows=tuple(argument_rows(content)))


def title_of(number: int, step: TraceStep) -> str:
    """`3 · Calls get_events`, counted from 1."""
    title, _ = TITLES[step.kind]
    if step.kind == "tool_call":
        title = f"Calls {step.tool}"
    elif step.kind == "observation":
        title = f"Result of {step.tool}" if step.tool else "Note"
    return f"{number + 1} · {title}"


def facts_of(step: TraceStep) -> list[str]:
    """What the step took, and how new the newest row is that it showed."""
    found = []
    if tokens := step.prompt_tokens + step.completion_tokens:
        found.append(f"{tokens:,} tokens")
    if step.seconds >= 0.05:
        found.append(f"{step.seconds:.1f} s")
    if step.cost_usd:
        found.append(f"${step.cost_usd:.4f}")
    if step.cached:
        found.append("from the call log")
    if step.latest_added_at is not None:
        found.append(f"newest row known {step.latest_added_at:%Y-%m-%d %H:%M} UTC")
    return found


def code_arguments(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The arguments that are code, to be shown as such."""
    return {name: value for name, value in arguments.items() if name in _CODE_ARGUMENTS and isinstance(value, str)}


def argument_rows(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The other arguments, each with its value in words."""
    code = code_arguments(arguments)
    return [(name.replace("_", " "), in_words(value)) for name, value in arguments.items() if name not in code]


def in_words(value: Any) -> str:
    """A value without brackets and quotes: lists joined by commas, mappings as `key: value`, in lists by value."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {in_words(found)}" for name, found in value.items()) or "empty"
    if isinstance(value, Sequence) and not isinstance(value, str):
        if value and all(isinstance(item, Mapping) for item in value):
            return "; ".join(" ".join(map(in_words, item.values())) for item in value)
        return ", ".join(map(in_words, value)) or "empty"
    return f"{value:g}" if isinstance(value, float) else str(value)
