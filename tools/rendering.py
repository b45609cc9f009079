"""Words for models within a token budget: what does not fit is counted, never silently dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.tool import Answer

BYTES_PER_TOKEN = 4
"""The rule by which tokens are estimated: four bytes of UTF-8 each, close for English, generous for other scripts."""
LEAST_TOKENS = 100
"""The smallest budget: a heading, a note and the line that says how much is left out."""

_MARKER_BYTES = 50  # room kept for the line that says how much is left out
_ELLIPSIS = "…"


def tokens_of(text: str) -> int:
    """The estimated number of tokens of a text, rounded up."""
    return -(-_size(text) // BYTES_PER_TOKEN)


def render(answer: Answer[Any], budget_tokens: int) -> str:
    """The answer in words, at most `budget_tokens` long: heading, the lines that fit, "… n more", and the note.

    A first line that is too long by itself, such as the text of an article, is cut and says how much is missing.
    """
    budget = budget_tokens * BYTES_PER_TOKEN
    heading = clip(answer.heading, budget // 2 if answer.lines else budget)
    room = budget - _size(heading)
    note = answer.note if _size(answer.note) + 1 + _MARKER_BYTES <= room else ""
    lines = _fitting(answer.lines, room - _size(note) - 1)
    return "\n".join(part for part in (heading, *lines, note) if part)


def counted(number: int, noun: str) -> str:
    """A number and its noun: "1 event", "2 events"."""
    return f"{number} {noun}{'s' * (number != 1)}"


def clip(text: str, limit_bytes: int) -> str:
    """The text itself, or as much of its beginning as fits in `limit_bytes` of UTF-8 together with an ellipsis."""
    if _size(text) <= limit_bytes:
        return text
    kept = text.encode("utf-8", "replace")[: max(limit_bytes - _size(_ELLIPSIS), 0)]
    return kept.decode("utf-8", "ignore") + _ELLIPSIS


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """The first lines that fit in `room` bytes, each after a line break, and how much more there is."""
    if sum(_size(line) + 1 for line in lines) <= room:
        return list(lines)
    room -= _MARKER_BYTES
    if _size(lines[0]) >= room:
        cut = clip(lines[0], max(room - 1, 0))
        further = f", {counted(len(lines) - 1, 'more line')}" if len(lines) > 1 else ""
        return [cut, f"{_ELLIPSIS} {len(lines[0]) - len(cut) + 1} more characters{further}"]
    shown: list[str] = []
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            break
        shown.append(line)
    return [*shown, f"{_ELLIPSIS} {len(lines) - len(shown)} more"]


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
