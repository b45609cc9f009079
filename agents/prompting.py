"""Prompts: Markdown templates in `agents/prompts/`, rendered with an exact-field check and known by their hash.

A field is written `{{name}}`. Values are put in once and never read again as templates, so text from outside cannot
name a field.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files

_FIELD = re.compile(r"\{\{(\w+)\}\}")


@cache
def template(name: str) -> str:
    """The text of `agents/prompts/<name>.md` without its final newline; FileNotFoundError where there is none."""
    return files("agents").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8").removesuffix("\n")


def render(name: str, **fields: str) -> str:
    """The template with its fields filled in.

    Raises ValueError unless `fields` are exactly those that the template names: a missing one would reach the model as
    a hole, an unused one means that somebody believes the model was told something that it was not.
    """
    text = template(name)
    wanted = set(_FIELD.findall(text))
    if wanted != set(fields):
        missing, unused = sorted(wanted - set(fields)), sorted(set(fields) - wanted)
        raise ValueError(f"prompt {name!r}: missing fields {missing}, unused fields {unused}")
    return _FIELD.sub(lambda field: fields[field[1]], text)


def prompt_hash(*names: str) -> str:
    """The SHA-256, 64 hex digits, of these templates' names and texts, in any order."""
    content = "\0".join(f"{name}\0{template(name)}" for name in sorted(set(names)))
    return hashlib.sha256(content.encode()).hexdigest()
