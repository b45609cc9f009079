"""Ranking events against a text: the words of both sides meet, rarity counts, and ties have an order."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from db.events.filters import EventFilter, View
from db.events.ranking import words_of
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from tests.gdelt_rows import row, write_csv
from tests.tools.worlds import AS_OF

_RANDOM = random.Random(7)
WORDS = [
    "".join(_RANDOM.choices("bcdfgaeiou", k=_RANDOM.randint(1, 7))) + ending
    for ending in ("", "s", "es", "ed", "ing", "ion", "ions", "e", "2025")
    for _ in range(12)
]


def snapshot_of(folder: Path, addresses: list[str]) -> Snapshot:
    """Events that differ in nothing but the article's address."""
    codes = [f"{root:02d}0" for root in range(1, 21)]
    lines = [
        row(
            number,
            SOURCEURL=address,
            EventCode=codes[number % 20],
            SQLDATE=f"202504{number // 20 + 1:02d}",
            DATEADDED=f"202504{number // 20 + 1:02d}000000",
        )
        for number, address in enumerate(addresses)
    ]
    ingest_files([write_csv(folder / "rows.export.CSV", lines)], folder / "S")
    return EventStore(folder / "S").as_of(AS_OF, view=View(min_mentions=0))


def test_every_word_of_an_address_finds_it(tmp_path: Path) -> None:
    """Python stems the query and DuckDB the addresses: they must agree on every word."""
    addresses = [f"https://news.example/{number}/x-{word}-Y.html" for number, word in enumerate(WORDS)]
    snapshot = snapshot_of(tmp_path, addresses)
    found = {event.url for event in snapshot.search_events(" ".join(WORDS).upper(), limit=1000)}
    assert set(addresses) - found == set()


def test_a_rare_word_outweighs_a_frequent_one(tmp_path: Path) -> None:
    addresses = [f"https://news.example/{number}/talks-in-town" for number in range(9)]
    snapshot = snapshot_of(tmp_path, [*addresses, "https://news.example/9/ceasefire-in-town"])
    assert snapshot.search_events("talks ceasefire", limit=1)[0].url.endswith("ceasefire-in-town")


def test_ties_go_to_the_newest_event(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, [f"https://news.example/{number:03d}/talks" for number in range(100)])
    days = [event.day.day for event in snapshot.search_events("talks", EventFilter(codes=("010",)), limit=4)]
    assert days == [5, 4, 3, 2]


def test_the_site_of_an_address_is_no_word_of_it(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, ["https://ceasefire.example/1/talks"])
    assert snapshot.search_events("ceasefire") == []


@pytest.mark.parametrize("text", ["", "!!!", "的"])
def test_a_text_without_words_finds_nothing(tmp_path: Path, text: str) -> None:
    assert snapshot_of(tmp_path, ["https://news.example/1/talks"]).search_events(text) == []


def test_words_are_compared_without_case_accents_and_endings() -> None:
    assert words_of("Négotiations, VISITING & the visits") == ["negotiat", "visit", "and", "the", "visit"]
