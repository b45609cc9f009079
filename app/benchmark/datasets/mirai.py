"""MIRAI's 705 test queries as they are passed around: one relation a line, countries and relations by name.

A day's lines about one pair make one query, whose answer is the set of their base codes (arXiv 2407.01231).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import db.cameo as cameo
import db.countries as countries
from app.benchmark.agents.queries import Query, QuerySet, Skipped, ask, cut_off
from db.errors import BadInput, UnknownName

MIN_MENTIONS = 50
"""MIRAI's events have more than 50 summed mentions."""

_PairDay = tuple[date, str, str]
_KEYS = {"timestamp", "subject", "relation", "object"}
_OTHER_WORDS = {
    "Arrest or detain": "173",
    "Engage in mediation": "045",
    "Exhibit military or police power": "150",
    "Make an appeal or request": "020",
    "Threaten with military force": "138",
}
"""Titles that MIRAI words in another way than the codebook does."""


def read(rows: Sequence[dict[str, Any]], horizons: Sequence[int]) -> QuerySet | None:
    """The queries of MIRAI's lines at every horizon, None if these are no such lines.

    Lines whose country or day is not known, or of one country with itself, are skipped and counted. A line whose
    relation is not known takes its whole pair-day with it: the truth without it would be too short.
    """
    if not rows[0].keys() >= _KEYS:
        return None
    answers: dict[_PairDay, set[str]] = defaultdict(set)
    incomplete: dict[_PairDay, str] = {}
    reasons: Counter[str] = Counter()
    for row in rows:
        try:
            pair_day = _pair_day(row)
        except BadInput as error:
            reasons[str(error)] += 1
            continue
        try:
            answers[pair_day].add(_base_code(str(row["relation"])))
        except UnknownName as error:
            incomplete[pair_day] = str(error)
    for pair_day, reason in incomplete.items():
        answers.pop(pair_day, None)
        reasons[reason] += 1
    queries = [
        Query(
            question=ask(pair_day, horizon, given_any_event=True, min_mentions=MIN_MENTIONS),
            as_of=cut_off(pair_day[0], horizon),
            answer=tuple(sorted(codes)),
        )
        for horizon in sorted(set(horizons))
        for pair_day, codes in sorted(answers.items())
    ]
    skipped = tuple(Skipped(reason=reason, n=n) for reason, n in reasons.most_common())
    return QuerySet("MIRAI's test queries, one relation a line", tuple(queries), skipped)


def _pair_day(row: dict[str, Any]) -> _PairDay:
    """The pair-day of a line; raises BadInput for one that says none."""
    if missing := sorted(_KEYS - row.keys()):
        raise BadInput(f"a line lacks {', '.join(missing)}")
    try:
        day = date.fromisoformat(str(row["timestamp"]))
    except ValueError:
        raise BadInput(f"{row['timestamp']!r} is not a date") from None
    subject, object = countries.resolve(str(row["subject"])), countries.resolve(str(row["object"]))
    if subject == object:
        raise BadInput(f"subject and object are the same country, {subject}")
    return day, subject, object


def _base_code(title: str) -> str:
    code = _OTHER_WORDS.get(title) or _by_words().get(_words(title))
    if code is None:
        raise UnknownName(f"no base code is called {title!r}", name=title, near=cameo.search(title))
    return code


@cache
def _by_words() -> dict[frozenset[str], str]:
    """Base codes by the words of their titles, "not specified below" left out, as MIRAI writes them."""
    return {_words(cameo.name(code).removesuffix(", not specified below")): code for code in cameo.base_codes()}


def _words(title: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", title.casefold())) - {"and", "or"}
