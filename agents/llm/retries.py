"""How long to go on: the wait before another try, and the deadline over all tries of a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import SystemRandom

from db.errors import MemberFailed, ProviderBusy
from db.records import FailureReason

_RANDOM = SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a fault that passes is tried again: `tries` in all, each wait about twice as long as the one before.

    Waits are drawn from the upper half of what they may be ("equal jitter"), so that calls that failed together do not
    come back together. A provider that says how long to wait is waited for that long at least.
    """

    tries: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0

    def wait_s(self, failures: int, error: ProviderBusy) -> float:
        """The wait after so many failures (one or more), the last of them `error`."""
        longest = min(self.longest_wait_s, self.first_wait_s * 2.0 ** (failures - 1))
        drawn = _RANDOM.uniform(longest / 2.0, longest)
        return drawn if error.retry_after_s is None else error.retry_after_s + drawn / 10.0


class Deadline:
    """Wall-clock time that a call may take with its provider, waits between tries included.

    Time spent queueing for our own limits or for money is not counted: a batch that is longer than a provider's rate
    allows takes long, and is no failure.
    """

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._used_s = 0.0

    @property
    def used_s(self) -> float:
        """Seconds used so far."""
        return self._used_s

    @property
    def left_s(self) -> float:
        """Seconds left."""
        return max(0.0, self._total_s - self._used_s)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Count the time within; whatever goes on there is cancelled at the deadline.

        Raises MemberFailed(reason=deadline).
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.left_s):
                yield
        except TimeoutError:
            raise MemberFailed(f"no answer within {self._total_s:g} s", reason=FailureReason.DEADLINE) from None
        finally:
            self._used_s += time.monotonic() - started
