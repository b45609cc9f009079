"""What a bucket costs beside a folder, on loopback: `python -m tests.scaling.measure_object_store`."""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

import db.cameo as cameo
import db.countries as countries
from db.events.exchange import pull, push
from db.events.filters import EventFilter, View
from db.events.icews import ingest_quads
from db.events.store import EventStore
from tests.servers.storage import BUCKET, object_storage, variables

ROWS = 1_200_000
COUNTRIES = 60
PAIRS = 40
ADDRESS = f"s3://{BUCKET}/desk"


def quads(folder: Path) -> Path:
    """Quads of eleven months between sixty countries, drawn with a fixed seed."""
    file, names, codes = folder / "quads.parquet", list(countries.iso3_codes())[:COUNTRIES], list(cameo.base_codes())
    with duckdb.connect() as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            "CREATE TABLE drawn AS SELECT DATE '2024-01-01' + (random() * 330)::INT AS day, "
            "(?::VARCHAR[])[1 + floor(random() * ?)::INT] AS subj_country, "
            "(?::VARCHAR[])[1 + floor(random() * ?)::INT] AS obj_country, "
            "(?::VARCHAR[])[1 + floor(random() * ?)::INT] AS cameo FROM range(?)",
            [names, len(names), names, len(names), codes, len(codes), ROWS],
        )
        connection.execute(f"COPY drawn TO '{file}'")
    return file


def took(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what it gave."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def queried(open_store: Callable[[], EventStore]) -> dict[str, float]:
    """Seconds of opening, of pairs of countries over 60 days, and of everything."""
    opened_s, store = took(open_store)
    snapshot = store.as_of(datetime(2024, 11, 1, tzinfo=UTC), view=View(min_mentions=0))
    chance, names = random.Random(1), list(countries.iso3_codes())[:COUNTRIES]
    pairs_s = []
    for _ in range(PAIRS):
        subject, object = chance.sample(names, 2)
        wanted = EventFilter(subjects=(subject,), objects=(object,), first_day=date(2024, 9, 1))
        pairs_s.append(took(lambda wanted=wanted: snapshot.count_events(wanted))[0])  # type: ignore[misc]
    everything_s, _ = took(snapshot.relation_distribution)
    return {
        "open_s": opened_s,
        "first_pair_s": pairs_s[0],
        "pair_median_s": median(pairs_s[1:]),
        "everything_s": everything_s,
    }


def measure() -> dict[str, Any]:
    """The rows of the table."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as place, object_storage() as endpoint:
        os.environ.update(variables(endpoint))
        folder = Path(place)
        ingest_quads(quads(folder), folder / "store")
        push_s, pushed = took(lambda: push(folder / "store", ADDRESS))
        pull_s, _ = took(lambda: pull(ADDRESS, folder / "copy"))
        return {
            "events": pushed.events,
            "months": len(pushed.uploaded),
            "bytes": pushed.bytes_up,
            "push_s": push_s,
            "pull_s": pull_s,
            "folder": queried(lambda: EventStore(folder / "store")),
            "bucket": queried(lambda: EventStore(ADDRESS)),
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=2) + "\n")
