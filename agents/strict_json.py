"""The one JSON object of a model's reply, read strictly: what is not exactly that is refused with the reason."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

MAX_CHARACTERS = 100_000
"""A reply longer than this, its thinking aside, is no answer to a forecasting question, whatever it holds."""

_THINKING, _THOUGHT = "<think>", "</think>"
_FENCE = re.compile(r"^```json[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_OPENING = re.compile(r"^```json\b", re.MULTILINE)
_FENCED_OBJECT = re.compile(r"(?:(?<!`)`{3,}+|(?<!~)~{3,}+)[ \t]*+[\w+.-]*+[\s>]*+\{")
"""An object in any fence that Markdown has: indented, quoted, of tildes, called JSON or json5 or nothing."""


def only_object(text: str) -> dict[str, Any]:
    """The JSON object that the reply is, or that its only fenced ```json block holds.

    What a model thought aloud before is not looked at (`without_thinking`). Whole numbers come as floats too. Raises
    ValueError with a reason, one clause for the model to read, where there is no object, or more than one, in fences of
    whatever form, where a key is given twice, a number is NaN or Infinity, or the reply is longer than MAX_CHARACTERS.
    """
    content = without_thinking(text)
    if len(content) > MAX_CHARACTERS:
        raise ValueError(f"it is {len(content)} characters long, and an answer has at most {MAX_CHARACTERS}")
    if not content:
        endless = _THINKING in text and _THOUGHT not in text
        raise ValueError("its thinking does not end, so it may have been cut off" if endless else "it is empty")
    if content.startswith("{"):
        return _object(content)
    return _object(_only_block(content))


def without_thinking(text: str) -> str:
    """The reply without the `<think>…</think>` that reasoning models served without a parser put before it, stripped.

    Nothing is left where the thinking does not end.
    """
    content = text.strip()
    return content.partition(_THOUGHT)[2].strip() if content.startswith(_THINKING) else content


def holds_object(text: str) -> bool:
    """Whether a fenced block, of whatever form, holds a JSON object or is called one."""
    return bool(_FENCED_OBJECT.search(text) or _OPENING.search(text))


def _only_block(content: str) -> str:
    """What the reply's only ```json block holds, where no other block holds an object."""
    openings = len(_OPENING.findall(content))
    objects = len(_FENCED_OBJECT.findall(content))
    if not openings:
        if objects:
            raise ValueError("its JSON block does not open with ```json on a line of its own")
        raise ValueError("it holds no JSON object, and an answer is exactly one")
    blocks = _FENCE.findall(content) if openings == 1 else []
    others = objects - sum(block.lstrip().startswith("{") for block in blocks)
    if openings > 1 or (blocks and others):
        raise ValueError("it holds more than one JSON block, and an answer is exactly one")
    if not blocks:
        raise ValueError("its JSON block is not closed, so it may have been cut off")
    return str(blocks[0]).strip()


def _object(content: str) -> dict[str, Any]:
    decoder = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_int=float, parse_constant=_no_constant)
    try:
        found, end = decoder.raw_decode(content)
        json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ValueError(f"its JSON is broken at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise ValueError("its JSON is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise ValueError("its JSON holds half of a character, a surrogate without its pair") from error
    if content[end:].strip():
        raise ValueError("more text follows its JSON object, and an answer is that object alone")
    if not isinstance(found, dict):
        raise ValueError(f"it is a JSON {type(found).__name__}, not an object")
    return found


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"its JSON gives the key {twice[:80]!r} twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
