"""An error as a model can act on it: the innermost places in its own code, each with line number and text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_MAX_FRAMES = 6


class Place(NamedTuple):
    """A place in a block of code; `block` is how the interpreter names it, `function` "" at the top level."""

    block: str
    line: int
    function: str
    source: str


def render(places: Sequence[Place], message: str) -> str:
    """A short traceback. The first place is in the block that was running."""
    lines = ["Traceback (most recent call last):"] if places else []
    shown = places if len(places) <= _MAX_FRAMES else [places[0], *places[1 - _MAX_FRAMES :]]
    for at, place in enumerate(shown):
        if at == 1 and len(shown) < len(places):
            lines.append(f"  ... {len(places) - len(shown)} more calls ...")
        where = f" of {place.function}" if place.function else ""
        earlier = " (an earlier block)" if place.block != places[0].block else ""
        lines.append(f"  line {place.line}{where}{earlier}: {place.source.strip()}")
    return "\n".join([*lines, message])
