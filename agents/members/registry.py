"""The members by name. A member is built by a function (name, FitCache) -> Member, resolved on use."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from db.errors import UnknownName

if TYPE_CHECKING:
    from agents.members.fits import FitCache
    from agents.members.protocol import Member

MEMBERS: dict[str, str] = {
    name: "agents.members.statistical:build"
    for name in (
        "climatology",
        "persistence",
        "decayed_frequency",
        "shrunk_frequency",
        "self_exciting",
        "logistic",
        "boosting",
        "learned_pool",
    )
}
BASELINE = "decayed_frequency"


def build_members(names: Sequence[str], cache: FitCache) -> list[Member]:
    """The members called `names` (all, if empty), in order; raises UnknownName for one that there is none of."""
    wanted = list(dict.fromkeys(names or MEMBERS))
    for name in wanted:
        if name not in MEMBERS:
            raise UnknownName(
                f"unknown member {name!r}: choose from {', '.join(MEMBERS)}", name=name, near=tuple(MEMBERS)
            )
    members: list[Member] = []
    for address in dict.fromkeys(MEMBERS[name] for name in wanted):
        module, _, attribute = address.partition(":")
        build = getattr(import_module(module), attribute)
        members += build([name for name in wanted if MEMBERS[name] == address], cache)
    return sorted(members, key=lambda member: wanted.index(member.name))
