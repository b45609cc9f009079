"""News articles: MIRAI's three functions over the article index (arXiv 2407.01231). News text is shown fenced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from db.articles.article import Hit
from db.articles.snapshot import ArticleFilter
from db.events.snapshot import Snapshot
from db.records import Evidence
from tools.filters import DateRange, Name, Names, Query, day_of, event_filter, known_note
from tools.tool import Answer
from tools.untrusted import LABEL, quoted, visible

MOST_ARTICLES = 15
"""How many articles one call returns at most."""

Title = Annotated[str, Field(max_length=2000)]


def count_news_articles(
    snapshot: Snapshot,
    *,
    date_range: DateRange | None = None,
    head_entities: Names | None = None,
    tail_entities: Names | None = None,
    relations: Names | None = None,
    keywords: Names | None = None,
) -> Answer[int]:
    """How many news articles match.

    With head_entities, tail_entities or relations: the articles behind the events that match, as in count_events, with
    date_range the days of the events. Without: all articles, with date_range the days of the articles.
    A list means any of its items, None no filter, [] matches nothing.
    keywords: words or phrases that must all occur in title or text, ["tariff", "trade war"].
    Returns the number.
    """
    wanted = _wanted(snapshot, date_range, head_entities, tail_entities, relations, keywords)
    count = snapshot.articles.count(**wanted)
    return Answer(
        data=count,
        heading=f"{count} articles",
        note=known_note(snapshot),
        latest_added_at=snapshot.articles.latest_added_at(**wanted),
    )


def get_news_articles(
    snapshot: Snapshot,
    *,
    date_range: DateRange | None = None,
    head_entities: Names | None = None,
    tail_entities: Names | None = None,
    relations: Names | None = None,
    keywords: Names | None = None,
    text_description: Query | None = None,
) -> Answer[list[dict[str, Any]]]:
    """The news articles that match, newest first, at most 15.

    With head_entities, tail_entities or relations: the articles behind the events that match, as in get_events, with
    date_range the days of the events. Without: all articles, with date_range the days of the articles.
    A list means any of its items, None no filter, [] matches nothing.
    keywords: words or phrases that must all occur in title or text, ["tariff", "trade war"].
    text_description: words such as "joint military drills": then the articles that share any of them, best match first
    (BM25 over title and text).
    Returns [{"date": "2025-05-28", "title": "...", "host": "news.example", "url": "https://...", "snippet": "..."}];
    snippet is empty where only the headline is stored.
    """
    wanted = _wanted(snapshot, date_range, head_entities, tail_entities, relations, keywords)
    hits = snapshot.articles.search(text_description, limit=MOST_ARTICLES, **wanted)
    order = "newest" if text_description is None else "best match"
    return Answer(
        data=[{**_as_data(hit), "snippet": visible(hit.snippet)} for hit in hits],
        heading=_labelled(f"{len(hits)} articles, {order} first.") if hits else "0 articles",
        lines=[line for hit in hits for line in quoted(_line(hit))],
        note=known_note(snapshot),
        latest_added_at=max((hit.added_at for hit in hits), default=None),
        evidence=tuple(_evidence(hit, hit.snippet, snapshot) for hit in hits),
    )


def browse_news_article(snapshot: Snapshot, *, title: Title, date: Name | None = None) -> Answer[dict[str, Any] | None]:
    """One news article: its stored text, or the headline where that is all that is stored.

    title: its title as get_news_articles gives it, or its url. date: "2025-05-28", to tell articles of one title apart.
    Returns {"date", "title", "host", "url", "text"}, text empty where only the headline is stored; None if there is no
    such article.
    """
    hit = snapshot.articles.browse(title, None if date is None else day_of(date))
    if hit is None:
        near = snapshot.articles.search(title, limit=3)
        return Answer(
            data=None,
            heading=_labelled("There is no such article. The nearest titles:") if near else "There is no such article.",
            lines=[line for other in near for line in quoted(_line(other))],
            note=known_note(snapshot),
            latest_added_at=max((other.added_at for other in near), default=None),
            evidence=tuple(_evidence(other, other.snippet, snapshot) for other in near),
        )
    kept = "The stored text:" if hit.text else "Only the headline is stored, no text:"
    return Answer(
        data={**_as_data(hit), "text": visible(hit.text)},
        heading=_labelled(kept),
        lines=[*quoted(_line(hit)), *(quoted(hit.text) if hit.text else [])],
        latest_added_at=hit.added_at,
        evidence=(_evidence(hit, hit.text, snapshot),),
    )


def _wanted(
    snapshot: Snapshot,
    date_range: Sequence[str] | None,
    head_entities: Sequence[str] | None,
    tail_entities: Sequence[str] | None,
    relations: Sequence[str] | None,
    keywords: Sequence[str] | None,
) -> ArticleFilter:
    events = event_filter(date_range, head_entities, tail_entities, relations)
    wanted: ArticleFilter = {"keywords": keywords or ()}
    if (events.subjects, events.objects, events.codes) == (None, None, None):
        return {**wanted, "first_day": events.first_day, "last_day": events.last_day}
    return {**wanted, "urls": snapshot.urls(events)}


def _labelled(heading: str) -> str:
    return f"{heading}\n{LABEL}"


def _as_data(hit: Hit) -> dict[str, Any]:
    return {"date": _day(hit), "title": _one_line(hit.title), "host": visible(hit.host), "url": _one_line(hit.url)}


def _line(hit: Hit) -> str:
    """Day, title, address and snippet, in one line."""
    title = "" if hit.title == hit.url else hit.title
    parts = (_day(hit), title, hit.url, hit.snippet)
    return " | ".join(_one_line(part) for part in parts if part)


def _day(hit: Hit) -> str:
    return f"{hit.published_at or hit.added_at:%Y-%m-%d}"


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())


def _evidence(hit: Hit, text: str, snapshot: Snapshot) -> Evidence:
    return Evidence(
        as_of=snapshot.as_of,
        source=hit.host,
        url=hit.url,
        title=hit.title,
        text=text,
        published_at=hit.published_at,
        added_at=hit.added_at,
    )
