"""For how long a worker may count on what it has begun being its own."""

from __future__ import annotations

import asyncio
import math
import time

_LOOK_EVERY_S = 0.2


class Term:
    """A worker's term: it runs out where the worker cannot say that it lives, since others then take over from it.

    A worker that nobody takes over from never renews its term, which has no end.
    """

    def __init__(self) -> None:
        self._end = math.inf
        self.number = 1
        """What was begun in a term of another number is no longer this worker's."""

    @property
    def over(self) -> bool:
        """Whether others may have taken over from this worker: it must begin nothing until it knows."""
        return time.monotonic() >= self._end

    def renew(self, end: float) -> None:
        """Let the term run until `end`, on the clock of `time.monotonic`."""
        self._end = end

    def begin_another(self) -> None:
        """Others took over: what was begun until now is theirs."""
        self.number += 1

    async def running(self) -> None:
        """Return when the term runs: at once, or once it was renewed."""
        while self.over:
            await asyncio.sleep(_LOOK_EVERY_S)
