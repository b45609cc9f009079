"""`auspex worker`."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from app.commands.places import settings_at
from app.output import err
from app.telemetry import start_telemetry

LONGEST_STOP_S = 29.0
"""After so long the process ends, whatever is still under way: what is unfinished is begun again by the next worker."""


def work(store: Path | None, ledger: str | None) -> None:
    """Work until SIGTERM or SIGINT; raises WorkerRuns where jobs that are kept in a file have a worker already."""
    from app.jobs.worker import Worker
    from app.webhooks.background import BackgroundSender

    told = threading.Event()

    def tell(signal_number: int, frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    settings = settings_at(store, ledger)
    start_telemetry(settings)
    with BackgroundSender(settings), Worker(settings) as worker:
        err.print(f"Worker {worker.executor_id}: {settings.slots} forecasts at once, until SIGTERM or Ctrl-C.")
        told.wait()
        err.print("Stopping: what is under way ends first.")
        threading.Thread(target=_end, daemon=True).start()


def _end() -> None:
    threading.Event().wait(LONGEST_STOP_S)
    logging.getLogger(__name__).warning("stopped before everything that was under way had ended")
    sys.stderr.flush()
    os._exit(0)
