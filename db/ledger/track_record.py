"""The yes/no questions that are resolved, and what was said of them: the columns that learning and reports need.

Read by three queries over whole sets, from the index; outcomes, of which it knows only the last, from the journal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from db.clusters import cluster_of
from db.ledger.bulk import rows
from db.ledger.clock import moment
from db.ledger.index_models import AnswerIndex, QuestionIndex
from db.ledger.live import Deadlines
from db.ledger.models import Entry
from db.records import HUMAN


@dataclass(frozen=True, slots=True)
class ResolvedBinary:
    """A yes/no question with its outcome, True for yes, and the label of its cluster (`db.clusters`)."""

    question_id: str
    source: str
    cluster: str
    outcome: bool
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What a member said of a yes/no question: the probability of yes, and whether it is live (`db.ledger.live`)."""

    question_id: str
    member: str
    as_of: datetime
    created_at: datetime
    probability: float
    live: bool


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Resolved yes/no questions by id, and what members said of them, in the order in which it was recorded."""

    questions: dict[str, ResolvedBinary]
    forecasts: list[Said]


class _Outcome(BaseModel):
    question_id: str
    outcome: Any
    known_at: AwareDatetime


def track_record(
    connection: Connection, *, known_before: datetime | None = None, members: Collection[str] | None = None
) -> TrackRecord:
    """The track record as it was knowable at `known_before` (None: whatever is known now), of `members` (None: of all).

    A resolution with a later `known_at` is not read, a correction included: the earlier one counts until then. Left
    out are outcomes other than yes and no, and what was said with an `as_of` that is not before the first `known_at` of
    the question's resolutions.
    """
    questions, deadlines = _questions(connection, _outcomes(connection, known_before))
    said = _said(connection, deadlines, members) if questions else ()
    return TrackRecord(questions, [item for item in said if members is None or item.member in members])


def _outcomes(connection: Connection, known_before: datetime | None) -> dict[str, tuple[_Outcome, datetime]]:
    """The last resolution of each question among those knowable then, and the earliest `known_at` of them all."""
    bodies = connection.execute(select(Entry.body).where(Entry.kind == "resolution").order_by(Entry.position)).scalars()
    found: dict[str, tuple[_Outcome, datetime]] = {}
    for outcome in map(_Outcome.model_validate_json, bodies):
        if known_before is None or outcome.known_at < known_before:
            _, first = found.get(outcome.question_id, (outcome, outcome.known_at))
            found[outcome.question_id] = outcome, min(first, outcome.known_at)
    return found


def _questions(
    connection: Connection, outcomes: dict[str, tuple[_Outcome, datetime]]
) -> tuple[dict[str, ResolvedBinary], dict[str, Deadlines]]:
    index = QuestionIndex
    columns = (index.id, index.source, index.source_id, index.subject, index.object, index.first_day, index.resolve_by)
    found: dict[str, ResolvedBinary] = {}
    deadlines: dict[str, Deadlines] = {}
    resolved = select(*columns).where(index.state != "open").order_by(index.position)
    for question_id, source, source_id, subject, object, first_day, resolve_by in connection.execute(resolved):
        outcome, known_at = outcomes.get(question_id, (None, None))
        if outcome is None or known_at is None or not isinstance(outcome.outcome, bool):
            continue
        found[question_id] = ResolvedBinary(
            question_id=question_id,
            source=source,
            cluster=cluster_of(question_id, source=source, source_id=source_id, subject=subject, object=object),
            outcome=outcome.outcome,
            known_at=outcome.known_at,
        )
        begins = date.fromisoformat(first_day) if first_day else None
        deadlines[question_id] = Deadlines.of(known_at=known_at, resolve_by=moment(resolve_by), first_day=begins)
    return found, deadlines


def _said(connection: Connection, deadlines: dict[str, Deadlines], members: Collection[str] | None) -> Iterator[Said]:
    index = AnswerIndex
    columns = (index.question_id, index.member, index.record_id, index.as_of, index.created_at)
    wanted = select(*columns, index.value_kind, index.probability, index.rests_on).where(index.kind == "forecast")
    resolved = select(QuestionIndex.id).where(QuestionIndex.state != "open")
    wanted = wanted.where(index.question_id.in_(resolved)).order_by(index.position)
    if members is not None:  # and people's numbers, which a member's update may rest on
        wanted = wanted.where(or_(index.member.in_(sorted(members)), index.member.startswith(HUMAN)))
    late: set[str] = set()
    for question_id, member, record_id, as_of_, created_at_, kind, probability, rests_on in rows(connection, wanted):
        due = deadlines.get(question_id)
        if due is None:
            continue
        as_of, created_at = moment(as_of_), moment(created_at_)
        live = due.met(member, as_of=as_of, created_at=created_at)
        if live and rests_on and late:
            live = late.isdisjoint(rests_on.split(" "))
        if not live:
            late.add(record_id)
        if kind == "probability" and as_of < due.known_at:
            yield Said(question_id, member, as_of, created_at, probability, live)
