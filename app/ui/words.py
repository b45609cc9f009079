"""Numbers, moments and names as the pages write them: one form each, everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

NOTHING = "–"
"""What stands where there is no value: never a zero."""

STATES = {"open": "blue", "resolved": "green", "annulled": "gray", "ambiguous": "orange"}
"""The states of a question with the colours of their badges."""

KINDS = {
    "binary": "yes or no",
    "multiple_choice": "one of several",
    "numeric": "a number",
    "relation": "which events",
}
"""The kinds of question in words."""


def percent(share: float | None, digits: int = 1) -> str:
    """A share of one in percent: `12.3%`, with `digits` after the point; `<0.1%` and `>99.9%` beside the ends."""
    if share is None:
        return NOTHING
    least = 10.0 ** -(digits + 2)
    if 0 < share < least / 2:
        return f"<{least:.{digits}%}"
    if 1 - least / 2 < share < 1:
        return f">{1 - least:.{digits}%}"
    return f"{share:.{digits}%}"


def interval(found: Mapping[str, float | None] | None, digits: int = 3) -> str:
    """`0.182 (0.171 to 0.193)` from {mean, low, high}; without the ends where they are not known."""
    if found is None or found["mean"] is None:
        return NOTHING
    low, high = found["low"], found["high"]
    ends = "" if low is None or high is None else f" ({low:.{digits}f} to {high:.{digits}f})"
    return f"{found['mean']:.{digits}f}{ends}"


def day(moment: datetime | date | None) -> str:
    """`3 Dec 2024`."""
    return NOTHING if moment is None else f"{moment.day} {moment:%b %Y}"


def minute(moment: datetime | None) -> str:
    """`3 Dec 2024, 14:05 UTC`; midnight is left out."""
    if moment is None:
        return NOTHING
    found = moment.astimezone(UTC)
    return f"{day(found)}, {found:%H:%M} UTC" if (found.hour, found.minute) != (0, 0) else f"{day(found)}"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago `moment` was, in one unit: `just now`, `5 min ago`, `3 h ago`, else its day."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min ago"
    if passed < timedelta(days=1):
        return f"{passed // timedelta(hours=1)} h ago"
    return day(moment)


def money(cost_usd: float | None) -> str:
    """`$0.42`, with four digits below ten cents; `free` for nothing, `cost unknown` for None."""
    if cost_usd is None:
        return "cost unknown"
    if cost_usd == 0:
        return "free"
    return f"${cost_usd:,.2f}" if cost_usd >= 0.1 else f"${cost_usd:.4f}"


def count(n: int, one: str, many: str = "") -> str:
    """`1 question`, `1,204 questions`; `many` where the plural is not `one` with an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def plain(text: str) -> str:
    """Text as it stands: what Markdown would read as markup is escaped."""
    return "".join(f"\\{letter}" if letter in _MARKUP else letter for letter in text)


_MARKUP = frozenset("\\`*_{}[]<>#|~$:")

_IN_FORM = {
    "--actor1": "who acts",
    "--actor2": "toward whom",
    "--from": "the first day",
    "--to": "the last day",
    "--by": "the last day",
    "--codes": "kinds of event",
    "--option": "a possible answer",
    "--number": "a number",
    "--lower": "the lower bound",
    "--upper": "the upper bound",
    "--unit": "the unit",
    "--as-of": "as of",
    "--known-at": "when it was known",
    "--correct": "“this corrects it”",
    "--source": "the source",
    "--reason": "the reason",
    "--member": "members",
    "--name": "name",
    "--model": "the model",
}


def in_form(message: str) -> str:
    """A sentence of the command line with its options called what the pages call them."""
    for option, label in _IN_FORM.items():
        message = message.replace(option, label)
    return message
