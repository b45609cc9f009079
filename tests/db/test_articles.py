"""Articles: nothing later changes an answer, loads add up, and a query is words and nothing else."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.articles.article import Article
from db.articles.snapshot import ArticleSnapshot
from db.articles.store import ArticleStore
from db.errors import BadInput, StoreCorrupt, StoreError

START = datetime(2025, 5, 1, tzinfo=UTC)
WORDS = ["China", "Taiwan", "talks", "talking", "drills", "the"]
URLS = [f"https://news.example/2025/story-number-{number}" for number in range(4)]

QUERIES: dict[str, Callable[[ArticleSnapshot], Any]] = {
    "search": lambda articles: [
        [articles.search(query, limit=limit) for query in (None, "talk", "the drills of China", "Taiwan")]
        + [
            articles.search("China talks", limit=limit, keywords=["talks"]),
            articles.search("the", limit=limit, urls=URLS[:2]),
            articles.search("the", limit=limit, first_day=date(2025, 5, 1), last_day=date(2025, 5, 1)),
        ]
        for limit in (1, 100)
    ],
    "count": lambda articles: [articles.count(), articles.count(keywords=["China", "talks"])],
    "latest_added_at": lambda articles: [articles.latest_added_at(), articles.latest_added_at(keywords=["the"])],
    "browse": lambda articles: [articles.browse(name) for name in (*URLS, *WORDS, "Story number 1")],
}

TEXTS = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
OBSERVATIONS = st.lists(
    st.builds(
        Article,
        url=st.sampled_from(URLS),
        title=TEXTS,
        text=TEXTS,
        published_at=st.none() | st.just(START - timedelta(days=1)),
        added_at=st.integers(0, 40).map(lambda hours: START + timedelta(hours=hours)),
    ),
    max_size=20,
    unique_by=lambda article: (article.url, article.added_at),
)


def test_every_public_method_is_tried_against_the_future() -> None:
    public = {name for name in dir(ArticleSnapshot) if not name.startswith("_")}
    assert public == set(QUERIES) | {"as_of"}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(observed=OBSERVATIONS, hours=st.integers(0, 41), data=st.data())
def test_index_that_ends_before_as_of_and_one_that_goes_on_answer_alike(
    tmp_path_factory: pytest.TempPathFactory, observed: list[Article], hours: int, data: st.DataObject
) -> None:
    """Hits, order and scores included, and in whatever order and how many loads the articles came."""
    folder = tmp_path_factory.mktemp("articles")
    cut = START + timedelta(hours=hours)
    canary = Article(url=URLS[0], title="the China talks", text="canary " * 30, added_at=START + timedelta(hours=41))
    ArticleStore(folder / "past").add(article for article in observed if article.added_at < cut)
    shuffled = data.draw(st.permutations([*observed, canary]))
    middle = len(shuffled) // 2
    for part in (shuffled[:middle], shuffled[middle:]):
        ArticleStore(folder / "all").add(part)
    before, after = (ArticleSnapshot(folder / name, cut) for name in ("past", "all"))
    for name, query in QUERIES.items():
        assert query(before) == query(after), name
    hits = after.search(limit=100)
    assert all(hit.added_at < cut for hit in hits)
    assert after.latest_added_at() == max((hit.added_at for hit in hits), default=None)


def snapshot_of(folder: Path, *articles: Article, as_of: datetime = START + timedelta(days=30)) -> ArticleSnapshot:
    ArticleStore(folder).add(articles)
    return ArticleSnapshot(folder, as_of)


def article(number: int, title: str = "", text: str = "", *, hours: int = 0) -> Article:
    return Article(
        url=f"https://news.example/{number}", title=title, text=text, added_at=START + timedelta(hours=hours)
    )


def test_score_is_bm25_worked_by_hand(tmp_path: Path) -> None:
    articles = snapshot_of(
        tmp_path, article(1, "drills drills"), article(2, "talks on trade go on"), article(3, "trade")
    )
    [hit] = articles.search("drill")
    rarity = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    assert hit.score == pytest.approx(rarity * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 2 / (8 / 3))))
    assert [hit.url[-1] for hit in articles.search("trade")] == ["3", "2"]


def test_ties_go_to_the_newest_and_stems_match(tmp_path: Path) -> None:
    articles = snapshot_of(tmp_path, article(1, "Talks open"), article(2, "Talks close", hours=1), article(3, "Talked"))
    assert [hit.url[-1] for hit in articles.search("talking")] == ["3", "2", "1"]
    assert [hit.url[-1] for hit in articles.search(limit=2)] == ["2", "1"]


def test_longer_text_is_visible_only_from_when_it_was_known(tmp_path: Path) -> None:
    first, later = article(1, "Talks", "short"), article(1, "Talks end", "a much longer text", hours=5)
    ArticleStore(tmp_path).add([later])
    ArticleStore(tmp_path).add([first])
    at = [ArticleSnapshot(tmp_path, START + timedelta(hours=hours)).browse(first.url) for hours in (0, 5, 6)]
    assert [hit and hit.text for hit in at] == [None, "short", "a much longer text"]
    assert ArticleSnapshot(tmp_path, START + timedelta(hours=5)).search("longer") == []
    assert ArticleSnapshot(tmp_path, START + timedelta(hours=6)).count() == 1


def test_of_two_versions_of_one_moment_the_longer_stays(tmp_path: Path) -> None:
    store = ArticleStore(tmp_path)
    assert store.add([article(1, "Talks", "short")]) == (1, 0)
    assert store.add([article(1, "Talks", "a longer text"), article(1, "Talks", "longer")]) == (1, 1)
    hits = ArticleSnapshot(tmp_path, START + timedelta(days=1)).search("talks")
    assert [hit.text for hit in hits] == ["a longer text"]
    assert ArticleSnapshot(tmp_path, START + timedelta(days=1)).search("short") == []


def test_version_that_says_no_more_is_a_duplicate(tmp_path: Path) -> None:
    store = ArticleStore(tmp_path)
    assert store.add([article(1, "Talks", "some text")]) == (1, 0)
    assert store.add([article(1, "Talks", "some text", hours=3), article(1, "Talks"), article(2)]) == (1, 2)
    assert store.add([article(1, "Talks", "some text")]) == (0, 1)


@pytest.mark.parametrize(
    ("query", "found", "as_phrase"),
    [
        ('"drills" NOT talks', {"1", "2"}, 0),
        ("dri*", set(), 0),
        ("title : drills", {"1", "2"}, 0),
        ("^drills", {"1", "2"}, 2),
        ("NEAR(drills coast)", {"1", "2"}, 0),
        ("drills OR", {"1", "2"}, 0),
        ('drills" OR "talks', {"1", "2"}, 0),
        ("{drills}", {"1", "2"}, 2),
        ('"', set(), 0),
        ("(", set(), 0),
        ("\0drills", {"1", "2"}, 2),
    ],
)
def test_query_text_is_words_and_never_syntax(tmp_path: Path, query: str, found: set[str], as_phrase: int) -> None:
    articles = snapshot_of(tmp_path, article(1, "drills near the coast"), article(2, "talks not drills"))
    assert {hit.url[-1] for hit in articles.search(query)} == found
    assert articles.count(keywords=[query]) == as_phrase
    assert articles.browse(query) is None


@pytest.mark.parametrize("hostile", ["'; DROP TABLE version; --", "x' OR '1'='1", "\\", "%", "\ud800", "a" * 5000])
def test_text_arguments_cannot_inject_sql(tmp_path: Path, hostile: str) -> None:
    articles = snapshot_of(tmp_path, article(1, "drills near the coast"))
    assert articles.search(hostile) == articles.search(hostile, urls=[hostile]) == []
    assert articles.count(keywords=[hostile]) == articles.count(urls=[hostile]) == 0
    assert articles.browse(hostile) is None
    assert articles.count() == 1


def test_keywords_must_all_occur_and_several_words_are_a_phrase(tmp_path: Path) -> None:
    articles = snapshot_of(
        tmp_path, article(1, "Trade war", "tariffs rise"), article(2, "War on trade"), article(3, "Tariff talks")
    )
    assert articles.count(keywords=["trade war"]) == 1
    assert articles.count(keywords=["war", "trade"]) == 2
    assert articles.count(keywords=["trade", "tariff"]) == 1
    assert articles.count(keywords=["trade", "***"]) == 0
    assert articles.count(urls=[]) == 0


def test_browse_finds_by_address_or_title_and_tells_days_apart(tmp_path: Path) -> None:
    articles = snapshot_of(
        tmp_path,
        article(1, "Talks open", "The first."),
        article(2, "Talks, open!", "The second.", hours=30),
        article(3, "Talks open again", hours=50),
    )
    found = [
        articles.browse("https://news.example/1"),
        articles.browse("talks open"),
        articles.browse("Talks open", date(2025, 5, 1)),
    ]
    assert [hit and hit.text for hit in found] == ["The first.", "The second.", "The first."]
    assert articles.browse("talks") is None


def test_snippet_is_the_part_of_the_text_that_was_found(tmp_path: Path) -> None:
    [hit] = snapshot_of(tmp_path, article(1, "Title", "filler " * 200 + "the drills began " + "filler " * 200)).search(
        "drill"
    )
    assert "drills began" in hit.snippet
    assert len(hit.snippet.split()) <= 45


def test_without_an_index_there_is_nothing(tmp_path: Path) -> None:
    articles = ArticleSnapshot(tmp_path, START)
    assert (articles.search("x"), articles.search(), articles.count(), articles.latest_added_at()) == ([], [], 0, None)
    assert articles.browse("https://news.example/1") is None
    with pytest.raises(BadInput, match="negative"):
        articles.search("x", limit=-1)


def test_reader_sees_the_old_index_until_a_load_is_complete(tmp_path: Path) -> None:
    articles = snapshot_of(tmp_path, article(1, "Talks"))
    seen: list[int] = []

    def load() -> Iterator[Article]:
        yield article(2, "Drills")
        seen.append(articles.count())
        yield article(3, "Drills")
        raise RuntimeError("stopped half-way")

    with pytest.raises(RuntimeError):
        ArticleStore(tmp_path).add(load())
    assert seen == [1]
    assert articles.search("drills") == []


def test_killed_load_leaves_the_old_index(tmp_path: Path) -> None:
    articles = snapshot_of(tmp_path, article(1, "Talks"))
    program = f"""
