"""Snapshots: every query agrees with a plain reading of the rows, and none can see the future."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.errors import BadInput, StoreMissing
from db.events.filters import EventFilter, View
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from tests.gdelt_rows import row, write_csv
from tests.snapshot_queries import QUERIES

HARMLESS = {"as_of", "today", "view", "fingerprint", "articles"}


def event(number: int, day: int, hour: int, code: str, actors: tuple[str, str]) -> str:
    return row(
        number,
        SQLDATE=f"202505{day:02d}",
        DATEADDED=f"202505{day:02d}{hour:02d}0000",
        EventCode=code,
        Actor1CountryCode=actors[0],
        Actor2CountryCode=actors[1],
    )


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 28),
        st.integers(0, 23),
        st.sampled_from(["010", "042", "130", "1411", "190"]),
        st.permutations(["CHN", "TWN", "USA"]).map(lambda three: (three[0], three[1])),
    ),
    min_size=1,
    max_size=25,
)


def test_every_public_method_is_tried_against_the_future() -> None:
    public = {name for name in dir(Snapshot) if not name.startswith("_")}
    assert public == set(QUERIES) | HARMLESS


@pytest.mark.parametrize("cache", [None, "memory"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, day=st.integers(2, 29), hour=st.integers(0, 23))
def test_no_method_sees_what_was_added_at_or_after_as_of(
    tmp_path_factory: pytest.TempPathFactory,
    cache: Literal["memory"] | None,
    events: list[tuple[int, int, str, tuple[str, str]]],
    day: int,
    hour: int,
) -> None:
    """A store that ends before as_of and one that goes on answer every query alike."""
    folder = tmp_path_factory.mktemp("store")
    cut = datetime(2025, 5, day, hour, tzinfo=UTC)
    rows = [event(number, *what) for number, what in enumerate(events)]
    past = [
        line for line, what in zip(rows, events, strict=True) if datetime(2025, 5, what[0], what[1], tzinfo=UTC) < cut
    ]
    canary = event(10**6, 29, 23, "203", ("CHN", "TWN"))
    opening = event(10**6 + 1, 1, 0, "010", ("USA", "TWN"))
    for name, lines in (("past", [opening, *past]), ("all", [opening, *rows, canary])):
        write_csv(folder / f"{name}.export.CSV", lines)
        ingest_files([folder / f"{name}.export.CSV"], folder / name)
    view = View(min_mentions=0)
    before, after = (EventStore(folder / name).as_of(cut, view=view, cache=cache) for name in ("past", "all"))
    for name, query in QUERIES.items():
        assert query(before) == query(after), name
    assert max((found.day for found in after.events(limit=1000)), default=date(2025, 5, 1)) <= cut.date()
    shown = [found.added_at for found in after.events(limit=1000)]
    assert after.latest_added_at() == max(shown, default=None)
    assert all(moment < cut for moment in shown)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    rows = [
        row(1),
        row(2, NumMentions="25"),
        row(3, EventCode="1411", NumMentions="5"),
        row(4, SQLDATE="20250513"),
        row(5, Actor1CountryCode="USA", Actor2CountryCode="CHN", EventCode="042", NumMentions="40"),
        row(6, Actor1CountryCode="EUR"),
        row(7, Actor2CountryCode="CHN"),
        row(8, SQLDATE="20250521", DATEADDED="20250521000000", SOURCEURL="https://news.example/1"),
    ]
    ingest_files([write_csv(tmp_path / "20250520.export.CSV", rows)], tmp_path / "S")
    return EventStore(tmp_path / "S").as_of(datetime(2025, 5, 22, tzinfo=UTC), view=View(min_mentions=20))


def test_view_cleans_as_mirai_does(snapshot: Snapshot) -> None:
    """Summed mentions above 20, same day, first day of the article, two different countries, base codes."""
    found = snapshot.events()
    assert [(event.subject, event.object, event.code, event.mentions) for event in found] == [
        ("USA", "CHN", "042", 40),
        ("CHN", "TWN", "130", 35),
    ]
    assert found[1].reports == 2
    assert found[1].url == "https://news.example/2"


def test_filter_empty_list_matches_nothing_and_root_includes_children(snapshot: Snapshot) -> None:
    assert snapshot.count_events(EventFilter(codes=())) == 0
    assert snapshot.count_events(EventFilter(subjects=())) == 0
    assert snapshot.count_events(EventFilter(codes=("13",))) == 1
    assert snapshot.count_events(EventFilter(codes=("04", "13"))) == 2
    assert snapshot.count_events(EventFilter(first_day=date(2025, 5, 21))) == 0


def test_entity_distribution_heeds_the_role(snapshot: Snapshot) -> None:
    assert snapshot.entity_distribution(role="subject") == {"CHN": 1, "USA": 1}
    assert snapshot.entity_distribution(role="both") == {"CHN": 2, "TWN": 1, "USA": 1}


def test_bad_arguments_get_one_clear_sentence(snapshot: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="empty"):
        EventFilter(first_day=date(2025, 5, 2), last_day=date(2025, 5, 1))
    with pytest.raises(BadInput, match="time zone"):
        EventStore(tmp_path / "S").as_of(datetime(2025, 5, 1))  # noqa: DTZ001  the naive datetime is the point
    with pytest.raises(StoreMissing, match="auspex ingest"):
        EventStore(tmp_path / "none")
    with pytest.raises(BadInput, match="half_life"):
        snapshot.decayed_relation_distribution("CHN", "TWN", half_life_days=0)


def test_text_arguments_cannot_inject_sql(snapshot: Snapshot) -> None:
    for hostile in ("' OR 1=1 --", "CHN'; DROP TABLE quads; --", "\\", "%"):
        assert snapshot.count_events(EventFilter(subjects=(hostile,))) == 0
        assert snapshot.decayed_relation_distribution(hostile, hostile) == {}
    assert snapshot.count_events() == 2


def test_days_are_known_once_something_later_was_added(snapshot: Snapshot) -> None:
    known = snapshot.known_since([date(2025, 5, 20), date(2025, 5, 21)])
    assert known == [datetime(2025, 5, 21, tzinfo=UTC), None]


def test_snapshot_attributes_cannot_be_moved(snapshot: Snapshot) -> None:
    with pytest.raises(AttributeError):
        snapshot.as_of = snapshot.as_of + timedelta(days=1)  # type: ignore[misc]
