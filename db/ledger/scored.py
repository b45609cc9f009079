"""The answers to resolved questions in columns, and which of them are live: `db.ledger.scorable`, set by set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVarTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, select

from db.clusters import cluster_of
from db.ledger.bulk import rows
from db.ledger.index_models import AnswerIndex, QuestionIndex
from db.ledger.live import HINDSIGHT
from db.ledger.rows import ScorableAnswers, ScoredColumns
from db.ledger.scorable_bodies import read_scorable
from db.records import HUMAN

_SOME = 500  # rows held as tuples at once

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResolvedQuestions:
    """The questions with an outcome that scores, by place; times in microseconds.

    `begins` is when the window that a question is about does, or without one its `resolve_by`. `clusters` is sorted.
    """

    ids: tuple[str, ...]
    sources: tuple[str, ...]
    clusters: tuple[str, ...]
    source: Ints
    cluster: Ints
    begins: Ints
    resolve_by: Ints
    known_at: Ints
    first_known_at: Ints
    binary: Bools
    outcome: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Forecasts and aggregates of resolved questions in the journal's order; times in microseconds."""

    position: Ints
    record_id: NDArray[Any]
    aggregate: Bools
    question: Ints
    members: tuple[str, ...]
    member: Ints
    as_of: Ints
    created_at: Ints
    probability: Floats


def scored_columns(connection: Connection) -> ScoredColumns:
    """The columns of all answers to yes/no questions that can be scored."""
    questions = resolved_questions(connection)
    answers = answers_to(connection, questions)
    live = live_answers(connection, questions, answers)
    return _scored(questions, answers, live)


def scorable_answers(connection: Connection) -> ScorableAnswers:
    """All that can be scored, as `db.ledger.scorable` has it."""
    questions = resolved_questions(connection)
    answers = answers_to(connection, questions)
    live = live_answers(connection, questions, answers)
    others = np.flatnonzero(in_time(questions, answers) & ~yes_no(questions, answers))
    return ScorableAnswers(
        binary=_scored(questions, answers, live),
        others=read_scorable(connection, answers.position[others].tolist(), live[others].tolist()),
    )


def _scored(questions: ResolvedQuestions, answers: Answers, live: Bools) -> ScoredColumns:
    rows = np.flatnonzero(yes_no(questions, answers) & in_time(questions, answers))
    asked, as_of = answers.question[rows], answers.as_of[rows]
    return ScoredColumns(
        questions=questions.ids,
        members=answers.members,
        sources=questions.sources,
        clusters=questions.clusters,
        position=answers.position[rows],
        question=asked.astype(np.int32),
        member=answers.member[rows].astype(np.int32),
        source=questions.source[asked].astype(np.int32),
        cluster=questions.cluster[asked].astype(np.int32),
        as_of=as_of.view("datetime64[us]"),
        created_at=answers.created_at[rows].view("datetime64[us]"),
        known_at=questions.known_at[asked].view("datetime64[us]"),
        horizon_days=(questions.resolve_by[asked] - as_of).view("timedelta64[us]") / np.timedelta64(1, "D"),
        probability=answers.probability[rows],
        outcome=questions.outcome[asked],
        live=live[rows],
    )


def yes_no(questions: ResolvedQuestions, answers: Answers) -> Bools:
    """Which answers say a probability of a yes/no question that came out as a number."""
    asked = answers.question
    return questions.binary[asked] & ~np.isnan(questions.outcome[asked]) & ~np.isnan(answers.probability)


def in_time(questions: ResolvedQuestions, answers: Answers) -> Bools:
    """Which answers have an `as_of` before any outcome of their question was known."""
    return np.asarray(answers.as_of < questions.first_known_at[answers.question])


