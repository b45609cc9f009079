"""What the agent benchmark asks: a question, when it is asked, and beside it, never within it, the true answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

import db.cameo as cameo
from db.errors import BadInput
from db.events.store import StoreInfo
from db.questions.factory import first_full_day, relation_question
from db.records import RelationQuestion

MIN_HISTORY_DAYS = 7
"""A query with fewer days than this between the store's beginning and its cut-off is not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question with its information cut-off `as_of`; `answer` is the truth, base codes, sorted.

    Members are handed `question` alone. Raises BadInput for a cut-off after the day's first midnight and for codes that
    are no base codes.
    """

    question: RelationQuestion
    as_of: datetime
    answer: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.horizon_days < 1:
            raise BadInput(f"as_of {self.as_of.isoformat()} lies after the beginning of {self.question.day}")
        if unknown := sorted(set(self.answer) - set(cameo.base_codes())):
            raise BadInput(f"the answer holds {', '.join(unknown)}, which are no CAMEO base codes of three digits")
        if self.question.given_any_event and not self.answer:
            raise BadInput("the answer is empty, but the question is asked on the condition of an event")

    @property
    def horizon_days(self) -> int:
        """Days from the cut-off to the end of the day asked about: 1 where everything before that day is known."""
        return (self.question.day - first_full_day(self.as_of)).days + 1

    @property
    def key(self) -> tuple[str, str]:
        """What tells it apart: its question's id, and the cut-off as ISO text."""
        return self.question.id, self.as_of.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Queries that are not asked, and why: how many, of which horizon (None: of any), about which days."""

    reason: str
    n: int
    horizon_days: int | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class QuerySet:
    """Queries from one source, described in words, with what was left out of it."""

    source: str
    queries: tuple[Query, ...]
    skipped: tuple[Skipped, ...] = ()


def cut_off(day: date, horizon_days: int) -> datetime:
    """The cut-off of a horizon: midnight at which `day` begins, less `horizon_days` - 1 days."""
    return datetime.combine(day - timedelta(days=horizon_days - 1), time(), tzinfo=UTC)


def ask(
    pair_day: tuple[date, str, str], horizon_days: int, *, given_any_event: bool, min_mentions: int
) -> RelationQuestion:
    """The question about a (day, subject, object) at a horizon."""
    day, subject, object = pair_day
    return relation_question(
        subject,
        object,
        day,
        open_at=cut_off(day, horizon_days),
        min_mentions=min_mentions,
        given_any_event=given_any_event,
    )


def answerable(found: QuerySet, store: StoreInfo) -> QuerySet:
    """The queries for which the store holds a past, the rest counted by horizon and reason."""
    asked: list[Query] = []
    left_out: dict[tuple[int, str], list[Query]] = defaultdict(list)
    for query in found.queries:
        if (reason := _no_past(query, store)) is None:
            asked.append(query)
        else:
            left_out[query.horizon_days, reason].append(query)
    skipped = tuple(
        Skipped(
            horizon_days=horizon,
            reason=reason,
            n=len(queries),
            first_day=min(query.question.day for query in queries),
            last_day=max(query.question.day for query in queries),
        )
        for (horizon, reason), queries in sorted(left_out.items())
    )
    return QuerySet(found.source, tuple(asked), (*found.skipped, *skipped))


def _no_past(query: Query, store: StoreInfo) -> str | None:
    """Why the store cannot tell what was known at a query's cut-off, or None."""
    first, last = store.first_added_at, store.last_added_at
    if first is None or last is None:
        return "the store is empty"
    if query.as_of - first < timedelta(days=MIN_HISTORY_DAYS):
        return f"fewer than {MIN_HISTORY_DAYS} days of history before the cut-off: the store begins on {first.date()}"
    if query.as_of - last > timedelta(days=1):
        return f"the store ends on {last.date()}, more than a day before the cut-off"
    return None


def sampled(found: QuerySet, n: int, seed: int) -> QuerySet:
    """The queries about `n` of the pair-days, drawn from `seed`, at every horizon; all of them if there are no more."""
    days = sorted({_pair_day(query) for query in found.queries})
    if len(days) <= n:
        return found
    chosen = {days[at] for at in np.random.default_rng(seed).choice(len(days), size=n, replace=False)}
    return replace(found, queries=tuple(query for query in found.queries if _pair_day(query) in chosen))


def pair_days(queries: Sequence[Query]) -> int:
    """How many distinct (day, subject, object) are asked about."""
    return len({_pair_day(query) for query in queries})


def _pair_day(query: Query) -> tuple[date, str, str]:
    return query.question.day, query.question.subject, query.question.object
