"""Queries drawn from the event store: MIRAI's pair-days, or active pairs whether or not anything happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from app.benchmark.agents.queries import MIN_HISTORY_DAYS, Query, QuerySet, Skipped, answerable, ask, cut_off
from db.errors import BadInput
from db.events.filters import EventFilter
from db.events.snapshot import Snapshot
from db.events.store import DEFAULT_VIEW, EventStore
from db.questions.factory import LOOK_BACK_DAYS
from db.questions.resolver import resolve

LATER_PART = 1 / 2
"""Queries are about the later half of the store's complete days, so that they have a past."""

DAYS = 10
"""Distinct days drawn, more only where these hold too few pair-days: members that fit something do so once per day."""

_EPOCH = date(1970, 1, 1)
PairDay = tuple[date, str, str]


def draw(
    store: EventStore,
    *,
    n: int,
    horizons: Sequence[int],
    null_inclusive: bool = False,
    min_mentions: int = 100,
    seed: int = 0,
) -> QuerySet:
    """`n` pair-days, the same ones at every horizon (in days); deterministic in `seed` and the store.

    They are drawn evenly from the pair-days with an event of `min_mentions` summed mentions or more, and asked on the
    condition of an event. `null_inclusive` draws from the pairs active in the 90 days before the cut-off of the longest
    horizon that has a past, half evenly and half in proportion to their activity, whatever happened on the day; it
    minds no `min_mentions`. The answers are all base codes of the pair-day in the default view.
    Horizons without a past are skipped and counted. Raises BadInput where there are fewer pair-days than `n`.
    """
    info = store.info()
    if info.first_added_at is None or info.last_added_at is None:
        raise BadInput("the event store is empty: ingest events first")
    end = store.as_of(info.last_added_at + timedelta(microseconds=1))
    random = np.random.default_rng(seed)
    candidates: list[tuple[PairDay, float]] = []
    for place, day in enumerate(random.permutation(np.array(_later_days(end)))):
        if place >= DAYS and len(candidates) >= n:
            break
        candidates += _active(store, day, horizons) if null_inclusive else _eventful(end, day, min_mentions)
    if len(candidates) < n:
        raise BadInput(
            f"only {len(candidates)} pair-days can be drawn from the later half of the store, not {n}: ask for fewer"
            + ("" if null_inclusive else " or lower --min-mentions")
        )
    weights = np.array([weight for _, weight in candidates])
    chosen = np.sort(random.choice(len(candidates), n, replace=False, p=weights / weights.sum()))
    drawn = sorted(candidates[place][0] for place in chosen)
    found = _with_answers(store, end, drawn, horizons, given_any_event=not null_inclusive)
    return answerable(found, info)


def _later_days(end: Snapshot) -> list[date]:
    """The later half of the days that are complete in the store."""
    span = end.span()
    if span is None:
        return []
    first, last = (moment.date() for moment in span)
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    complete = [day for day, known in zip(days, end.known_since(days), strict=True) if known is not None]
    return complete[int(len(complete) * (1 - LATER_PART)) :]


def _eventful(end: Snapshot, day: date, min_mentions: int) -> list[tuple[PairDay, float]]:
    """The pair-days of `day` with an event of so many mentions, evenly weighted."""
    quads = end.quads(EventFilter(first_day=day, last_day=day))
    much = quads.mentions >= min_mentions
    pairs = sorted(set(zip(quads.subject[much].tolist(), quads.object[much].tolist(), strict=True)))
    return [((day, quads.countries[subject], quads.countries[object]), 1.0) for subject, object in pairs]


def _active(store: EventStore, day: date, horizons: Sequence[int]) -> list[tuple[PairDay, float]]:
    """The pairs active before the earliest usable cut-off of `day`, by that alone: what came later decides nothing."""
    began = store.info().first_added_at
    usable = [
        horizon
        for horizon in horizons
        if began is not None and cut_off(day, horizon) - began >= timedelta(days=MIN_HISTORY_DAYS)
    ]
    if not usable:
        return []
    snapshot = store.as_of(cut_off(day, max(usable)))
    today = snapshot.today
    active = snapshot.active_pairs(today - timedelta(days=LOOK_BACK_DAYS), today - timedelta(days=1))
    total = sum(events for _, _, events in active)
    return [((day, subject, object), 0.5 * events / total + 0.5 / len(active)) for subject, object, events in active]


def _with_answers(
    store: EventStore, end: Snapshot, pair_days: Sequence[PairDay], horizons: Sequence[int], *, given_any_event: bool
) -> QuerySet:
    """The pair-days at every horizon, answered by the store as it is known at its end."""
    asked = [
        (horizon, ask(pair_day, horizon, given_any_event=given_any_event, min_mentions=DEFAULT_VIEW.min_mentions))
        for horizon in sorted(set(horizons))
        for pair_day in pair_days
    ]
    outcomes = {found.question_id: found.outcome for found in resolve(store, [q for _, q in asked], now=end.as_of)}
    queries = [
        Query(question=question, as_of=cut_off(question.day, horizon), answer=outcome)
        for horizon, question in asked
        if isinstance(outcome := outcomes.get(question.id), tuple)
    ]
    unknown = len(asked) - len(queries)
    skipped = (Skipped(reason="the store does not know their outcome", n=unknown),) if unknown else ()
    condition = "with an event" if given_any_event else "of active pairs, null-inclusive"
    return QuerySet(f"pair-days {condition}, drawn from the event store", tuple(queries), skipped)
