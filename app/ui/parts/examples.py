"""Ready-made questions: about the busiest pairs of the store as of a moment, in the kind of event they showed most."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from app.commands.asking import Asked
from app.ui import reading

HORIZON_DAYS = 7
_LOOK_BACK = timedelta(days=28)
_N = 3
STAND_IN = "rag:scripted"
"""A member behind a scripted model: it shows how a language model's answer looks, and knows nothing."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question that one click asks, and the members that are asked (all statistical ones, if empty)."""

    asked: Asked
    members: tuple[str, ...] = ()
    note: str = ""


def window_after(as_of: datetime, days: int = HORIZON_DAYS) -> tuple[datetime, datetime]:
    """The first and last day of the `days` whole days that begin at or after `as_of`."""
    midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight if midnight == as_of else midnight + timedelta(days=1)
    return first, first + timedelta(days=days - 1)


def examples(as_of: datetime) -> list[Example]:
    """Up to three questions about what is in the store, none where it is empty before `as_of`."""
    midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)  # one look at the store a day
    found = _busiest(reading.store().info().fingerprint, midnight)
    first, last = window_after(as_of)
    window = (first.date(), last.date())
    made = [
        Example(Asked(text="", actors=(subject, other), codes=(root,), window=window, at_least=at_least))
        for subject, other, root, at_least in found
    ]
    if made and reading.is_demo():
        from agents.members.registry import MEMBERS

        note = "with a scripted stand-in for a model"
        made[-1] = Example(made[-1].asked, (*MEMBERS, STAND_IN), note)
    return made


@st.cache_data(show_spinner=False, max_entries=32)
def _busiest(fingerprint: str, as_of: datetime) -> list[tuple[str, str, str, int]]:
    """(subject, object, root code, threshold) of the pairs with most events in the last four weeks, no actor twice."""
    from db.events.filters import EventFilter

    snapshot = reading.store().as_of(as_of)
    last = as_of.date()
    first = last - _LOOK_BACK
    found: list[tuple[str, str, str, int]] = []
    for subject, other, _ in sorted(snapshot.active_pairs(first, last), key=lambda pair: -pair[2]):
        if any({subject, other} & {one[0], one[1]} for one in found):
            continue
        window = EventFilter(first_day=first, last_day=last, subjects=(subject,), objects=(other,))
        roots: Counter[str] = Counter()
        for code, n in snapshot.relation_distribution(window).items():
            roots[code[:2]] += n
        [(root, n)] = roots.most_common(1)
        found.append((subject, other, root, max(1, round(n * HORIZON_DAYS / _LOOK_BACK.days))))
        if len(found) == _N:
            break
    return found
