"""What the tools work on: the event store as it is now, the ledger, the jobs. Opened when first needed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from app.cli.options import moment
from app.settings import Settings
from db.errors import BadInput
from db.events.filters import View
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.ledger.ledger import Ledger

if TYPE_CHECKING:
    from app.jobs.client import Jobs

_KEPT = 8
"""Snapshots kept open: an agent asks many questions of few moments, and a new one costs 50 ms."""


class McpDesk:
    """One desk for all calls; threads may share it. Close it, or use it as a context."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._snapshots: dict[tuple[str, datetime, View], Snapshot] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the database connections back."""
        if "ledger" in self.__dict__:
            self.ledger.close()
        if "jobs" in self.__dict__:
            self.jobs.close()

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger of the settings."""
        return Ledger(self.settings.database_url)

    @cached_property
    def jobs(self) -> Jobs:
        """The jobs of the settings; no worker need run."""
        from app.jobs.client import Jobs  # dbos: not for what only reads

        return Jobs(self.settings)

    def snapshot(self, as_of: str, *, min_mentions: int) -> Snapshot:
        """What was known before `as_of`, now if empty; raises BadInput for a text that is no moment."""
        if min_mentions < 0:
            raise BadInput(f"min_mentions {min_mentions} is negative: 0 lets every event count")
        cut = moment(as_of, "as_of") if as_of else datetime.now(UTC)
        view = View(min_mentions=min_mentions)
        store = EventStore(self.settings.store)
        if not as_of:
            return store.as_of(cut, view=view)
        key = (store.info().fingerprint, cut, view)
        with self._lock:
            if key not in self._snapshots:
                self._snapshots[key] = store.as_of(cut, view=view)
                while len(self._snapshots) > _KEPT:
                    del self._snapshots[next(iter(self._snapshots))]
            return self._snapshots[key]
