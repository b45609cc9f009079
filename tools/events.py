"""Events and how they are distributed: MIRAI's function set over the event store (arXiv 2407.01231)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import db.cameo as cameo
import db.countries as countries
from db.articles.article import host_of
from db.articles.headline import headline_of
from db.errors import BadInput
from db.events.filters import EventFilter
from db.events.ranking import words_of
from db.events.results import Event, Role
from db.events.snapshot import Snapshot
from db.records import Evidence
from tools.filters import DateRange, Names, Query, event_filter, known_note
from tools.rendering import counted
from tools.tool import Answer

MOST_EVENTS = 30
"""How many events one call returns at most."""

_HOST_CHARACTERS = 40
"""The end of a host that is shown, which its owner had to register: dots, too, can join words to a sentence."""
_ROLES: Mapping[str, Role] = {"head": "subject", "tail": "object", "both": "both"}
_COLUMNS = """
date head tail code title | mentions | tone | Goldstein | source"""


def count_events(
    snapshot: Snapshot,
    *,
    date_range: DateRange | None = None,
    head_entities: Names | None = None,
    tail_entities: Names | None = None,
    relations: Names | None = None,
) -> Answer[int]:
    """How many events match: distinct (day, head, base code, tail) that the news reported credibly.

    date_range: ["2025-05-01", "2025-05-31"], both days included. head_entities: who acts; tail_entities: towards whom;
    ISO codes or names, ["CHN", "Japan"]. relations: CAMEO codes, ["042", "13"]; a root includes its children.
    A list means any of its items, None no filter, [] matches nothing.
    Returns the number.
    """
    wanted = event_filter(date_range, head_entities, tail_entities, relations)
    count = snapshot.count_events(wanted)
    return Answer(
        data=count,
        heading=counted(count, "event"),
        note=known_note(snapshot),
        latest_added_at=snapshot.latest_added_at(wanted),
    )


def get_events(
    snapshot: Snapshot,
    *,
    date_range: DateRange | None = None,
    head_entities: Names | None = None,
    tail_entities: Names | None = None,
    relations: Names | None = None,
    text_description: Query | None = None,
) -> Answer[list[dict[str, Any]]]:
    """The events that match, newest first (then most mentioned), at most 30.

    date_range: ["2025-05-01", "2025-05-31"], both days included. head_entities: who acts; tail_entities: towards whom;
    ISO codes or names, ["CHN", "Japan"]. relations: CAMEO codes, ["042", "13"]; a root includes its children.
    A list means any of its items, None no filter, [] matches nothing.
    text_description: words such as "joint military drills": then the events that share any of them, best match first
    (BM25 over code title, country names and the words of the article's address).
    Returns [{"date": "2025-05-28", "head": "CHN", "tail": "TWN", "code": "042", "title": "Make a visit",
    "mentions": 32, "tone": -1.1, "goldstein": 1.9, "url": "https://..."}]: mentions summed over all reports, tone their
    mean (-100..100), goldstein from -10 (conflict) to 10 (cooperation), url of the most mentioned article.
    """
    wanted = event_filter(date_range, head_entities, tail_entities, relations)
    if text_description is None:
        events = snapshot.events(wanted, limit=MOST_EVENTS)
    elif words_of(text_description):
        events = snapshot.search_events(text_description, wanted, limit=MOST_EVENTS)
    else:
        raise BadInput(f"text_description {text_description!r} has no word in Latin letters or digits to look for")
    return Answer(
        data=[_as_data(event) for event in events],
        heading=_heading(snapshot, wanted, len(events), text_description) + _COLUMNS * bool(events),
        lines=[_line(event) for event in events],
        note=known_note(snapshot),
        latest_added_at=max((event.added_at for event in events), default=None),
        evidence=tuple(_evidence(event, snapshot) for event in events),
    )


def get_entity_distribution(
    snapshot: Snapshot,
    *,
    date_range: DateRange | None = None,
    involved_relations: Names | None = None,
    interacted_entities: Names | None = None,
    entity_role: Literal["head", "tail", "both"] = "both",
) -> Answer[dict[str, int]]:
    """Which countries take part in events, with how many each, most active first.

    date_range: ["2025-05-01", "2025-05-31"], both days included. involved_relations: CAMEO codes, ["042", "13"]; a root
    includes its children. interacted_entities: count only countries whose counterpart is one of these, ["CHN"].
    entity_role: count countries as "head" (who acts), as "tail" (towards whom) or in "both" roles.
    A list means any of its items, None no filter, [] matches nothing.
    Returns {ISO code: number of events}.
    """
    sides = ["head", "tail"] if entity_role == "both" and interacted_entities is not None else [entity_role]
    found: dict[str, int] = {}
    latest = []
    for side in sides:
        heads, tails = (None, interacted_entities) if side == "head" else (interacted_entities, None)
        wanted = event_filter(date_range, heads, tails, involved_relations)
        latest.append(snapshot.latest_added_at(wanted))
        for country, count in snapshot.entity_distribution(wanted, role=_ROLES[side]).items():
            found[country] = found.get(country, 0) + count
    ordered = dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
    return Answer(
        data=ordered,
        heading=f"{len(ordered)} countries and how many events each has ({entity_role}):",
        lines=[f"{country} {countries.name(country)}: {count}" for country, count in ordered.items()],
        note=known_note(snapshot),
        latest_added_at=max(filter(None, latest), default=None),
    )


def get_relation_distribution(
    snapshot: Snapshot,
    *,
    date_range: DateRange | None = None,
    head_entities: Names | None = None,
    tail_entities: Names | None = None,
) -> Answer[dict[str, int]]:
    """What kinds of events happened, with how many of each, most frequent first.

    date_range: ["2025-05-01", "2025-05-31"], both days included. head_entities: who acts; tail_entities: towards whom;
    ISO codes or names, ["CHN", "Japan"]. A list means any of its items, None no filter, [] matches nothing.
    Returns {three-digit CAMEO code: number of events}.
    """
    wanted = event_filter(date_range, head_entities, tail_entities)
    found = snapshot.relation_distribution(wanted)
    total = sum(found.values())
    return Answer(
        data=found,
        heading=f"{total} events by kind, with their share:",
        lines=[f"{code} {cameo.name(code)}: {count} ({count / total:.0%})" for code, count in found.items()],
        note=known_note(snapshot),
        latest_added_at=snapshot.latest_added_at(wanted),
    )


def _heading(snapshot: Snapshot, wanted: EventFilter, shown: int, text: str | None) -> str:
    if text is not None:
        return f"{counted(shown, 'event')} with these words, best first{', at most 30' * (shown == MOST_EVENTS)}"
    if shown < MOST_EVENTS:
        return f"{counted(shown, 'event')}, newest first"
    return f"The newest {shown} of {snapshot.count_events(wanted)} events"


def _as_data(event: Event) -> dict[str, Any]:
    return {
        "date": event.day.isoformat(),
        "head": event.subject,
        "tail": event.object,
        "code": event.code,
        "title": cameo.name(event.code),
        "mentions": event.mentions,
        "tone": None if event.tone is None else round(event.tone, 1),
        "goldstein": event.goldstein,
        "url": event.url,
    }


def _line(event: Event) -> str:
    """The columns of `_COLUMNS`. Of an address only the host is shown: the rest is words that a stranger chose."""
    numbers = f"{event.mentions} | {_tone(event)} | {event.goldstein:g}"
    return f"{_what(event)} | {numbers} | {(host_of(event.url) or '-')[-_HOST_CHARACTERS:]}"


def _tone(event: Event) -> str:
    return "-" if event.tone is None else f"{event.tone:.1f}"


def _what(event: Event) -> str:
    return f"{event.day} {event.subject} {event.object} {event.code} {cameo.name(event.code)}"


def _evidence(event: Event, snapshot: Snapshot) -> Evidence:
    title = cameo.name(event.code)
    headline = headline_of(event.url)
    return Evidence(
        as_of=snapshot.as_of,
        source="gdelt" if event.event_id >= 0 else "icews",  # quads of other sources have negative ids
        url=event.url,
        title=f"{headline} ({title})" if headline else title,
        text=f"{_what(event)}: {event.mentions} mentions, tone {_tone(event)}, Goldstein {event.goldstein:g}",
        added_at=event.added_at,
    )
