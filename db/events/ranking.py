"""Ranking events against a text: BM25 over an event's code title, its countries' names and the words of its address.

How common a word is counts only among the events ranked, all of them visible, so the future cannot change an order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import db.cameo as cameo
import db.countries as countries
from db.articles.ranking import Postings, bm25

_WORD = "[a-z0-9]+"
_STEM = "^(.{3,}?)(ions?|ing|ed|es|s|e)$"  # read alike by Python and by DuckDB: the same words on both sides
_SITE = "^[a-zA-Z]+://[^/]*"

_POSTINGS = f"""
WITH labels AS MATERIALIZED (
    SELECT words[1] AS key, words[2:] AS words
    FROM (SELECT string_split(unnest(string_split(?, chr(10))), ' ') AS words)),
documents AS MATERIALIZED (
    SELECT event_id, day, mentions, list_concat(titles.words, subjects.words, objects.words, list_transform(
        regexp_extract_all(lower(regexp_replace(url, '{_SITE}', '')), '{_WORD}'),
        lambda word: regexp_replace(word, '{_STEM}', '\\1'))) AS words
    FROM ({{quads}}) LEFT JOIN labels AS titles ON titles.key = code
    LEFT JOIN labels AS subjects ON subjects.key = subject LEFT JOIN labels AS objects ON objects.key = object),
size AS (SELECT count(*) AS documents, avg(len(words)) AS mean_length FROM documents)
SELECT term, event_id, len(list_filter(words, lambda word: word = term))::DOUBLE AS times,
    len(words)::DOUBLE AS length, size.documents, size.mean_length
FROM documents, size, (SELECT unnest(string_split(?, ' ')) AS term) WHERE list_contains(words, term)
ORDER BY day DESC, mentions DESC, event_id
"""


def postings_sql(quads: str, parameters: Sequence[Any], text: str) -> tuple[str, list[Any]]:
    """Where the words of `text` stand among the quads, newest event first, as SQL and its parameters.

    Words are compared without case, accents and their common English endings.
    """
    return _POSTINGS.replace("{quads}", quads), [_labels(), *parameters, " ".join(sorted(set(words_of(text))))]


def best(postings: Mapping[str, NDArray[Any]], limit: int) -> list[int]:
    """The ids of the events that match best, best first, at most `limit`; ties keep the order of the postings."""
    ids, times, lengths = (postings[column] for column in ("event_id", "times", "length"))
    if not len(ids):
        return []
    words = [
        Postings(ids[found], times[found], lengths[found])
        for found in (postings["term"] == term for term in np.unique(postings["term"]))
    ]
    size, mean_length = int(postings["documents"][0]), float(postings["mean_length"][0])
    ranked, scores = bm25(words, articles=size, mean_length=mean_length)
    _, first_places = np.unique(ids, return_index=True)
    order = np.lexsort((first_places, -scores.round(9)))  # rounded: sums of the same terms are equal in any order
    return [int(event_id) for event_id in ranked[order[:limit]]]


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    return [re.sub(_STEM, r"\1", word) for word in re.findall(_WORD, countries.fold(text))]


@cache
def _labels() -> str:
    """A line for each base code and country: its key, and the words of its title or name."""
    names = {code: cameo.name(code) for code in cameo.base_codes()}
    names |= {iso3: countries.name(iso3) for iso3 in countries.iso3_codes()}
    return "\n".join(" ".join([key, *words_of(name)]) for key, name in names.items())
