"""Names that only Auspex itself answers under, and no file does: a track record is of whoever earned it."""

from __future__ import annotations

from agents.members.llm.naming import KINDS
from agents.members.registry import MEMBERS, ON_REQUEST
from agents.people import MARKET, SHOWN, SUPERVISOR
from db.errors import BadInput

_PREFIXES = (*(f"{kind}:" for kind in KINDS), MARKET, SUPERVISOR, "aggregate (")


def is_reserved(member: str) -> bool:
    """Whether a name is a statistical or language-model member's, its update's, a market's, a supervisor's or the
    crowd's. A person's is not."""
    name = member.strip().casefold().removesuffix(SHOWN)
    return name in MEMBERS or name in ON_REQUEST or name.startswith(_PREFIXES)


def refuse_reserved(member: str) -> None:
    """Raise BadInput for a name that is reserved."""
    if is_reserved(member):
        raise BadInput(
            f"the name {member[:80]!r} is one that only Auspex itself answers under: give another, or move a ledger of "
            "your own with auspex import forecasts FILE --as-recorded"
        )
