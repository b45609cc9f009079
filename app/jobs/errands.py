"""The jobs that are one errand: events fetched, questions drawn, outcomes looked up, a benchmark run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.jobs.records import BenchmarkJob, DeskJob, GenerateJob, IngestJob
from app.settings import Settings
from db.errors import BadInput, StoreMissing
from db.events.store import EventStore
from db.ledger.ledger import Ledger
from db.questions.factory import LOOK_BACK_DAYS
from db.questions.factory import generate as draw

Progress = Callable[[int, int], None]
"""Called with (units done, units in all)."""


def ingest(spec: IngestJob, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Take events in, from files and addresses; what was there already counts as duplicate."""
    from app.ingesting import ingest_into

    done = ingest_into(
        spec.sources,
        settings.store,
        settings.cache,
        first_day=spec.first_day,
        last_day=spec.last_day,
        progress=lambda done, total, rows: progress(done, total),
    )
    return {**asdict(done.report), "pushed": asdict(done.pushed) if done.pushed else None}


def refresh(spec: DeskJob, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Take in what a day at the desk lacks: from the last day that the store holds, or else from as far back as its
    questions look, to its own day."""
    if spec.as_of is None:
        raise TypeError("a day at the desk has a moment")
    try:
        last_added = EventStore(settings.store).info().last_added_at
    except StoreMissing:
        last_added = None
    first = (last_added or spec.as_of - timedelta(days=LOOK_BACK_DAYS)).date()
    wanted = IngestJob(sources=spec.sources, first_day=min(first, spec.as_of.date()), last_day=spec.as_of.date())
    return ingest(wanted, settings, progress)


def generate(spec: GenerateJob, settings: Settings, ledger: Ledger) -> dict[str, Any]:
    """Draw questions and record them; the same job draws the same ones."""
    snapshot = EventStore(settings.store).as_of(spec.as_of)
    questions = draw(snapshot, horizon_days=spec.horizon_days, n=spec.n, seed=spec.seed)
    new = ledger.append(questions)
    return {"questions": [question.id for question in questions], "new": new}


def resolve(settings: Settings, ledger: Ledger) -> dict[str, Any]:
    """Let the event store resolve what it can, and score everything that is resolved."""
    from app.desk import resolve_open
    from app.scoring import leaderboard, score

    store = EventStore(settings.store)
    done = resolve_open(store, ledger, now=datetime.now(UTC))
    scores = [found for item in ledger.scorable() if (found := score(item)) is not None]
    return {**asdict(done), "members": leaderboard(scores)}


def benchmark(spec: BenchmarkJob, settings: Settings, ledger: Ledger, progress: Progress) -> dict[str, Any]:
    """Run a benchmark; `arguments` are named as the command line names them, without dashes."""
    runs = {"relations": _relations, "agents": _agents}
    return runs[spec.name](dict(spec.arguments), settings, ledger, progress)


def _relations(given: dict[str, Any], settings: Settings, ledger: Ledger, progress: Progress) -> dict[str, Any]:
    from app.benchmark.relations import relations

    data, test_from = Path(_text(given, "data")), _day(given, "test_from")
    test_to = _day(given, "test_to") if given.get("test_to") else None
    return relations(data, test_from, test_to, _names(given, "members"))


def _agents(given: dict[str, Any], settings: Settings, ledger: Ledger, progress: Progress) -> dict[str, Any]:
    from app.benchmark.agents.in_folder import Wanted, run_in_folder

    wanted = Wanted(
        queries=given.get("queries"),
        horizons=given.get("horizons"),
        file=Path(given["file"]) if given.get("file") else None,
        null_inclusive=bool(given.get("null_inclusive", False)),
        seed=int(given.get("seed", 0)),
    )
    store = EventStore(settings.store)
    folder = Path(given["folder"]) if given.get("folder") else None
    return run_in_folder(
        _names(given, "members"),
        wanted,
        store,
        ledger,
        folder=folder,
        budget_usd=given.get("budget_usd"),
        progress=lambda done, total, whose: progress(done, total),
    )


def _text(given: dict[str, Any], name: str) -> str:
    if not isinstance(given.get(name), str):
        raise BadInput(f"the benchmark needs {name!r} among its arguments")
    return str(given[name])


def _day(given: dict[str, Any], name: str) -> date:
    text = _text(given, name)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{name} {text!r} is not a date: write it as 2025-06-01") from error


def _names(given: dict[str, Any], name: str) -> list[str]:
    names = given.get(name) or []
    return [part.strip() for part in names.split(",") if part.strip()] if isinstance(names, str) else list(names)
