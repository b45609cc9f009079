"""The tables of the ledger's database. Every row is inserted once; nothing is ever changed or removed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Double, Index, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

RowId = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself in SQLite


class Base(DeclarativeBase):
    """All tables of the ledger."""

    metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s"})


class Entry(Base):
    """One record, as JSON, in the order in which it was recorded, chained to the one before by `chain`.

    `key` is the natural key within a `kind`: what makes a batch safe to run again.
    """

    __tablename__ = "entries"

    position: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[str] = mapped_column(String(20))
    question_id: Mapped[str] = mapped_column(String(20))
    member: Mapped[str] = mapped_column(String(200))
    run_id: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    chain: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ux_entries_kind_key", "kind", "key", unique=True),
        Index("ix_entries_kind_question", "kind", "question_id"),
        Index("ix_entries_kind_position", "kind", "position"),
        Index("ix_entries_run_kind", "run_id", "kind", "position"),
    )


class Call(Base):
    """One call to a language model (`db.calls.CallRecord`); only ever inserted."""

    __tablename__ = "calls"

    position: Mapped[int] = mapped_column(RowId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    sample: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(Text)
    model_used: Mapped[str] = mapped_column(Text)
    deployment: Mapped[str] = mapped_column(Text)
    request: Mapped[str] = mapped_column(Text)
    response: Mapped[str] = mapped_column(Text)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_usd: Mapped[float | None] = mapped_column(Double)
    latency_s: Mapped[float] = mapped_column(Double)
    attempts: Mapped[int] = mapped_column(Integer)
    cached: Mapped[bool] = mapped_column(Boolean)
    error: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("ix_calls_key", "key"),)


class TraceRow(Base):
    """One run of a member (`db.traces.Trace`) without its steps; `evidence` is JSON."""

    __tablename__ = "traces"

    position: Mapped[int] = mapped_column(RowId, primary_key=True)
    trace_id: Mapped[str] = mapped_column(String(20))
    question_id: Mapped[str] = mapped_column(Text)
    member: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    as_of: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[str] = mapped_column(String(40))
    run: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(20))
    n_steps: Mapped[int] = mapped_column(Integer)
    tokens: Mapped[int] = mapped_column(BigInteger)
    cost_usd: Mapped[float | None] = mapped_column(Double)
    evidence: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("ux_traces_trace_id", "trace_id", unique=True),
        Index("ix_traces_question_id", "question_id"),
        Index("ix_traces_member", "member"),
    )


class TraceStepRow(Base):
    """One step of a run (`db.traces.TraceStep`) as JSON, numbered from 0."""

    __tablename__ = "trace_steps"

    trace_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[str] = mapped_column(Text)
