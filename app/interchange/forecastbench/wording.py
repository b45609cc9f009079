"""A ForecastBench question in the words of a question here, and back.

Templates are filled in with the dates of the round. What a set says about a question's source, and about a series'
value when the set was frozen, goes under headings at the end of the background. The price of a market does not: it is
a forecast of the market's, which members that answer by themselves are not to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

_DUE, _DATE = "{forecast_due_date}", "{resolution_date}"
_SOURCE = "\n\n## About the source\n\n"
_VALUE = "\n\n## Value on "


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a set says of a series when it was frozen: the value as text, and what it is; "" where it says nothing."""

    at: datetime
    value: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Background:
    """The parts of a background."""

    text: str
    source_intro: str
    frozen: Frozen | None = None

    def written(self) -> str:
        """All parts as one text, which `parts` takes apart again."""
        found = f"{self.text}{_SOURCE}{self.source_intro}"
        if self.frozen is not None:
            found += f"{_VALUE}{self.frozen.at.isoformat()}\n\n{self.frozen.value}\n{self.frozen.explanation}"
        return found


def parts(background: str) -> Background:
    """The parts of a background that `Background.written` made."""
    text, _, rest = background.rpartition(_SOURCE)
    intro, heading, value = rest.rpartition(_VALUE)
    if not heading:
        return Background(text, rest)
    at, _, said = value.partition("\n\n")
    number, _, explanation = said.partition("\n")
    return Background(text, intro, Frozen(datetime.fromisoformat(at), number, explanation))


def filled(template: str, *, due: date, resolution_date: date | None) -> str:
    """A template with its dates filled in; without a resolution date only the other is."""
    text = template.replace(_DUE, due.isoformat())
    return text if resolution_date is None else text.replace(_DATE, resolution_date.isoformat())


def template(text: str, *, due: date, resolution_date: date) -> str:
    """The template that was filled in."""
    return text.replace(due.isoformat(), _DUE).replace(resolution_date.isoformat(), _DATE)
