"""What is costly to make and stays the same until something new is recorded."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any


class Standing:
    """The leaderboard as of a position of the journal: made once, by one thread, however many ask for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._head = -1
        self._rows: list[dict[str, Any]] = []

    def at(self, head: int, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """The rows as of `head`, made now unless they were."""
        with self._lock:
            if head != self._head:
                self._rows, self._head = make(), head
            return self._rows
