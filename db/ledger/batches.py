"""Work for a database from an event loop: done in one thread, and what arrives meanwhile is done together next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

from db.errors import LedgerError

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batches(Generic[Item, Result]):
    """Does `work` for items in batches: one trip to the database for all that came while the last one was under way.

    `work` gives a result per item, in order; whatever it raises is raised for every item of the batch, as a
    LedgerError.
    """

    def __init__(self, thread: ThreadPoolExecutor, work: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._thread = thread
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._lock = Lock()

    async def do(self, item: Item) -> Result:
        """The result for `item`, once its batch is done. Raises LedgerError, also where the thread has ended."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append((item, future))
            first = len(self._waiting) == 1
        if first:
            try:
                self._thread.submit(self._next)
            except RuntimeError as error:
                closed = LedgerError(f"the database connection is closed ({error}): open the ledger again")
                self._deliver([(waiting, closed) for _, waiting in self._taken()])
        return await future

    def _taken(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        with self._lock:
            batch, self._waiting = self._waiting, []
        return batch

    def _next(self) -> None:
        batch = self._taken()
        try:
            results = self._work([item for item, _ in batch])
            outcomes = [(future, result) for (_, future), result in zip(batch, results, strict=True)]
        except BaseException as error:
            failure = error if isinstance(error, LedgerError) else LedgerError(f"{type(error).__name__}: {error}")
            self._deliver([(future, failure) for _, future in batch])  # or they would wait for ever
            raise
        self._deliver(outcomes)

    def _deliver(self, outcomes: Sequence[tuple[asyncio.Future[Result], Result | LedgerError]]) -> None:
        """Hand outcomes to the event loops that wait for them; one that was closed meanwhile waits no more."""
        for loop in {future.get_loop() for future, _ in outcomes}:
            own = [(future, outcome) for future, outcome in outcomes if future.get_loop() is loop]
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, own)


def _settle(outcomes: Sequence[tuple[asyncio.Future[Result], Result | LedgerError]]) -> None:
    for future, outcome in outcomes:
        if future.done():  # cancelled meanwhile
            continue
        if isinstance(outcome, LedgerError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
