"""Keeping the sums of the index: how many rows there are of each kind, and what runs add up to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, insert, select, update

from db.ledger.index_models import AnswerIndex, KindCount, RunIndex
from db.ledger.index_rows import AnswerRow

_SLICE = 500  # ids in one query
_COUNTED = {"forecast": "n_forecasts", "aggregate": "n_aggregates", "failure": "n_failures"}


def fold_counts(connection: Connection, kinds: Iterable[str]) -> None:
    """Count rows of the journal, given by their kinds."""
    for kind, n in Counter(kinds).items():
        more = update(KindCount).where(KindCount.kind == kind).values(n=KindCount.n + n)
        if not connection.execute(more).rowcount:
            connection.execute(insert(KindCount), [{"kind": kind, "n": n}])


def fold_runs(connection: Connection, answers: Iterable[AnswerRow]) -> None:
    """Add rows of the index of answers, in the journal's order, to the runs that they belong to.

    They are there already, and no later ones of those runs.
    """
    of_run: dict[str, list[AnswerRow]] = {}
    for answer in answers:
        if answer.run_id:
            of_run.setdefault(answer.run_id, []).append(answer)
    for run_id, rows in of_run.items():
        questions = {row.question_id for row in rows}
        before = connection.execute(select(RunIndex.__table__).where(RunIndex.run_id == run_id)).mappings().first()
        if before is None:
            connection.execute(insert(RunIndex), [_with(_begun(rows[0]), rows, len(questions))])
        else:
            new = len(questions - _answered(connection, questions, rows[0]))
            connection.execute(update(RunIndex).where(RunIndex.run_id == run_id).values(_with(dict(before), rows, new)))


def _answered(connection: Connection, questions: set[str], first: AnswerRow) -> set[str]:
    """Which of the questions the run had answers to before this one."""
    index, ids = AnswerIndex, sorted(questions)
    before = (index.run_id == first.run_id) & (index.position < first.position) & (index.kind != "resolution")
    found: set[str] = set()
    for start in range(0, len(ids), _SLICE):
        some = select(index.question_id).where(before, index.question_id.in_(ids[start : start + _SLICE])).distinct()
        found.update(connection.execute(some).scalars())
    return found


def _begun(first: AnswerRow) -> dict[str, Any]:
    counts: dict[str, Any] = dict.fromkeys(("n_questions", *_COUNTED.values(), "n_unpriced"), 0)
    known = {"run_id": first.run_id, "position": first.position, "started_at": first.created_at}
    return {**known, **counts, "members": "[]", "cost_usd": 0.0}


def _with(run: dict[str, Any], rows: Iterable[AnswerRow], n_questions: int) -> dict[str, Any]:
    """The run with these answers added, which are about so many questions that it had no answer to."""
    found = {**run, "n_questions": run["n_questions"] + n_questions}
    members = set(json.loads(found["members"]))
    for row in rows:
        found[_COUNTED[row.kind]] += 1
        found["started_at"] = min(found["started_at"], row.created_at)
        if row.kind != "aggregate":
            members.add(row.member)
        if row.kind == "forecast":
            found["cost_usd"] += row.cost_usd or 0.0
            found["n_unpriced"] += row.cost_usd is None
    return {**found, "members": json.dumps(sorted(members), ensure_ascii=False)}
