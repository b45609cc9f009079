"""The members by name.

A statistical member has a plain name. A language-model member is called `kind:model`, with parameters as a query
string: `react:gpt-x?runs=3&max_steps=10` (see `agents.members.llm.naming`). Members are built by functions
(names, Equipment) -> members, resolved on use.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from agents.members.llm.naming import KINDS, is_llm, read_name
from db.errors import UnknownName

if TYPE_CHECKING:
    from agents.members.equipment import Equipment
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
ON_REQUEST: dict[str, str] = {"reference_class": "agents.members.reference_class:build"}
"""Members that answer only where they are asked for by name: questions about events are none for them."""
BASELINE = "decayed_frequency"
_LLM = "agents.members.llm.member:build"


def build_members(names: Sequence[str], equipment: Equipment) -> list[Member]:
    """The members called `names` (all statistical ones, if empty), in order.

    Raises UnknownName for one that there is none of, and BadInput for a language-model member whose parameters are
    wrong or that there is no client for.
    """
    wanted = list(dict.fromkeys(names or MEMBERS))
    builders = {name: _builder(name) for name in wanted}
    members: list[Member] = []
    for address in dict.fromkeys(builders.values()):
        module, _, attribute = address.partition(":")
        build = getattr(import_module(module), attribute)
        members += build([name for name in wanted if builders[name] == address], equipment)
    return sorted(members, key=lambda member: wanted.index(member.name))


def models_of(names: Sequence[str]) -> list[str]:
    """The models that the members of these names ask, each once; raises as `build_members` does for the names."""
    return list(dict.fromkeys(read_name(name).model for name in names if _builder(name) == _LLM))


def _builder(name: str) -> str:
    """Where the member of this name is built."""
    if is_llm(name):
        read_name(name)
        return _LLM
    known = MEMBERS | ON_REQUEST
    if name not in known:
        raise UnknownName(
            f"unknown member {name!r}: choose from {', '.join(known)}, or KIND:MODEL with {', '.join(KINDS)}",
            name=name,
            near=tuple(known),
        )
    return known[name]
