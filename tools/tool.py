"""What a tool is: a documented function over a snapshot, called with JSON, answering with JSON, within a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from db.records import Evidence


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
    evidence: tuple[Evidence, ...] = field(default=())
    failed: bool = False


class Tool(Protocol):
    """A tool bound to a snapshot."""

    name: str
    description: str
    """The function's docstring: the one documentation, read by people and models."""
    schema: Mapping[str, Any]
    """JSON schema of the arguments."""
    signature: str
    """The function as Python code would call it, such as `count_events(date_range: list[str] | None = None) -> int`."""

    def __call__(self, **arguments: Any) -> Observation:
        """Call the tool. Wrong arguments give a failed observation; nothing that a caller can send raises."""
        ...
