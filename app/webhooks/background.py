"""A sender beside other work: in a thread of its own, for workers, whose threads do other things."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from app.jobs.client import Jobs
from app.settings import Settings
from app.webhooks.sender import Sender
from db.ledger.outbox import Outbox
from db.ledger.webhooks import Webhooks


class BackgroundSender:
    """Sends webhooks' messages while the context is open; what is being sent when it closes is awaited."""

    def __init__(self, settings: Settings) -> None:
        """A sender on the ledger and the jobs that `settings` name, which are opened when it is entered."""
        self._settings = settings
        self._open = ExitStack()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def __enter__(self) -> Self:
        """Start; raises as `Ledger` and `Jobs` do."""
        address = self._settings.database_url
        with ExitStack() as opening:
            opening.callback(self._loop.close)
            outbox = opening.enter_context(Outbox(address))
            webhooks = opening.enter_context(Webhooks(address))
            jobs = opening.enter_context(Jobs(self._settings))
            self._open = opening.pop_all()
        self._sender = Sender(outbox, webhooks, jobs)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._open.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._sender.run(self._stop))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
