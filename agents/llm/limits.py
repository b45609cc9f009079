"""How much a deployment takes, a minute and at once. More calls than that wait their turn; none is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext

from aiolimiter import AsyncLimiter

from agents.llm.deployments import Deployment

_BURST_S = 1.0
"""Seconds of a minute's allowance that may be used at once: a bucket of the whole minute lets two minutes' worth
through within the first."""


class Lane:
    """The way to one deployment: a queue before its limits."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.closed: str | None = None
        """Why no further call can succeed; None while calls can."""
        self._requests = _limiter(deployment.rpm)
        self._tokens = _limiter(deployment.tpm)
        self._places = asyncio.Semaphore(deployment.max_parallel) if deployment.max_parallel else nullcontext()
        self._load = 0
        self._owed = 0

    @property
    def load(self) -> int:
        """Calls that wait here or are under way."""
        return self._load

    @asynccontextmanager
    async def place(self, prompt_tokens: int) -> AsyncIterator[None]:
        """A place for one call, waited for as long as it takes; `prompt_tokens` is what it will send, about."""
        self._load += 1
        try:
            async with self._places:
                if self._requests is not None:
                    await self._requests.acquire()
                if self._tokens is not None:
                    due, self._owed = prompt_tokens + self._owed, 0
                    await _acquire(self._tokens, due)
                yield
        finally:
            self._load -= 1

    def used(self, completion_tokens: int) -> None:
        """Tokens that a call turned out to use beyond its prompt: the next one waits for them."""
        self._owed += completion_tokens


def least_loaded(lanes: Sequence[Lane]) -> Lane:
    """The lane with the fewest calls, the first of several."""
    return min(lanes, key=lambda lane: lane.load)


def _limiter(per_minute: int | None) -> AsyncLimiter | None:
    if per_minute is None:
        return None
    burst = max(1.0, per_minute * _BURST_S / 60.0)
    return AsyncLimiter(burst, burst * 60.0 / per_minute)


async def _acquire(limiter: AsyncLimiter, amount: int) -> None:
    """Take `amount`, which may be more than the bucket holds, a bucketful at a time."""
    left = float(amount)
    while left > 0:
        some = min(left, limiter.max_rate)
        await limiter.acquire(some)
        left -= some
