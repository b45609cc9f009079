"""When keys were used last: remembered, and written now and then, so that no request waits for a write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from types import TracebackType
from typing import Protocol, Self


class KeepsUse(Protocol):
    """Where it is written to."""

    def used(self, moments: Mapping[str, datetime]) -> None:
        """Note when keys, by id, were used last."""
        ...


class Usage:
    """The uses since the last `flush`; leaving the context flushes what is left."""

    def __init__(self, keeper: KeepsUse) -> None:
        self._keeper = keeper
        self._moments: dict[str, datetime] = {}
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.flush()

    def note(self, key_id: str, now: datetime) -> None:
        """Remember that a key was used."""
        with self._lock:
            self._moments[key_id] = now

    def flush(self) -> None:
        """Write what is remembered; raises as the keeper does, and then remembers it on."""
        with self._lock:
            moments, self._moments = self._moments, {}
        if not moments:
            return
        try:
            self._keeper.used(moments)
        except BaseException:
            with self._lock:
                self._moments = moments | self._moments  # what was noted meanwhile is later
            raise
