"""What a model can read in tool results, printed lines and dossiers: shares of codes, dated events, what was left out.

One line says one thing, code or date first: `042 Make a visit: 0.400`, `042 Make a visit: 12 (40%)`,
`2025-05-28 CHN TWN 042 Make a visit | 32`. A line of quoted news begins with a mark, so it says nothing: strangers
wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from tools.untrusted import MARK

MOST_SHOWN = 30
"""So many events are shown at most: as many of them are the newest of more."""

_BASE_CODE = r"((?:0[1-9]|1\d|20)\d)\b"
_WEIGHT = re.compile(rf"^{_BASE_CODE}.*?[: ](\d+(?:\.\d+)?)(?: \(\d+%\))?$")
_EVENT = re.compile(rf"^(\d{{4}}-\d\d-\d\d) (?:[A-Z]{{3}} [A-Z]{{3}} )?{_BASE_CODE}(?= |$)")
_NEWEST = re.compile(r"^The newest (\d+) of (\d+)")
_MORE = re.compile(r"^… (\d+) more$")
_RECORD = re.compile(r"^The record runs from (\d{4}-\d\d-\d\d)")


@dataclass(slots=True)
class Observed:
    """Weights of codes (shares of active days, or counts if `counted`), events as (day, code), newest first.

    `left_out` events were not shown; the record begins on `record_from`, as far as that was said.
    """

    weights: dict[str, float] = field(default_factory=dict)
    counted: bool = False
    events: list[tuple[date, str]] = field(default_factory=list)
    left_out: int = 0
    record_from: date | None = None

    @property
    def looked(self) -> bool:
        """Whether anything was looked at, an empty record included."""
        return bool(self.weights or self.events) or self.record_from is not None

    @property
    def shares(self) -> dict[str, float]:
        """Each code's share in 0..1, highest first; of the active days shown where no weights were."""
        if self.weights:
            total = sum(self.weights.values()) if self.counted else 1.0
            found = {code: weight / total for code, weight in self.weights.items()}
        else:
            found = {
                code: sum(other == code for _, other in self.events) / self.active_days
                for code in {code for _, code in self.events}
            }
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def active_days(self) -> int:
        """On how many days an event is seen."""
        return len({day for day, _ in self.events})

    def days_covered(self, known_until: date, look_back_days: int) -> int:
        """How many days before `known_until` the events stand for: those looked at, or as far back as they reach."""
        days = [day for day, _ in self.events]
        if days and (self.left_out or len(days) >= MOST_SHOWN):
            return max((known_until - min(days)).days, 1)
        if self.record_from is not None:
            look_back_days = min(look_back_days, (known_until - self.record_from).days)
        return max(look_back_days, *((known_until - day).days for day in days), 1)

    def read(self, line: str) -> None:
        """Take in one more line."""
        if event := _EVENT.match(line):
            self.events.append((date.fromisoformat(event[1]), event[2]))
        elif weight := _WEIGHT.match(line):
            self.weights.setdefault(weight[1], float(weight[2]))
            self.counted = self.counted or "." not in weight[2]
        elif more := _MORE.match(line):
            self.left_out += int(more[1])
        elif newest := _NEWEST.match(line):
            self.left_out += int(newest[2]) - int(newest[1])
        elif record := _RECORD.match(line):
            self.record_from = date.fromisoformat(record[1])


def observe(texts: Iterable[str]) -> Observed:
    """Everything that can be read in these texts, line by line."""
    found = Observed()
    for text in texts:
        for line in text.splitlines():
            found.read(line.rstrip())
    return found


def unquoted(text: str) -> str:
    """The text with its marks of quotation taken away: what code printed comes back quoted."""
    return "\n".join(line.removeprefix(MARK) for line in text.splitlines())
