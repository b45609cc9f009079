"""What the server was asked, and what it was told to say."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.dev.asked import Asked
from app.dev.faults import has_model, turn
from app.dev.replies import Reply

KEPT_REQUESTS = 10_000


@dataclass(slots=True)
class _Script:
    replies: deque[Reply]
    repeat_last: bool


@dataclass(slots=True)
class State:
    """The memory of one server. Written by the server's own thread; `scripts` by whoever holds the server."""

    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    by_model: Counter[str] = field(default_factory=Counter)
    tools_offered: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0
    in_slots: int = 0
    most_in_slots: int = 0
    scripts: dict[str, _Script] = field(default_factory=dict)

    def script(self, model: str, replies: Sequence[Reply], *, repeat_last: bool) -> None:
        """From now on `model` gives these replies."""
        self.scripts[model] = _Script(deque(replies), repeat_last)

    def forget(self) -> None:
        """As new, but for what is in flight."""
        self.requests.clear()
        self.by_model.clear()
        self.tools_offered.clear()
        self.scripts.clear()
        self.most_in_flight = self.most_in_slots = 0

    def replies(self, body: dict[str, Any]) -> list[Reply]:
        """Note a request and decide what to say: one reply per choice, or a single one that is an error."""
        asked = Asked(body)
        n_before = self.by_model[asked.model]
        self.requests.append(body)
        self.by_model[asked.model] += 1
        self.tools_offered.update(list(asked.tools))
        first = self._next(asked, n_before)
        if not first.is_answer or "n" in first.ignores:
            return [first]
        return [first, *(self._next(asked, n_before) for _ in range(asked.n - 1))]

    def _next(self, asked: Asked, n_before: int) -> Reply:
        script = self.scripts.get(asked.model)
        if script is not None and script.replies:
            last = len(script.replies) == 1 and script.repeat_last
            return script.replies[0] if last else script.replies.popleft()
        if script is None and not has_model(asked.model):
            return Reply(status=404, text=f"The model {asked.model!r} does not exist; GET /v1/models lists them.")
        return turn(asked, n_before=n_before)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While a request is in flight, waiting or not."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    @contextmanager
    def answering(self) -> Iterator[None]:
        """While a request holds a slot."""
        self.in_slots += 1
        self.most_in_slots = max(self.most_in_slots, self.in_slots)
        try:
            yield
        finally:
            self.in_slots -= 1

    def counts(self) -> Mapping[str, Any]:
        """What was asked so far, as JSON."""
        return {
            "total": sum(self.by_model.values()),
            "by_model": dict(self.by_model),
            "tools_offered": dict(self.tools_offered),
            "most_in_flight": self.most_in_flight,
            "most_in_slots": self.most_in_slots,
        }
