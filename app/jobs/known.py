"""Whether a forecast in the ledger is the one that a member would be asked for: then it is not asked again."""

from __future__ import annotations

from datetime import datetime

from agents.members.llm.naming import is_llm, read_name
from db.records import Forecast, Question


def prompt_hash_of(member: str, question: Question) -> str:
    """The hash of the prompt that a member would be asked with; empty for one that is not asked with a prompt."""
    if not is_llm(member):
        return ""
    from agents.members.llm.prompts import hash_of

    named = read_name(member)
    return hash_of(named.kind, question, rank=named.parameters.rank)


def is_answer(forecast: Forecast, member: str, as_of: datetime, prompt_hash: str) -> bool:
    """Whether a forecast is this member's as of this moment, with this prompt; whichever model answered."""
    return (forecast.member, forecast.as_of, forecast.prompt_hash) == (member, as_of, prompt_hash)
