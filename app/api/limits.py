"""How often one may ask: buckets of tokens that fill up again, one for each key or address."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

_MOST_BUCKETS = 10_000
"""Buckets that are remembered: those used longest ago go first, so that no one can fill the memory."""


class Buckets:
    """Buckets of `burst` tokens each, filled by `per_minute` a minute; safe to use from threads."""

    def __init__(self, per_minute: float, *, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: str) -> int:
        """Take a token of the bucket `name`: 0 if there was one, else in how many whole seconds there will be."""
        with self._lock:
            left = self._left(name)
            if left < 1:
                return self._wait(left)
            self._put(name, left - 1)
            return 0

    def wait(self, name: str) -> int:
        """As `take`, and takes nothing."""
        with self._lock:
            left = self._left(name)
            return 0 if left >= 1 else self._wait(left)

    def _left(self, name: str) -> float:
        left, at = self._buckets.get(name, (self._burst, self._clock()))
        return min(self._burst, left + (self._clock() - at) * self._rate)

    def _wait(self, left: float) -> int:
        return max(1, math.ceil((1 - left) / self._rate))

    def _put(self, name: str, left: float) -> None:
        self._buckets[name] = left, self._clock()
        self._buckets.move_to_end(name)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