def resolved_questions(connection: Connection) -> ResolvedQuestions:
    """The questions that are resolved and neither annulled nor ambiguous, in the order in which they were recorded."""
    index = QuestionIndex
    columns = (index.id, index.kind, index.source, index.source_id, index.subject, index.object, index.first_day)
    numbers = (index.resolve_by, index.known_at, index.first_known_at, index.outcome_number)
    wanted = select(*columns, *numbers).where(index.state == "resolved").order_by(index.position)
    found = _columns(connection, wanted)
    ids, kinds, sources, source_ids, subjects, objects, first_days, *times, outcomes = found
    resolve_by, known_at, first_known_at = (np.array(column, dtype=np.int64) for column in times)
    clusters = [
        cluster_of(key, source=source, source_id=source_id, subject=subject, object=object)
        for key, source, source_id, subject, object in zip(ids, sources, source_ids, subjects, objects, strict=True)
    ]
    source_names, source = coded(sources)
    cluster_names, cluster = coded(clusters)
    first_day = np.array(first_days, dtype="datetime64[D]").astype("datetime64[us]")  # "" is not a time
    return ResolvedQuestions(
        ids=tuple(ids),
        sources=source_names,
        clusters=cluster_names,
        source=source,
        cluster=cluster,
        begins=np.where(np.isnat(first_day), resolve_by, first_day.view(np.int64)),
        resolve_by=resolve_by,
        known_at=known_at,
        first_known_at=first_known_at,
        binary=np.array([kind == "binary" for kind in kinds], dtype=np.bool_),
        outcome=np.array(outcomes, dtype=np.float64),
    )


def answers_to(connection: Connection, questions: ResolvedQuestions) -> Answers:
    """All forecasts and aggregates of these questions."""
    index = AnswerIndex
    texts = (index.question_id, index.member, index.record_id, index.kind)
    numbers = (index.position, index.as_of, index.created_at, index.probability)
    found = _columns(connection, _of_resolved(select(*texts, *numbers)))
    order = np.argsort(np.array(found[4], dtype=np.int64))  # databases sort wide rows far more slowly
    asked, said_by, record_ids, kinds, position, as_of, created_at, probability = found
    places = {key: place for place, key in enumerate(questions.ids)}
    members, member = coded(said_by)
    return Answers(
        position=np.array(position, dtype=np.int64)[order],
        record_id=np.array(record_ids, dtype=object)[order],
        aggregate=np.array([kind == "aggregate" for kind in kinds], dtype=np.bool_)[order],
        question=np.array([places[key] for key in asked], dtype=np.int64)[order],
        members=members,
        member=member[order],
        as_of=np.array(as_of, dtype=np.int64)[order],
        created_at=np.array(created_at, dtype=np.int64)[order],
        probability=np.array(probability, dtype=np.float64)[order],
    )


def live_answers(connection: Connection, questions: ResolvedQuestions, answers: Answers) -> Bools:
    """Which answers are live (`db.ledger.live`): made in time, and resting on none that was not."""
    known = questions.first_known_at[answers.question]
    people = np.minimum(questions.begins[answers.question], known)
    human = np.array([name.startswith(HUMAN) for name in answers.members], dtype=np.bool_)[answers.member]
    at_once = answers.created_at - answers.as_of <= np.timedelta64(HINDSIGHT, "us").astype(np.int64)
    live = answers.created_at < np.where(human, people, known)
    live &= at_once | ~human
    if live.all() or not live.any():
        return live
    late = set(answers.record_id[~live])
    rests_on = _named(connection)
    for aggregates in (False, True):  # a forecast rests on forecasts before it, an aggregate on forecasts
        for place in np.flatnonzero(live & (answers.aggregate == aggregates)):
            names = rests_on.get(int(answers.position[place]))
            if names and not late.isdisjoint(names.split(" ")):
                live[place] = False
                late.add(answers.record_id[place])
    return live


def _named(connection: Connection) -> dict[int, str]:
    """Position -> the ids of what an answer rests on, for those that name any."""
    wanted = _of_resolved(select(AnswerIndex.position, AnswerIndex.rests_on)).where(AnswerIndex.rests_on != "")
    return dict(connection.execute(wanted).all())


def _of_resolved(wanted: Select[*Columns]) -> Select[*Columns]:
    index, of = AnswerIndex, QuestionIndex
    resolved = wanted.join(of, of.id == index.question_id).where(of.state == "resolved")
    return resolved.where(index.kind.in_(("forecast", "aggregate")))


def coded(values: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    """The distinct values in order, and the place of each value among them."""
    names = sorted(set(values))
    places = {name: place for place, name in enumerate(names)}
    return tuple(names), np.array([places[value] for value in values], dtype=np.int64)


def _columns(connection: Connection, wanted: Select[*Columns]) -> list[list[Any]]:
    """What a query gives, column by column."""
    found: list[list[Any]] = [[] for _ in wanted.selected_columns]
    given = rows(connection, wanted)
    while some := list(islice(given, _SOME)):
        for column, values in zip(found, zip(*some, strict=True), strict=True):
            column.extend(values)
    return found
