"""Statistics tools: hand-worked values over a small store, and honesty about what is not known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from db.events.snapshot import Snapshot
from db.events.store import EventStore
from tests.tools.worlds import AS_OF, PAIR, with_future
from tools.registry import toolbox
from tools.tool import Observation


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    return with_future(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def snapshot(store: EventStore) -> Snapshot:
    return store.as_of(AS_OF)


def call(snapshot: Snapshot, name: str, **arguments: Any) -> Observation:
    return toolbox(snapshot)[name](**arguments)


def test_timeline_shows_quiet_weeks_and_how_many_days_are_known(snapshot: Snapshot) -> None:
    """The record runs from Thursday the 15th to Saturday the 24th of May 2025."""
    found = call(snapshot, "get_event_timeline", head_entities=["CHN"], relations=["13", "14"])
    assert found.data == [
        {"first_day": "2025-05-12", "days": 4, "events": 0, "mentions": 0},
        {"first_day": "2025-05-19", "days": 6, "events": 3, "mentions": 90},
    ]
    assert found.text.splitlines()[:3] == [
        "3 events in 2 weeks, newest first:",
        "2025-05-19 (6 days): 3",
        "2025-05-12 (4 days): 0",
    ]


def test_timeline_by_day_keeps_to_the_range_and_to_what_is_known(snapshot: Snapshot) -> None:
    found = call(snapshot, "get_event_timeline", **PAIR, bucket="day", date_range=["2025-05-22", "2025-06-30"])
    assert [(item["first_day"], item["events"]) for item in found.data] == [
        ("2025-05-22", 0),
        ("2025-05-23", 1),
        ("2025-05-24", 0),
    ]


def test_timeline_by_month_counts_the_known_days_of_the_month(snapshot: Snapshot) -> None:
    found = call(snapshot, "get_event_timeline", bucket="month")
    assert found.data == [{"first_day": "2025-05-01", "days": 10, "events": 8, "mentions": 296}]


def test_timeline_outside_of_what_is_known_says_which_days_are(snapshot: Snapshot) -> None:
    found = call(snapshot, "get_event_timeline", date_range=["2024-01-01", "2024-12-31"])
    assert found.failed
    assert "2025-05-15 to 2025-05-24" in found.text


def test_decayed_distribution_by_hand(snapshot: Snapshot) -> None:
    """Active days 20, 21 and 23 May weigh 1/8, 1/4 and 1 with a half-life of one day."""
    found = call(
        snapshot, "get_decayed_relation_distribution", head_entity="China", tail_entity="TWN", half_life_days=1
    )
    total = 1 / 8 + 1 / 4 + 1
    assert found.data == {
        "130": round((1 / 8 + 1) / total, 4),
        "042": round((1 / 4) / total, 4),
        "141": round((1 / 8) / total, 4),
    }
    assert f"130 Threaten, not specified below: {9 / 11:.3f}" in found.text


def test_decayed_distribution_with_a_tiny_half_life_is_the_last_active_day(snapshot: Snapshot) -> None:
    found = call(
        snapshot, "get_decayed_relation_distribution", head_entity="CHN", tail_entity="TWN", half_life_days=1e-300
    )
    assert found.data == {"130": 1.0, "042": 0.0, "141": 0.0}


def test_decayed_distribution_of_a_pair_without_events_is_empty(snapshot: Snapshot) -> None:
    found = call(snapshot, "get_decayed_relation_distribution", head_entity="Chad", tail_entity="Peru")
    assert (found.data, found.latest_added_at) == ({}, None)


def test_compare_windows_divides_by_the_days_that_are_known(snapshot: Snapshot) -> None:
    """The last 3 days are 22 to 24 May; the record holds 7 of the 90 days before them."""
    found = call(snapshot, "compare_windows", **PAIR, recent_days=3, baseline_days=90)
    assert found.data[0] == {
        "code": "130",
        "title": "Threaten, not specified below",
        "recent": 1,
        "baseline": 1,
        "recent_per_day": 0.3333,
        "baseline_per_day": 0.1429,
        "baseline_days": 7,
    }
    assert [row["code"] for row in found.data] == ["130", "042", "141"]


def test_compare_windows_when_the_record_is_too_short_or_stale_says_so(store: EventStore) -> None:
    short = call(store.as_of(AS_OF), "compare_windows", recent_days=10)
    assert short.failed and "recent_days must be below 10" in short.text
    stale = call(store.as_of(datetime(2025, 8, 1, tzinfo=UTC)), "compare_windows")
    assert stale.failed and "the record ends on 2025-05-26" in stale.text


def test_base_rate_by_hand(snapshot: Snapshot) -> None:
    """Threats on the 20th and 23rd: of the nine two-day windows from the 15th to the 24th, four hold one."""
    found = call(snapshot, "get_base_rate", **PAIR, relations=["13"], window_days=2)
    assert found.data == {
        "windows": 9,
        "hits": 4,
        "rate": 0.4444,
        "separate_windows": 5,
        "events": 2,
        "days": 10,
        "last_event": "2025-05-23",
    }
    assert found.text.startswith("4 of 9 windows of 2 days had at least 1 event: 44.4%")
    assert call(snapshot, "get_base_rate", **PAIR, relations=["13"], window_days=4, at_least=2).data["hits"] == 1
    assert call(snapshot, "get_base_rate", **PAIR, relations=["20"]).data["last_event"] is None


def test_base_rate_with_a_window_longer_than_the_past_says_so(snapshot: Snapshot) -> None:
    found = call(snapshot, "get_base_rate", window_days=11)
    assert found.failed and "at most 10" in found.text


@pytest.mark.parametrize("name", ["get_event_timeline", "compare_windows", "get_base_rate"])
def test_statistics_before_any_whole_day_is_known_say_so(store: EventStore, name: str) -> None:
    for moment in (datetime(2025, 5, 15, 12, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)):
        found = call(store.as_of(moment), name)
        assert found.failed and "no whole day is known" in found.text
