"""How fast the desk is, as ratios measured in one run: seconds alone say more about the machine than about us."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from app.benchmark import pooling_speed
from db.demo import DemoWorld
from db.errors import BadInput
from db.events.filters import EventFilter, View
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.files import find_event_files
from db.gdelt.ingest import ingest_files
from db.gdelt.replicate import replicate
from db.gdelt.scan import scan_seconds

PARTS = ("ingest", "queries", "growth", "models", "jobs", "pooling")
_OF_DATA = {"ingest", "queries", "growth"}
SCALES = (1, 4, 12)
_REPEATS = 40
Row = dict[str, Any]


def speed(data: Path | None, only: Sequence[str]) -> dict[str, Any]:
    """Measure `only` the named parts (all, if empty) on the event files at `data` (the demo world's, without).

    Each row: what, value, unit, floor (what the machine does at best, in the same unit, or None), their ratio, n
    repeats, scale (how often the data was repeated in time).
    """
    wanted = list(only) or list(PARTS)
    for part in wanted:
        if part not in PARTS:
            raise BadInput(f"unknown part {part!r}: choose from {', '.join(PARTS)}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="auspex-speed-") as folder:
        work = Path(folder)
        if "models" in wanted:
            rows += _model_calls(work)
        if "jobs" in wanted:
            rows += _batches(work)
        if "pooling" in wanted:
            rows += _pooling()
        if not _OF_DATA & set(wanted):
            return {"data": None, "rows": rows}
        if data is None:
            data = work / "files"
            DemoWorld().write_files(data)
        for scale in SCALES if "growth" in wanted else SCALES[:1]:
            files = find_event_files([data]) if scale == 1 else replicate([data], work / "replicated", scale)
            rows += _measure(files, work, scale, wanted)
            shutil.rmtree(work / "replicated", ignore_errors=True)
    return {"data": "demo world" if data == work / "files" else str(data), "rows": rows}


def _model_calls(work: Path) -> list[Row]:
    from app.benchmark.throughput import model_calls  # brings litellm, 6 s: only where it is measured

    seconds, ideal, calls = model_calls(work)
    return [_row("model calls, 1 s each in 64 slots", seconds, "s", ideal, calls, 1)]


def _batches(work: Path) -> list[Row]:
    from app.benchmark.jobs_speed import LATENCY_S, MANY, SLOTS, batch_speed

    waiting = batch_speed(work / "batch")
    what = f"batch of {waiting.forecasts:,} forecasts, {LATENCY_S:.0f} s each in {SLOTS} slots"
    many = batch_speed(work / "many", questions=MANY, latency_s=0.0)
    late = f"worker's memory after {many.forecasts:,} forecasts (floor: after a fifth of them)"
    return [
        _row(what, waiting.seconds, "s", waiting.ideal, waiting.forecasts, 1),
        _row(
            "batch against a server that answers at once", many.forecasts / many.seconds, "/s", None, many.forecasts, 1
        ),
        _row(late, many.memory_late_mb, "MB", many.memory_early_mb, many.forecasts, 1),
    ]


def _pooling() -> list[Row]:
    what = f"pooling {pooling_speed.QUESTIONS:,} questions x {pooling_speed.MEMBERS} members, default rule"
    rows = []
    for absent, suffix in ((0.0, ""), (pooling_speed.ABSENT, f", {pooling_speed.ABSENT:.0%} absent")):
        seconds, floor = pooling_speed.pooling_seconds(absent)
        rows.append(_row(what + suffix, 1000 * seconds, "ms", 1000 * floor, pooling_speed.REPEATS, 1))
    return rows


def _measure(files: Sequence[Path], work: Path, scale: int, wanted: Sequence[str]) -> list[Row]:
    """Ingest and query one scale of the data."""
    store = work / f"store-{scale}"
    repeats = 3 if scale == 1 else 1
    floor = min(scan_seconds(files) for _ in range(repeats))
    runs = [_ingest_apart(files, store) for _ in range(repeats)]
    seconds, peak, count = min(runs)
    rows: list[Row] = []
    if "ingest" in wanted or "growth" in wanted:
        rows.append(_row("ingest", seconds, "s", floor, repeats, scale))
        rows.append(_row("ingest rate", count / seconds, "rows/s", count / floor, repeats, scale))
        rows.append(_row("ingest peak memory", peak, "MB", None, repeats, scale))
    if "queries" in wanted or "growth" in wanted:
        opened = EventStore(store)
        last = opened.info().last_added_at or datetime.now(UTC)
        for cache in (None, "memory"):
            snapshot = opened.as_of(last + timedelta(seconds=1), view=View(min_mentions=0), cache=cache)
            rows += _queries(snapshot, "memory" if cache else "partitions", scale)
    shutil.rmtree(store)
    return rows


def _ingest_apart(files: Sequence[Path], store: Path) -> tuple[float, float, int]:
    """Ingest into an empty store in a process of its own, whose peak memory is then the ingest's."""
    shutil.rmtree(store, ignore_errors=True)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_ingest, (list(files), store))


def _ingest(files: list[Path], store: Path) -> tuple[float, float, int]:
    report = ingest_files(files, store)
    return report.seconds, report.peak_rss_mb, report.rows_read


def _queries(snapshot: Snapshot, where: str, scale: int) -> list[Row]:
    """p50 and p95 in milliseconds of each query, over the most active pairs in turn."""
    today = snapshot.today
    pairs = sorted(snapshot.active_pairs(date(1970, 1, 1), today), key=lambda pair: -pair[2])[:10]
    month = [
        EventFilter(first_day=today - timedelta(days=30), last_day=today, subjects=(a,), objects=(b,))
        for a, b, _ in pairs
    ]
    asked: dict[str, Callable[[int], object]] = {
        "events, pair + 30 days": lambda i: snapshot.events(month[i]),
        "count, pair + 30 days": lambda i: snapshot.count_events(month[i]),
        "relation distribution, pair + 30 days": lambda i: snapshot.relation_distribution(month[i]),
        "entity distribution, 30 days": lambda i: snapshot.entity_distribution(
            EventFilter(first_day=month[i].first_day, last_day=today)
        ),
        "timeline, pair": lambda i: snapshot.timeline(
            EventFilter(subjects=month[i].subjects, objects=month[i].objects)
        ),
        "decayed relation distribution, pair": lambda i: snapshot.decayed_relation_distribution(*pairs[i][:2]),
        "window comparison, pair": lambda i: snapshot.compare_windows(
            EventFilter(subjects=month[i].subjects, objects=month[i].objects)
        ),
    }
    rows = []
    for name, query in asked.items():
        query(0)
        times = []
        for turn in range(_REPEATS):
            started = time.perf_counter()
            query(turn % len(pairs))
            times.append(1000 * (time.perf_counter() - started))
        for quantile in (50, 95):
            value = float(np.percentile(times, quantile))
            rows.append(_row(f"{name}, {where}, p{quantile}", value, "ms", None, _REPEATS, scale))
    return rows


def _row(what: str, value: float, unit: str, floor: float | None, n: int, scale: int) -> Row:
    ratio = None if not floor else value / floor
    return {"what": what, "value": value, "unit": unit, "floor": floor, "ratio_to_floor": ratio, "n": n, "scale": scale}
