"""The benchmark from members and queries to one JSON object: answers, scores, rows."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.members.equipment import Equipment
from agents.members.registry import BASELINE, MEMBERS
from app.benchmark.agents.leakage import Models
from app.benchmark.agents.queries import QuerySet, pair_days
from app.benchmark.agents.run import ANSWERS, Progress, run
from app.benchmark.agents.summary import mark, rows
from db.errors import BadInput
from db.events.store import EventStore


def with_baseline(members: Sequence[str]) -> list[str]:
    """The members asked for (all statistical ones, if none), and the baseline that everyone is shown beside."""
    return list(dict.fromkeys([*(members or MEMBERS), BASELINE]))


def bench(
    members: Sequence[str],
    found: QuerySet,
    store: EventStore,
    *,
    equipment: Equipment,
    folder: Path,
    now: datetime,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Ask `members` the queries found, resuming what `folder` holds, and score them beside the baseline.

    Raises BadInput where no query can be asked.
    """
    started = time.monotonic()
    if not found.queries:
        counts: Counter[str] = Counter()
        for skip in found.skipped:
            counts[skip.reason] += skip.n
        reasons = "; ".join(f"{n}: {reason}" for reason, n in counts.items())
        raise BadInput(f"none of the queries can be asked ({reasons}): choose other horizons, or ingest more history")
    names = with_baseline(members)
    models = Models(None if equipment.llm is None else equipment.llm.table)
    result = run(names, found.queries, store, equipment=equipment, folder=folder, now=now, progress=progress)
    marked = {name: mark(found.queries, answers, models) for name, answers in result.answers.items()}
    asked = sum(len(answers) for answers in result.answers.values())
    return {
        "source": found.source,
        "store": {"path": store.address, "fingerprint": store.info().fingerprint},
        "n_pair_days": pair_days(found.queries),
        "n_queries": len(found.queries),
        "n_days": len({query.question.day for query in found.queries}),
        "first_day": min(query.question.day for query in found.queries),
        "last_day": max(query.question.day for query in found.queries),
        "horizons": sorted({query.horizon_days for query in found.queries}),
        "given_any_event": all(query.question.given_any_event for query in found.queries),
        "min_mentions": sorted({query.question.min_mentions for query in found.queries}),
        "skipped": [asdict(skip) for skip in found.skipped],
        "baseline": BASELINE,
        "members": rows(marked, models),
        "answers": {"file": str(folder / ANSWERS), "n": asked, "reused": result.reused},
        "seconds": time.monotonic() - started,
    }
