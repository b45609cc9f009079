"""The event store resolves its own questions, once their window is past and known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import db.cameo as cameo
from db.events.filters import EventFilter, View
from db.events.quads import Quads
from db.events.store import EventStore
from db.records import BinaryQuestion, EventCriterion, Question, RelationQuestion, Resolution

_EPOCH = date(1970, 1, 1)


def criterion_of(question: Question) -> EventCriterion | None:
    """What decides a question of the event store (for a relation question: any event of its day), or None."""
    if isinstance(question, RelationQuestion):
        return EventCriterion(
            subject=question.subject,
            object=question.object,
            first_day=question.day,
            last_day=question.day,
            min_mentions=question.min_mentions,
        )
    return question.criterion if isinstance(question, BinaryQuestion) else None


def resolve(store: EventStore, questions: Sequence[Question], *, now: datetime) -> list[Resolution]:
    """Resolutions of those `questions` whose window is complete in the store as known at `now`; the rest stay open.

    A day is complete once the store holds a row that was added after it ended; that moment is the resolution's
    `known_at`. A relation question resolves to its set of base codes, or is ANNULLED by an empty set where it was asked
    on the condition of an event.
    """
    resolutions: list[Resolution] = []
    by_mentions: dict[int, list[tuple[Question, EventCriterion]]] = defaultdict(list)
    for question in questions:
        if (criterion := criterion_of(question)) is not None:
            by_mentions[criterion.min_mentions].append((question, criterion))
    for min_mentions, asked in by_mentions.items():
        snapshot = store.as_of(now, view=View(min_mentions=min_mentions))
        known = snapshot.known_since([criterion.last_day for _, criterion in asked])
        due = [(*item, moment) for item, moment in zip(asked, known, strict=True) if moment is not None]
        if not due:
            continue
        first_day = min(criterion.first_day for _, criterion, _ in due)
        last_day = max(criterion.last_day for _, criterion, _ in due)
        seen = _codes_by_pair_day(snapshot.quads(EventFilter(first_day=first_day, last_day=last_day)))
        resolutions.extend(
            Resolution(
                question_id=question.id,
                outcome=_outcome(question, criterion, seen),
                resolved_at=now,
                known_at=moment,
                source=f"event store {snapshot.fingerprint}",
            )
            for question, criterion, moment in due
        )
    return resolutions


PairDays = dict[tuple[str, str], dict[date, list[str]]]


def _codes_by_pair_day(quads: Quads) -> PairDays:
    seen: PairDays = defaultdict(lambda: defaultdict(list))
    days = [date.fromordinal(_EPOCH.toordinal() + int(day)) for day in quads.day]
    for day, subject, object, code in zip(days, quads.subject, quads.object, quads.code, strict=True):
        seen[quads.countries[subject], quads.countries[object]][day].append(quads.codes[code])
    return seen


def _outcome(question: Question, criterion: EventCriterion, seen: PairDays) -> bool | tuple[str, ...] | str:
    wanted = None if criterion.codes is None else cameo.expand(criterion.codes)
    days = seen.get((criterion.subject, criterion.object), {})
    matching = sorted(
        code
        for day, codes in days.items()
        if criterion.first_day <= day <= criterion.last_day
        for code in codes
        if wanted is None or code in wanted
    )
    if isinstance(question, RelationQuestion):
        return "ANNULLED" if question.given_any_event and not matching else tuple(matching)
    return len(matching) >= criterion.at_least
