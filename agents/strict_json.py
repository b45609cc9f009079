"""The one JSON object of a model's reply, read strictly: what is not exactly that is refused with the reason."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

MAX_CHARACTERS = 100_000
"""A reply longer than this is no answer to a forecasting question, whatever it holds."""

_FENCE = re.compile(r"^```json[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_OPENING = re.compile(r"^```json\b", re.MULTILINE)


def only_object(text: str) -> dict[str, Any]:
    """The JSON object that the reply is, or that its only fenced ```json block holds.

    Whole numbers come as floats too. Raises ValueError with a reason, one clause for the model to read, where there is
    no object, or more than one, where a key is given twice, a number is NaN or Infinity, or the reply is longer than
    MAX_CHARACTERS.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"it is {len(text)} characters long, and an answer has at most {MAX_CHARACTERS}")
    content = text.strip()
    if not content:
        raise ValueError("it is empty")
    if content.startswith("{"):
        return _object(content)
    blocks = _FENCE.findall(content)
    if len(blocks) < len(_OPENING.findall(content)):
        raise ValueError("its JSON block is not closed, so it may have been cut off")
    if len(blocks) != 1:
        found = f"it holds {len(blocks)} JSON blocks" if blocks else "it holds no JSON object"
        raise ValueError(f"{found}, and an answer is exactly one")
    return _object(blocks[0].strip())


def _object(content: str) -> dict[str, Any]:
    decoder = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_int=float, parse_constant=_no_constant)
    try:
        found, end = decoder.raw_decode(content)
    except json.JSONDecodeError as error:
        raise ValueError(f"its JSON is broken at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise ValueError("its JSON is nested too deeply") from error
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
