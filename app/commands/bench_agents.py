"""`auspex bench agents`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.benchmark.agents.bench import bench, with_baseline
from app.benchmark.agents.folder import claim, configuration, digest
from app.benchmark.agents.queries import QuerySet, answerable, sampled
from app.benchmark.agents.report import write_report
from app.benchmark.datasets.asked import write
from app.benchmark.datasets.stored import draw
from app.benchmark.registry import read_queries
from app.commands.places import open_ledger, open_store
from app.equipment import equipped, model_table
from app.output import emit_json, err, interval_text, out, progress_bar, table
from app.settings import read_settings
from db.events.store import EventStore
from db.records import FailureReason

QUERIES = "queries.jsonl"
DEFAULT_QUERIES = 50
DEFAULT_HORIZONS = (1, 7, 30, 90)
_NOT_ASKED = (FailureReason.PROVIDER, FailureReason.BUDGET, FailureReason.ERROR)


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


def agents(
    members: list[str],
    wanted: Wanted,
    folder: Path | None,
    budget_usd: float | None,
    store: Path | None,
    ledger: str | None,
    *,
    as_json: bool,
) -> None:
    """Ask the members, write the report beside the answers and show it.

    The folder is, if none is given, one in the cache that is named after the configuration. Exit code 1 where a member
    could not be asked some of the queries; the same command asks them again.
    """
    events, models, names = open_store(store), model_table(), with_baseline(members)
    found = wanted_queries(wanted, events)
    last = max((query.as_of for query in found.queries), default=None)
    articles = 0 if last is None else events.as_of(last).articles.count()
    described = configuration(names, found.queries, events.info().fingerprint, models, articles=articles)
    place = folder or read_settings().cache / "benchmarks" / digest(described)
    claim(place, described)
    write(found.queries, place / QUERIES)
    now = datetime.now(UTC)
    with (
        open_ledger(ledger) as book,
        equipped(names, book, budget_usd=budget_usd) as equipment,
        progress_bar("answers") as update,
    ):
        try:
            result = bench(names, found, events, equipment=equipment, folder=place, now=now, progress=update)
        except KeyboardInterrupt:
            err.print(f"Interrupted: the answers so far are in {place}. The same command goes on from there.")
            raise
    result["report"] = write_report(result, place, made_at=now)
    if as_json:
        emit_json(result)
    else:
        _show(result)
    if missing := _not_asked(result["members"]):
        err.print(f"could not be asked: {', '.join(missing)}. Run the same command again to ask only these")
        sys.exit(1)


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


def _not_asked(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{row['member']} at {row['horizon_days']} days ({reason} {n})"
        for row in rows
        for reason, n in row["failed"].items()
        if reason in _NOT_ASKED
    ]


def _show(result: dict[str, Any]) -> None:
    rows = result["members"]
    for leakage in dict.fromkeys(row["leakage"]["class"] for row in rows):
        table(
            f"{result['n_queries']} queries, {result['first_day']} to {result['last_day']}, {leakage}",
            ("member", "days", "n", "F1 roots", "F1 codes", "codes vs baseline", "invalid", "tokens", "USD"),
            [
                (
                    row["member"],
                    row["horizon_days"],
                    row["n"],
                    interval_text(row["intervals"]["f1_root"]),
                    interval_text(row["intervals"]["f1_base"]),
                    interval_text(row["diff_to_baseline"]["f1_base"]),
                    row["invalid"] + row["unfinished"],
                    f"{row['tokens'] / row['n']:,.0f}",
                    "-" if row["cost_usd"] is None else f"{row['cost_usd'] / row['n']:.4f}",
                )
                for row in rows
                if row["leakage"]["class"] == leakage
            ],
            f"Baseline: {result['baseline']}. 95 % intervals, resampling days. Invalid or unfinished answers count 0. "
            "Tokens and dollars per query.",
        )
    for skip in result["skipped"]:
        horizon = "" if skip["horizon_days"] is None else f" at {skip['horizon_days']} days"
        err.print(f"{skip['n']} queries{horizon} were not asked: {skip['reason']}")
    out.print(f"Report: {result['report']['html']}")
