"""What to look at: the view (which rows count as events at all) and the filter of one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import db.cameo as cameo
from db.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """MIRAI's cleaning as parameters: which rows of the store count as events.

    `aligned` keeps rows reported on the day they happened whose article was not read on an earlier day (rules 2 and 3);
    `min_mentions` keeps (day, subject, relation, object) quads whose mentions, summed over all their rows, exceed it
    (rule 6; a source that counts no mentions, such as ICEWS, passes). Always required: two different countries
    (rule 4) and a base code of three digits (rule 5).
    """

    aligned: bool = True
    min_mentions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """One query's filter. Lists are OR inside and AND between; None means no filter, an empty list matches nothing.

    Days are inclusive; `subjects` and `objects` are ISO 3166 alpha-3; a code includes the codes under it.
    Raises BadInput for a window that ends before it begins, and UnknownName for an unknown code.
    """

    first_day: date | None = None
    last_day: date | None = None
    subjects: tuple[str, ...] | None = None
    objects: tuple[str, ...] | None = None
    codes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise BadInput(f"the window {self.first_day}..{self.last_day} is empty: its last day lies before its first")
        for code in self.codes or ():
            cameo.check(code)

    @property
    def base_codes(self) -> list[str] | None:
        """The base codes that `codes` stand for, sorted; None where there is no filter on codes."""
        return None if self.codes is None else sorted(cameo.expand(self.codes))


def pair(subject: str, object: str, codes: Iterable[str] | None = None) -> EventFilter:
    """The filter for events from one country to another."""
    return EventFilter(subjects=(subject,), objects=(object,), codes=None if codes is None else tuple(codes))
