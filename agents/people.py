"""Whose numbers stand beside the crowd: recorded and scored like a member's, and never pooled as one of its answers."""

from __future__ import annotations

import re

from agents.answer_forms import one_line
from db.errors import BadInput
from db.records import HUMAN as HUMAN

MARKET = "market:"
"""Before a market's or tournament's name: its price or community prediction, such as `market:metaculus`."""
SELF = "me"
"""The name of a person who gives none."""
UNAIDED = "+unaided"
"""After a person's name: what that person said before any help."""
SUPERVISOR = "supervisor:"
"""Before a model's name: what it said after reading the members' numbers."""
SHOWN = "+shown"
"""After a member's name: its update once it was shown what people said."""


def stands_apart(member: str) -> bool:
    """Whether the forecasts recorded under this name are no answer of the crowd's.

    A person's number, a market's price, a member's update after either and a supervisor's verdict each know something
    that the members did not, so that pooling them as equals would count it twice.
    """
    return member.startswith((HUMAN, MARKET, SUPERVISOR)) or member.endswith(SHOWN)


_NAME = re.compile(r"[\w.@-]{1,64}")


def person(name: str) -> str:
    """The member that stands for a person; raises BadInput unless `name` is letters, digits and . _ @ - up to 64."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name[:80]!r} is no name for a person here: use up to 64 letters, digits and . _ @ -")
    return HUMAN + name


def called(member: str) -> str:
    """Who said a number, as a model is told: a person stays nameless, a market does not."""
    if member.startswith(MARKET):
        return f"the market or community of {one_line(member.removeprefix(MARKET))}"
    return "a person"
