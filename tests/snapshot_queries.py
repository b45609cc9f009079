"""Everything that can be asked of a snapshot about events, one query a method."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from db.events.snapshot import Snapshot

QUERIES: dict[str, Callable[[Snapshot], Any]] = {
    "events": lambda snapshot: snapshot.events(limit=1000),
    "search_events": lambda snapshot: snapshot.search_events("use of force by china", limit=1000),
    "count_events": lambda snapshot: snapshot.count_events(),
    "latest_added_at": lambda snapshot: snapshot.latest_added_at(),
    "urls": lambda snapshot: snapshot.urls(),
    "relation_distribution": lambda snapshot: snapshot.relation_distribution(),
    "entity_distribution": lambda snapshot: snapshot.entity_distribution(),
    "timeline": lambda snapshot: snapshot.timeline(bucket="day"),
    "decayed_relation_distribution": lambda snapshot: snapshot.decayed_relation_distribution("CHN", "TWN"),
    "compare_windows": lambda snapshot: snapshot.compare_windows(),
    "active_pairs": lambda snapshot: snapshot.active_pairs(date(2000, 1, 1), date(2100, 1, 1)),
    "quads": lambda snapshot: _plain(snapshot),
    "known_since": lambda snapshot: snapshot.known_since([date(2025, 5, day) for day in range(1, 31)]),
    "span": lambda snapshot: snapshot.span(),
}


def _plain(snapshot: Snapshot) -> list[tuple[Any, ...]]:
    quads = snapshot.quads()
    names = np.array([*quads.countries, "?"])
    return list(zip(quads.day, names[quads.subject], names[quads.object], quads.code, quads.mentions, strict=True))
