"""Trying again what the database could not write: a moment's trouble ends no job."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from db.errors import LedgerError

log = logging.getLogger(__name__)

_PAUSES_S = (0.5, 2.0, 5.0)
T = TypeVar("T")


async def insistently(write: Callable[[], Awaitable[T]], what: str) -> T:
    """What `write` returns, tried again after pauses where it raises LedgerError; raises the last one.

    `what` is what is written, in the plural, for the log.
    """
    for pause_s in _PAUSES_S:
        try:
            return await write()
        except LedgerError as error:
            log.warning("%s are not written yet: %s", what, error)
            await asyncio.sleep(pause_s)
    return await write()
