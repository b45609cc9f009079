"""Queries of the agent benchmark: drawn from a store or read from a file, the truth kept beside them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.benchmark.agents.queries import MIN_HISTORY_DAYS, Query, QuerySet, answerable, ask, cut_off, sampled
from app.benchmark.datasets.asked import write
from app.benchmark.datasets.stored import draw
from app.benchmark.registry import DATASETS, read_queries
from db.demo import DemoWorld
from db.errors import BadInput
from db.events.filters import EventFilter
from db.events.store import DEFAULT_VIEW, EventStore, StoreInfo
from db.gdelt.ingest import ingest_files

PAIR_DAY = (date(2025, 6, 1), "CHN", "TWN")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    folder = tmp_path_factory.mktemp("world")
    DemoWorld(seed=5, start=date(2024, 1, 1), days=70).write_files(folder / "files")
    ingest_files([folder / "files"], folder / "store")
    return EventStore(folder / "store")


def query(answer: tuple[str, ...] = ("042",), horizon: int = 1) -> Query:
    question = ask(PAIR_DAY, horizon, given_any_event=True, min_mentions=20)
    return Query(question=question, as_of=cut_off(PAIR_DAY[0], horizon), answer=answer)


def pair_days(found: QuerySet, horizon: int) -> list[tuple[date, str, str]]:
    asked = [query.question for query in found.queries if query.horizon_days == horizon]
    return [(question.day, question.subject, question.object) for question in asked]


def test_horizon_of_one_day_knows_everything_before_the_day_and_longer_ones_less() -> None:
    assert cut_off(date(2025, 6, 1), 1) == datetime(2025, 6, 1, tzinfo=UTC)
    assert cut_off(date(2025, 6, 1), 7) == datetime(2025, 5, 26, tzinfo=UTC)
    assert [query(horizon=horizon).horizon_days for horizon in (1, 7, 30, 90)] == [1, 7, 30, 90]


def test_question_handed_to_members_does_not_hold_the_answer() -> None:
    assert query(("042", "190")).question == query(("051",)).question


@pytest.mark.parametrize(
    ("answer", "said"),
    [(("04",), "no CAMEO base codes"), (("999",), "no CAMEO base codes"), ((), "condition of an event")],
)
def test_impossible_answers_are_refused(answer: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        query(answer)


def test_drawn_pair_days_are_the_same_at_every_horizon_and_have_a_much_reported_event(store: EventStore) -> None:
    found = draw(store, n=30, horizons=[1, 7], min_mentions=40, seed=3)
    assert pair_days(found, 1) == pair_days(found, 7)
    assert len(set(pair_days(found, 1))) == 30
    end = store.as_of(datetime(2025, 1, 1, tzinfo=UTC))
    for item in found.queries:
        question = item.question
        day = EventFilter(
            first_day=question.day, last_day=question.day, subjects=(question.subject,), objects=(question.object,)
        )
        quads = end.quads(day)
        assert quads.mentions.max() >= 40
        assert item.answer == tuple(sorted({quads.codes[code] for code in quads.code}))
        assert question.given_any_event and question.min_mentions == DEFAULT_VIEW.min_mentions


def test_draw_is_deterministic_in_its_seed_and_stays_in_the_later_half(store: EventStore) -> None:
    first, again, other = (draw(store, n=20, horizons=[1], min_mentions=40, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert pair_days(first, 1) != pair_days(other, 1)
    assert min(item.question.day for item in first.queries) >= date(2024, 2, 4)
    assert len({item.question.day for item in first.queries}) <= 10


def test_horizons_without_a_past_are_skipped_and_counted(store: EventStore) -> None:
    found = draw(store, n=20, horizons=[1, 90], min_mentions=40)
    assert {item.horizon_days for item in found.queries} == {1}
    [skip] = found.skipped
    assert (skip.horizon_days, skip.n) == (90, 20)
    assert "fewer than 7 days of history" in skip.reason and "2024-01-01" in skip.reason


def test_null_inclusive_asks_about_pairs_active_before_the_cut_off_whatever_happened(store: EventStore) -> None:
    found = draw(store, n=60, horizons=[1, 7], null_inclusive=True)
    assert not any(item.question.given_any_event for item in found.queries)
    empty = Counter(bool(item.answer) for item in found.queries)
    assert empty[False] and empty[True]
    assert pair_days(found, 1) == pair_days(found, 7)
    known = {day: store.as_of(cut_off(day, 7)) for day, _, _ in pair_days(found, 1)}
    for day, subject, object in pair_days(found, 1):
        assert known[day].count_events(EventFilter(subjects=(subject,), objects=(object,))) > 0


def test_more_pair_days_than_there_are_is_refused_with_what_to_do(store: EventStore) -> None:
    with pytest.raises(BadInput, match="ask for fewer or lower --min-mentions"):
        draw(store, n=20, horizons=[1], min_mentions=1_000_000)


def test_queries_beyond_the_stores_span_are_skipped_with_their_reason() -> None:
    early, late = datetime(2025, 5, 31, tzinfo=UTC), datetime(2025, 5, 28, tzinfo=UTC)
    for first, last, said in (
        (early - timedelta(days=MIN_HISTORY_DAYS - 2), early, "fewer than 7 days"),
        (late - timedelta(days=300), late, "ends on 2025-05-28"),
    ):
        info = StoreInfo(1, first, last, ("2025-05",), 1, "f")
        found = answerable(QuerySet("a file", (query(),)), info)
        assert found.queries == () and found.skipped[0].n == 1
        assert said in found.skipped[0].reason


def test_queries_file_round_trips(tmp_path: Path) -> None:
    asked = [query(), query(("042", "190"), horizon=7)]
    write(asked, tmp_path / "q.jsonl")
    assert read_queries(tmp_path / "q.jsonl", [1]).queries == tuple(asked)


def test_bad_line_of_a_queries_file_is_named(tmp_path: Path) -> None:
    line = {
        "question": query().question.model_dump(mode="json"),
        "as_of": "2025-06-01T00:00:00Z",
        "answer": ["042"],
    }
    for change, said in (
        ({"as_of": "2025-06-01T00:00:00"}, "query 2 .*as_of"),
        ({"as_of": "2025-06-01T10:00:00Z"}, "query 2 .*lies after the beginning"),
        ({"answer": ["04"]}, "query 2 .*no CAMEO base codes"),
        ({}, "query 2 .*asks again"),
    ):
        (tmp_path / "q.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(line | change) + "\n")
        with pytest.raises(BadInput, match=said):
            read_queries(tmp_path / "q.jsonl", [1])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no queries"),
        ("{", "line 1 .* not JSON"),
        ("[1]", "not a JSON object"),
        ('{"a": 1}', "none of the formats"),
    ],
)
def test_file_in_no_known_format_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "q.jsonl").write_text(content)
    with pytest.raises(BadInput, match=said):
        read_queries(tmp_path / "q.jsonl", [1])
    with pytest.raises(BadInput, match="does not exist"):
        read_queries(tmp_path / "none.jsonl", [1])


def test_mirai_lines_of_one_pair_day_are_one_query_and_what_is_not_understood_is_counted(tmp_path: Path) -> None:
    rows = [
        {"timestamp": "2023-11-01", "subject": "China", "relation": "Consult", "object": "Taiwan"},
        {
            "timestamp": "2023-11-01",
            "subject": "China",
            "relation": "Use conventional military force",
            "object": "Taiwan",
        },
        {"timestamp": "2023-11-01", "subject": "Taiwan", "relation": "Arrest or detain", "object": "China"},
        {"timestamp": "2023-11-01", "subject": "Freedonia", "relation": "Consult", "object": "China"},
        {"timestamp": "2023-11-01", "subject": "Japan", "relation": "Consult", "object": "China"},
        {"timestamp": "2023-11-01", "subject": "Japan", "relation": "Dance", "object": "China"},
    ]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = read_queries(tmp_path / "m.jsonl", [1, 30])
    asked = {(q.question.subject, q.question.object, q.horizon_days): q.answer for q in found.queries}
    assert asked == {
        ("CHN", "TWN", 1): ("040", "190"),
        ("TWN", "CHN", 1): ("173",),
        ("CHN", "TWN", 30): ("040", "190"),
        ("TWN", "CHN", 30): ("173",),
    }
    assert sorted(skip.n for skip in found.skipped) == [1, 1]
    assert any("Freedonia" in skip.reason for skip in found.skipped)
    assert any("Dance" in skip.reason for skip in found.skipped)


def test_mirais_own_file_is_understood_to_the_last_line(data_dir: Path) -> None:
    found = read_queries(data_dir / "gdelt" / "mirai_test_queries_705.jsonl.zst", [1])
    assert len(found.queries) == 705 and found.skipped == ()
    assert {item.question.day.month for item in found.queries} == {11}
    assert all(len(item.answer) == 1 and item.question.min_mentions == 50 for item in found.queries)


@pytest.mark.parametrize("address", DATASETS.values())
def test_every_dataset_resolves_and_is_documented(address: str) -> None:
    from importlib import import_module

    module, _, attribute = address.partition(":")
    reader = getattr(import_module(module), attribute)
    assert callable(reader) and reader.__doc__
    assert reader([{"something": "else"}], [1]) is None


def test_sample_of_a_file_keeps_whole_pair_days_at_every_horizon(tmp_path: Path) -> None:
    days = [f"2023-11-{day:02d}" for day in range(1, 10)]
    lines = [{"timestamp": day, "subject": "China", "relation": "Consult", "object": "Taiwan"} for day in days]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = read_queries(tmp_path / "m.jsonl", [1, 7])
    few = sampled(found, 3, seed=0)
    assert Counter(one.horizon_days for one in few.queries) == {1: 3, 7: 3}
    assert len(set(pair_days(few, 1))) == 3 and pair_days(few, 1) == pair_days(few, 7)
    assert few == sampled(found, 3, seed=0) and sampled(found, 99, seed=0) == found
