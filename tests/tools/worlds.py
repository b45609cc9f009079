"""A small store whose every answer is known, its future included, and calls that try every tool."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.articles.article import Article
from db.articles.slugs import index_slugs
from db.articles.store import ArticleStore
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from tests.gdelt_rows import row, write_csv
from tools.registry import toolbox
from tools.tool import Observation

AS_OF = datetime(2025, 5, 25, tzinfo=UTC)
CANARY = "zzcanary"

# number, day and hour in May 2025, head, tail, code, mentions, words of the address
PAST = [
    (1, 15, 1, "FRA", "DEU", "010", 21, "opening-day"),
    (2, 20, 12, "CHN", "TWN", "130", 30, "beijing-warns-taipei-over-drills"),
    (3, 20, 12, "CHN", "TWN", "1411", 25, "crowds-protest-near-the-strait"),
    (4, 21, 9, "CHN", "TWN", "042", 40, "delegation-arrives-in-taipei"),
    (5, 21, 9, "TWN", "CHN", "111", 25, "taipei-objects-to-drills-near-the-strait"),
    (6, 22, 18, "USA", "CHN", "042", 60, "envoy-visits-beijing"),
    (7, 23, 18, "CHN", "USA", "043", 60, "beijing-receives-envoy"),
    (8, 23, 18, "CHN", "TWN", "130", 35, "new-drills-and-more-drills"),
    (9, 24, 23, "CHN", "TWN", "131", 20, "too-few-mentions-to-count"),
]
FUTURE = [
    (90, 25, 0, "CHN", "TWN", "203", 9999, f"{CANARY}-drills-in-the-strait"),
    (91, 25, 0, "CHN", "TWN", "130", 9999, f"{CANARY}-beijing-warns-taipei"),
    (92, 26, 5, "USA", "CHN", "203", 9999, f"envoy-{CANARY}"),
]
Told = tuple[int, int, int, str, str, str, int, str]

WIDE = {"date_range": ["2000-01-01", "2030-12-31"]}
PAIR = {"head_entities": ["China"], "tail_entities": ["TWN"]}
CALLS: dict[str, list[dict[str, Any]]] = {
    "map_country_name_to_iso": [{"name": "China"}],
    "map_iso_to_country_name": [{"iso": "CHN"}],
    "map_relation_description_to_cameo": [{"text": "make a visit"}],
    "map_cameo_to_relation": [{"code": "042"}],
    "get_parent_relation": [{"code": "042"}, {"code": "04"}],
    "get_child_relations": [{"code": "04"}, {"code": "1411"}],
    "get_sibling_relations": [{"code": "042"}],
    "count_events": [{}, WIDE, {**PAIR, "relations": ["13", "203"]}],
    "get_events": [{}, WIDE, PAIR, {"text_description": f"drills in the strait {CANARY}"}],
    "get_entity_distribution": [{}, WIDE, {"interacted_entities": ["CHN"], "entity_role": "head"}],
    "get_relation_distribution": [{}, WIDE, PAIR],
    "get_event_timeline": [{}, WIDE, {**PAIR, "bucket": "day"}],
    "get_decayed_relation_distribution": [{"head_entity": "China", "tail_entity": "Taiwan"}],
    "compare_windows": [{"recent_days": 3}, {**PAIR, "recent_days": 2, "baseline_days": 3650}],
    "get_base_rate": [{}, {**WIDE, **PAIR, "relations": ["13"], "window_days": 2}],
    "count_news_articles": [{}, WIDE, PAIR, {"keywords": [CANARY]}],
    "get_news_articles": [{}, WIDE, PAIR, {"text_description": f"drills in the strait {CANARY}"}],
    "browse_news_article": [
        {"title": "Beijing warns taipei over drills"},
        {"title": f"https://news.example/90/{CANARY}-drills-in-the-strait"},
        {"title": CANARY, "date": "2025-05-25"},
    ],
}


def written(events: Sequence[Told]) -> list[str]:
    """The events as rows of a GDELT file."""
    return [
        row(
            number,
            SQLDATE=f"202505{day}",
            DATEADDED=f"202505{day}{hour:02d}0000",
            Actor1CountryCode=head,
            Actor2CountryCode=tail,
            EventCode=code,
            NumMentions=str(mentions),
            SOURCEURL=f"https://news.example/{number}/{words}",
        )
        for number, day, hour, head, tail, code, mentions, words in events
    ]


def build(folder: Path, events: Sequence[Told]) -> EventStore:
    """A store of these events and the articles of their addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    ingest_files([write_csv(folder / "rows.export.CSV", written(events))], folder / "S")
    index_slugs(folder / "S")
    return EventStore(folder / "S")


def with_future(folder: Path) -> EventStore:
    """The whole store, with events and an article that become known at and after `AS_OF`."""
    store = build(folder, [*PAST, *FUTURE])
    article = Article(url=f"https://news.example/{CANARY}", title=CANARY, text=f"{CANARY} drills", added_at=AS_OF)
    ArticleStore(store.path).add([article])
    return store


def observe_all(snapshot: Snapshot) -> dict[str, list[Observation]]:
    """What every tool says to its calls."""
    tools = toolbox(snapshot)
    return {name: [tools[name](**arguments) for arguments in calls] for name, calls in CALLS.items()}


def call(snapshot: Snapshot, name: str, **arguments: Any) -> Observation:
    """What a tool shows when it is called rightly."""
    observation = toolbox(snapshot)[name](**arguments)
    assert not observation.failed, observation.text
    return observation
