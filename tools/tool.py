"""What a tool is: a documented function over a snapshot, called with JSON, answering with JSON, within a budget.

A tool function takes the snapshot first, then keyword arguments that are plain JSON types, and returns an `Answer`;
`tools.binding` makes it a `Tool`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from db.records import Evidence

Data = TypeVar("Data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[Data]):
    """What a tool function found.

    `data` is the answer as JSON data. `heading`, `lines` and `note` say the same in words: the heading and the note
    are always shown, the lines (most important first) as far as the token budget goes. `latest_added_at` and
    `evidence` as in `Observation`.
    """

    data: Data
    heading: str
    lines: Sequence[str] = ()
    note: str = ""
    latest_added_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a tool call showed.

    `data` is the answer as JSON data, what sandboxed code receives; `text` is the same for a model to read, within the
    token budget, with "n more" where something was left out. `latest_added_at` is when the newest stored row behind it
    became known (None where nothing stored is behind it), always before the snapshot's `as_of`. `evidence` are the
    stored items shown. `failed` says that the call was wrong and `text` says how: the model may try again.
    """

    data: Any
    text: str
    latest_added_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    failed: bool = False


class Tool(Protocol):
    """A tool bound to a snapshot."""

    @property
    def name(self) -> str:
        """What models call it."""
        ...

    @property
    def description(self) -> str:
        """The function's docstring: the one documentation, read by people and models."""
        ...

    @property
    def schema(self) -> Mapping[str, Any]:
        """JSON schema of the arguments."""
        ...

    @property
    def signature(self) -> str:
        """The function as Python code would call it: `count_events(date_range: list[str] | None = None) -> int`."""
        ...

    def __call__(self, /, *values: Any, **arguments: Any) -> Observation:
        """Call the tool, by keyword or, as written code does, by position; several threads may.

        Wrong arguments give a failed observation; nothing that a caller can send raises.
        """
        ...
