"""The call log as the client sees it: every call is written down, and an answered one is not paid again."""

from __future__ import annotations

from typing import Protocol

from db.calls import CallRecord


class CallLog(Protocol):
    """Where calls are kept; `db.ledger.calls.CallLog` keeps them in the ledger's database."""

    async def find(self, key: str) -> CallRecord | None:
        """The first call under `key` that was answered by a model, None if there was none."""
        ...

    async def record(self, record: CallRecord) -> None:
        """Keep a call; it is durable when this returns."""
        ...


class MemoryLog:
    """A call log that lasts as long as the process."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self._answered: dict[str, CallRecord] = {}

    async def find(self, key: str) -> CallRecord | None:
        """The first call under `key` that was answered by a model, None if there was none."""
        return self._answered.get(key)

    async def record(self, record: CallRecord) -> None:
        """Keep a call."""
        self.records.append(record)
        if record.response and not record.error:
            self._answered.setdefault(record.key, record)
