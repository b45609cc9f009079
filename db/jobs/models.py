"""The tables of the book of jobs, in the database in which the engine of the jobs keeps its own."""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, Index, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_RowId = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself in SQLite


class Base(DeclarativeBase):
    """All tables of the book."""

    metadata = MetaData()


class Job(Base):
    """One job as it stands. `spec` and `result` are JSON, moments are ISO texts in UTC.

    `attempt` counts how often it was begun: each attempt is a workflow of its own, and only the newest may work.
    `done` and `total` count the units of a job that has none in `auspex_job_units`.
    """

    __tablename__ = "auspex_jobs"

    position: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    attempt: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[str] = mapped_column(String(40))
    updated_at: Mapped[str] = mapped_column(String(40))
    error: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    schedule: Mapped[str] = mapped_column(String(80))
    logical_at: Mapped[str] = mapped_column(String(40))

    __table_args__ = (Index("ix_auspex_jobs_schedule", "schedule", "logical_at"),)


class Unit(Base):
    """What came of one question put to one member in a job: "forecast", "known" (it was in the ledger) or "failed";
    "again" where it failed in an attempt before this one, has not ended since, and only its cost counts.

    `cost_usd` adds up over attempts, NULL where it is unknown.
    """

    __tablename__ = "auspex_job_units"

    job_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    member: Mapped[str] = mapped_column(String(200), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(20))
    signature: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    cost_usd: Mapped[float | None] = mapped_column(Double)


class Worker(Base):
    """A worker that has been alive at `beat_at`, in seconds since 1970."""

    __tablename__ = "auspex_workers"

    executor_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    beat_at: Mapped[float] = mapped_column(Double)
