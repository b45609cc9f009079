"""The traces of members, in the ledger's database: found by question or member, read step by step, exported whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Select, func, insert, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from db.errors import AmbiguousName, LedgerError, UnknownName
from db.ledger.engine import open_engine
from db.ledger.models import TraceRow, TraceStepRow
from db.traces import Trace, TraceStep

_APPEND_LOCK = 0x74726163  # "trac": one appender at a time, so that a trace is not appended twice
_SLICE = 500  # ids in one query


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHeader:
    """A trace without its steps and evidence; `cost_usd` None: unknown."""

    id: str
    question_id: str
    member: str
    model: str
    as_of: datetime
    created_at: datetime
    run: int
    outcome: str
    n_steps: int
    tokens: int
    cost_usd: float | None

    def as_dict(self) -> dict[str, Any]:
        """The header as JSON data."""
        return {**asdict(self), "as_of": self.as_of.isoformat(), "created_at": self.created_at.isoformat()}


class TraceStore:
    """The traces in SQLite (a file path) or PostgreSQL (a URL). Close it, or use it as a context."""

    def __init__(self, address: str) -> None:
        """Open the traces of the ledger at `address`, making or migrating it if need be; errors as in `open_engine`."""
        self._engine = open_engine(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the database connections back."""
        self._engine.dispose()

    def append(self, traces: Sequence[Trace]) -> int:
        """Keep traces, all or none; one that is there already is skipped. Returns how many were new.

        Raises LedgerError if they cannot be written.
        """
        try:
            with self._engine.connect().execution_options(writing=True) as connection, connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _APPEND_LOCK})
                fresh = _fresh(connection, traces)
                if fresh:
                    connection.execute(insert(TraceRow), [_row(trace) for trace in fresh])
                if steps := [step for trace in fresh for step in _steps(trace)]:
                    connection.execute(insert(TraceStepRow), steps)
                return len(fresh)
        except DBAPIError as error:
            raise LedgerError(f"the traces could not be written: {str(error.orig).splitlines()[0]}") from error

    def find(
        self, *, question_id: str = "", member: str = "", limit: int | None = None, offset: int = 0
    ) -> list[TraceHeader]:
        """The traces, newest first, from `offset` on: of questions whose id begins with `question_id`, of `member`."""
        wanted = _matching(select(TraceRow.__table__), question_id, member)
        with self._engine.connect() as connection:
            rows = connection.execute(wanted.order_by(TraceRow.position.desc()).limit(limit).offset(offset))
            return [_header(row) for row in rows.mappings()]

    def count(self, *, question_id: str = "", member: str = "") -> int:
        """How many traces `find` would find without a limit."""
        with self._engine.connect() as connection:
            found = connection.execute(_matching(select(func.count()).select_from(TraceRow), question_id, member))
            return int(found.scalar_one())

    def header(self, trace_id: str) -> TraceHeader:
        """The trace whose id begins with `trace_id`; raises UnknownName, and AmbiguousName where there are several."""
        wanted = select(TraceRow.__table__).where(TraceRow.trace_id.startswith(trace_id, autoescape=True))
        with self._engine.connect() as connection:
            found = [_header(row) for row in connection.execute(wanted.limit(5)).mappings()]
        if not found:
            raise UnknownName(f"there is no trace {trace_id!r}: see auspex traces list", name=trace_id)
        if len(found) > 1:
            ids = [header.id for header in found]
            raise AmbiguousName(
                f"several traces begin with {trace_id!r}: {', '.join(ids)}; give more digits",
                name=trace_id,
                candidates=ids,
            )
        return found[0]

    def steps(self, trace_id: str, *, offset: int = 0, limit: int | None = None) -> list[TraceStep]:
        """The steps of the trace with this id in order, from `offset` on."""
        wanted = (
            select(TraceStepRow.body)
            .where(TraceStepRow.trace_id == trace_id)
            .order_by(TraceStepRow.number)
            .limit(limit)
            .offset(offset)
        )
        with self._engine.connect() as connection:
            return [TraceStep.model_validate_json(body) for body in connection.execute(wanted).scalars()]

    def export(self, *, question_id: str = "", member: str = "") -> Iterator[Trace]:
        """Whole traces, oldest first, one at a time."""
        wanted = _matching(select(TraceRow.__table__), question_id, member).order_by(TraceRow.position)
        with self._engine.connect().execution_options(yield_per=100) as connection:
            for row in connection.execute(wanted).mappings():
                header = _header(row)
                yield Trace.model_validate(
                    {
                        "id": header.id,
                        "question_id": header.question_id,
                        "member": header.member,
                        "model": header.model,
                        "as_of": header.as_of,
                        "created_at": header.created_at,
                        "run": header.run,
                        "outcome": header.outcome,
                        "steps": self.steps(header.id),
                        "evidence": json.loads(row["evidence"]),
                    }
                )


def _fresh(connection: Connection, traces: Sequence[Trace]) -> list[Trace]:
    """Those that are not there yet, each once."""
    by_id = {trace.id: trace for trace in traces}
    ids, known = list(by_id), set[str]()
    for start in range(0, len(ids), _SLICE):
        some = select(TraceRow.trace_id).where(TraceRow.trace_id.in_(ids[start : start + _SLICE]))
        known.update(connection.execute(some).scalars())
    return [trace for trace in by_id.values() if trace.id not in known]


def _row(trace: Trace) -> dict[str, Any]:
    return {
        "trace_id": trace.id,
        "question_id": trace.question_id,
        "member": trace.member,
        "model": trace.model,
        "as_of": trace.as_of.isoformat(),
        "created_at": trace.created_at.isoformat(),
        "run": trace.run,
        "outcome": str(trace.outcome),
        "n_steps": len(trace.steps),
        "tokens": trace.tokens,
        "cost_usd": trace.cost_usd,
        "evidence": json.dumps([item.model_dump(mode="json") for item in trace.evidence]),
    }


def _steps(trace: Trace) -> list[dict[str, Any]]:
    return [
        {"trace_id": trace.id, "number": number, "body": step.model_dump_json()}
        for number, step in enumerate(trace.steps)
    ]


def _matching(wanted: Select[Any], question_id: str, member: str) -> Select[Any]:
    if question_id:
        wanted = wanted.where(TraceRow.question_id.startswith(question_id, autoescape=True))
    return wanted.where(TraceRow.member == member) if member else wanted


def _header(row: Any) -> TraceHeader:
    return TraceHeader(
        id=row["trace_id"],
        question_id=row["question_id"],
        member=row["member"],
        model=row["model"],
        as_of=datetime.fromisoformat(row["as_of"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        run=row["run"],
        outcome=row["outcome"],
        n_steps=row["n_steps"],
        tokens=row["tokens"],
        cost_usd=row["cost_usd"],
    )
