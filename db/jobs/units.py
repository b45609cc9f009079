"""The units of jobs: what came of each question put to each member, told as counts without reading them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, case, func, select, update

from db.jobs.access import reading, writing
from db.jobs.models import Job, Unit
from db.jobs.upserts import moment_text, upsert

_SLICE = 400
AGAIN = "again"
"""The outcome of a unit that failed and is to be asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """What came of one question put to one member; see `db.jobs.models.Unit`."""

    question_id: str
    member: str
    outcome: str
    reason: str = ""
    signature: str = ""
    detail: str = ""
    cost_usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """How many units of a job have ended, how many of these failed, and what they cost (None: unknown).

    `known_usd` is the cost of those whose cost is known.
    """

    done: int = 0
    failed: int = 0
    cost_usd: float | None = 0.0
    known_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class FailureTally:
    """Failures that are alike: how many, and the words of one of them."""

    signature: str
    member: str
    reason: str
    n: int
    example: str


class Units:
    """Reads and writes the units in the database behind `engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, units: Sequence[tuple[str, UnitRow]]) -> None:
        """Put down what came of units, each with its job; of a unit that is there, the cost adds up."""
        latest = {(job_id, unit.question_id, unit.member): (job_id, unit) for job_id, unit in units}
        rows = [
            {
                "job_id": job_id,
                "question_id": unit.question_id,
                "member": unit.member,
                "outcome": unit.outcome,
                "reason": unit.reason,
                "signature": unit.signature,
                "detail": unit.detail,
                "cost_usd": unit.cost_usd,
            }
            for job_id, unit in latest.values()
        ]
        if not rows:
            return
        with writing(self._engine) as connection:
            insertion = upsert(connection.dialect.name, Unit)
            new = insertion.excluded
            insertion = insertion.on_conflict_do_update(
                index_elements=["job_id", "question_id", "member"],
                set_={
                    **{name: new[name] for name in ("outcome", "reason", "signature", "detail")},
                    "cost_usd": Unit.cost_usd + new["cost_usd"],
                },
            )
            connection.execute(insertion, rows)
            jobs = {job_id for job_id, _ in latest.values()}
            connection.execute(update(Job).where(Job.job_id.in_(jobs)).values(updated_at=moment_text()))

    def ended(self, job_id: str, questions: Sequence[str]) -> dict[tuple[str, str], str]:
        """(question, member) -> outcome, of those of these questions that have one."""
        found: dict[tuple[str, str], str] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(questions), _SLICE):
                some = questions[start : start + _SLICE]
                wanted = select(Unit.question_id, Unit.member, Unit.outcome).where(
                    Unit.job_id == job_id, Unit.question_id.in_(some), Unit.outcome != AGAIN
                )
                found.update({(str(q), str(m)): str(outcome) for q, m, outcome in connection.execute(wanted)})
        return found

    def tallies(self, job_ids: Sequence[str]) -> dict[str, Tally]:
        """How far each of these jobs is, by its units; jobs without any are left out."""
        done = func.sum(case((Unit.outcome == AGAIN, 0), else_=1))
        failed = func.sum(case((Unit.outcome == "failed", 1), else_=0))
        unknown = func.sum(case((Unit.cost_usd.is_(None), 1), else_=0))
        wanted = (
            select(Unit.job_id, done, failed, func.coalesce(func.sum(Unit.cost_usd), 0.0), unknown)
            .where(Unit.job_id.in_(job_ids))
            .group_by(Unit.job_id)
        )
        with reading(self._engine) as connection:
            return {
                str(job): Tally(int(n), int(bad), None if unpriced else float(cost), float(cost))
                for job, n, bad, cost, unpriced in connection.execute(wanted)
            }

    def failures(self, job_id: str, *, limit: int = 20) -> list[FailureTally]:
        """A job's failures, alike ones together, the most frequent first."""
        count = func.count()
        wanted = (
            select(Unit.signature, Unit.member, Unit.reason, count, func.min(Unit.detail))
            .where(Unit.job_id == job_id, Unit.outcome == "failed")
            .group_by(Unit.signature, Unit.member, Unit.reason)
            .order_by(count.desc(), Unit.member, Unit.signature)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [
                FailureTally(str(s), str(m), str(r), int(n), str(d)) for s, m, r, n, d in connection.execute(wanted)
            ]