import sys
from datetime import datetime, UTC
from pathlib import Path
from db.articles.article import Article
from db.articles.store import ArticleStore
def load():
    for number in range(20000):
        yield Article(url=f"https://killed.example/{{number}}", added_at=datetime(2025, 5, 1, tzinfo=UTC))
    print("half-way", flush=True)
    sys.stdin.read()
ArticleStore(Path({str(tmp_path)!r})).add(load())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"half-way\n"
        process.kill()
    assert articles.count() == 1
    assert ArticleStore(tmp_path).add([article(2, "Drills")]) == (1, 0)
    assert articles.count() == 2


def test_damaged_or_newer_index_says_so(tmp_path: Path) -> None:
    articles = snapshot_of(tmp_path, article(1, "Talks"))
    (tmp_path / "articles.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreCorrupt, match="articles index"):
        articles.count()
    (tmp_path / "newer").mkdir()
    sqlite = subprocess.run(
        [sys.executable, "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 99')"]
        + [str(tmp_path / "newer" / "articles.db")]
    )
    assert sqlite.returncode == 0
    with pytest.raises(StoreError, match="format 99"):
        ArticleSnapshot(tmp_path / "newer", START).count()


def test_articles_without_an_address_or_a_zone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no http"):
        ArticleStore(tmp_path).add([Article(url="talks", added_at=START)])
    with pytest.raises(BadInput, match="time zone"):
        ArticleStore(tmp_path).add([Article(url=URLS[0], added_at=START.replace(tzinfo=None))])
    assert ArticleSnapshot(tmp_path, START).count() == 0
