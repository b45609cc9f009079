"""The World page's numbers: those of the snapshot's own queries, and nothing at or after its moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.ui.event_view import FLOWS_SHOWN, Looking, bucket_of, seen
from db.demo import DemoWorld
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    """A year of the demo's world."""
    folder = tmp_path_factory.mktemp("world")
    DemoWorld(0).write_files(folder / "files")
    ingest_files([folder / "files"], folder / "store")
    return EventStore(folder / "store")


@pytest.mark.parametrize("days", [20, 90, 900])
@pytest.mark.parametrize("pair", [("", ""), ("TUR", "GBR"), ("TUR", "")])
def test_seen_counts_what_the_snapshot_counts(store: EventStore, days: int, pair: tuple[str, str]) -> None:
    snapshot = store.as_of(datetime(2024, 10, 3, tzinfo=UTC))
    looking = Looking(days=days, subject=pair[0], object=pair[1])
    found, wanted = seen(snapshot, looking), looking.filter(snapshot)
    assert found.n == snapshot.count_events(wanted)
    assert list(found.countries.items()) == list(snapshot.entity_distribution(wanted).items())
    assert list(found.relations.items()) == list(snapshot.relation_distribution(wanted).items())
    assert found.timeline == snapshot.timeline(wanted, bucket=found.bucket)
    assert sum(flow.n for flow in found.flows) <= found.n and len(found.flows) <= FLOWS_SHOWN


@pytest.mark.parametrize("moment", [datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, 11, 30, tzinfo=UTC)])
def test_seen_of_a_moment_holds_nothing_that_became_known_at_or_after_it(store: EventStore, moment: datetime) -> None:
    found = seen(store.as_of(moment), Looking(days=90))
    assert found.newest_added_at is not None and found.newest_added_at < moment
    assert all(event.added_at < moment for event in found.latest)
    later = seen(store.as_of(datetime(2024, 6, 1, tzinfo=UTC)), Looking(days=90))
    assert later.n != found.n


def test_seen_before_the_first_event_is_empty(store: EventStore) -> None:
    found = seen(store.as_of(datetime(2023, 6, 1, tzinfo=UTC)), Looking(days=30))
    assert (found.n, found.newest_added_at, found.timeline, found.flows) == (0, None, [], [])


def test_bucket_of_a_window_grows_with_it() -> None:
    assert [bucket_of(days) for days in (30, 365, 3650)] == ["day", "week", "month"]
