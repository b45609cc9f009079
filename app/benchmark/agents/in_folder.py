"""A run of the agents' benchmark in a folder of its own: queries, answers and report lie together, and it resumes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.benchmark.agents.bench import bench, with_baseline
from app.benchmark.agents.folder import claim, configuration, digest
from app.benchmark.agents.queries import QuerySet, answerable, sampled
from app.benchmark.agents.report import write_report
from app.benchmark.agents.run import Progress
from app.benchmark.datasets.asked import write
from app.benchmark.datasets.stored import draw
from app.benchmark.registry import read_queries
from app.equipment import equipped, model_table
from app.settings import read_settings
from db.events.store import EventStore
from db.ledger.ledger import Ledger

QUERIES = "queries.jsonl"
DEFAULT_QUERIES = 50
DEFAULT_HORIZONS = (1, 7, 30, 90)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which queries to ask: so many pair-days of the store at each horizon in days, or those of a file.

    None: `DEFAULT_QUERIES` of the store or all of the file, and `DEFAULT_HORIZONS` or those of the file.
    """

    queries: int | None
    horizons: Sequence[int] | None
    file: Path | None = None
    null_inclusive: bool = False
    min_mentions: int = 100
    seed: int = 0


def run_in_folder(
    members: Sequence[str],
    wanted: Wanted,
    store: EventStore,
    ledger: Ledger,
    *,
    folder: Path | None = None,
    budget_usd: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Ask the members, write the report beside the answers, and return what it says, with its files as `report`.

    The folder is, if none is given, one in the cache that is named after the configuration; what it holds of the
    answers is not asked again.
    """
    models, names = model_table(), with_baseline(list(members))
    found = wanted_queries(wanted, store)
    last = max((query.as_of for query in found.queries), default=None)
    articles = 0 if last is None else store.as_of(last).articles.count()
    described = configuration(names, found.queries, store.info().fingerprint, models, articles=articles)
    place = folder or read_settings().cache / "benchmarks" / digest(described)
    claim(place, described)
    write(found.queries, place / QUERIES)
    now = datetime.now(UTC)
    with equipped(names, ledger, budget_usd=budget_usd) as equipment:
        try:
            result = bench(names, found, store, equipment=equipment, folder=place, now=now, progress=progress)
        except KeyboardInterrupt:
            log.warning("Interrupted: the answers so far are in %s. The same command goes on from there.", place)
            raise
    result["report"] = write_report(result, place, made_at=now)
    return result


def wanted_queries(wanted: Wanted, store: EventStore) -> QuerySet:
    """The queries of the file if one is given, else drawn from the store; those without a past are counted."""
    horizons = wanted.horizons or DEFAULT_HORIZONS
    if wanted.file is not None:
        found = read_queries(wanted.file, horizons)
        if wanted.horizons:  # a file of ours has its own
            found = replace(found, queries=tuple(one for one in found.queries if one.horizon_days in wanted.horizons))
        found = answerable(found, store.info())
        return found if wanted.queries is None else sampled(found, wanted.queries, wanted.seed)
    return draw(
        store,
        n=wanted.queries or DEFAULT_QUERIES,
        horizons=horizons,
        null_inclusive=wanted.null_inclusive,
        min_mentions=wanted.min_mentions,
        seed=wanted.seed,
    )
