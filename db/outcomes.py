"""Outcomes in words."""

from __future__ import annotations

from db.records import Outcome

NO_CODES = "none"
"""How the empty set of codes is typed."""


def outcome_text(outcome: Outcome) -> str:
    """An outcome in words, as it would be typed."""
    if isinstance(outcome, bool):
        return "yes" if outcome else "no"
    if isinstance(outcome, tuple):
        return ", ".join(outcome) or NO_CODES
    return f"{outcome:.15g}" if isinstance(outcome, float) else str(outcome)
