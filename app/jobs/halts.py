"""Which attempts at jobs must begin nothing more: cancelled ones, and those that another attempt has followed."""

from __future__ import annotations

import threading
from collections import Counter

from db.jobs.book import JobBook

Attempt = tuple[str, int]
LOOK_EVERY_S = 1.0


class Halts:
    """Looks once a second for all attempts that are under way here, so that no step needs to."""

    def __init__(self, book: JobBook) -> None:
        self._book = book
        self._watched: Counter[Attempt] = Counter()
        self._halted: set[Attempt] = set()
        self._lock = threading.Lock()

    def watch(self, attempt: Attempt) -> None:
        """Look after an attempt from now on; what is known of it is current at once."""
        with self._lock:
            self._watched[attempt] += 1
        if self._book.halted([attempt]):
            self._halted.add(attempt)

    def leave(self, attempt: Attempt) -> None:
        """Look after it no more, once everybody who watched has left."""
        with self._lock:
            self._watched[attempt] -= 1
            if not self._watched[attempt]:
                del self._watched[attempt]
                self._halted.discard(attempt)

    def __contains__(self, attempt: object) -> bool:
        return attempt in self._halted

    def look(self) -> None:
        """Read how all of them stand."""
        with self._lock:
            watched = list(self._watched)
        if watched:
            self._halted |= self._book.halted(watched)
