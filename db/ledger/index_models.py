"""The tables of the ledger's index: what lists and scores need of the journal, in columns.

They are derived: `db.ledger.index` writes them with the journal's rows, in one transaction, and all that they hold can
be read from there again. Moments are microseconds since 1970 UTC, which sort, and which numpy reads as they are.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, Index, Integer, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.ledger.models import Base, RowId


class QuestionIndex(Base):
    """One question, and how it stands. `position` is that of its row in the journal; `outcome` is in words.

    `search_text` is the text in folded case, `tags` are JSON; what is not known yet is NULL, "" where it is text.
    """

    __tablename__ = "question_index"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int] = mapped_column(RowId)
    kind: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    source_id: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text)
    tags: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(3))
    object: Mapped[str] = mapped_column(String(3))
    first_day: Mapped[str] = mapped_column(String(10))
    open_at: Mapped[int] = mapped_column(BigInteger)
    resolve_by: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="open")
    outcome: Mapped[str] = mapped_column(Text, default="")
    outcome_number: Mapped[float | None] = mapped_column(Double)
    known_at: Mapped[int | None] = mapped_column(BigInteger)
    first_known_at: Mapped[int | None] = mapped_column(BigInteger)
    resolved_at: Mapped[int | None] = mapped_column(BigInteger)
    n_forecasts: Mapped[int] = mapped_column(Integer, default=0)
    probability: Mapped[float | None] = mapped_column(Double)
    last_forecast_at: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ux_question_index_position", "position", unique=True),
        Index("ix_question_index_state", "state", "position"),
        Index("ix_question_index_source", "source", "position"),
    )


class AnswerIndex(Base):
    """One forecast, aggregate, failure or resolution, by its `position` in the journal.

    An aggregate's member is "aggregate (rule)", a resolution's "". `value_kind` is the kind of the value, or the reason
    of a failure. `rests_on` names the records that it rests on, with spaces between. A resolution's `as_of` is its
    `known_at`, its `created_at` when it was resolved.
    """

    __tablename__ = "answer_index"

    position: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    record_id: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(16))
    question_id: Mapped[str] = mapped_column(String(20))
    member: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    as_of: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    value_kind: Mapped[str] = mapped_column(String(20))
    probability: Mapped[float | None] = mapped_column(Double)
    cost_usd: Mapped[float | None] = mapped_column(Double)
    tokens: Mapped[int] = mapped_column(BigInteger)
    latency_s: Mapped[float] = mapped_column(Double)
    run_id: Mapped[str] = mapped_column(String(40))
    rests_on: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("ix_answer_index_question", "question_id", "member"),
        Index("ix_answer_index_member", "member", "kind", "position"),
    )


class KindCount(Base):
    """How many rows of a kind the journal has."""

    __tablename__ = "kind_counts"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class RunIndex(Base):
    """What was recorded under one run id: `position` is that of its first answer, `members` are JSON.

    `cost_usd` is the sum of what is known, `n_unpriced` how many forecasts do not say what they cost.
    """

    __tablename__ = "run_index"

    run_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(RowId)
    started_at: Mapped[int] = mapped_column(BigInteger)
    n_questions: Mapped[int] = mapped_column(Integer)
    n_forecasts: Mapped[int] = mapped_column(Integer)
    n_aggregates: Mapped[int] = mapped_column(Integer)
    n_failures: Mapped[int] = mapped_column(Integer)
    members: Mapped[str] = mapped_column(Text)
    cost_usd: Mapped[float] = mapped_column(Double)
    n_unpriced: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ux_run_index_position", "position", unique=True),)


TABLES: tuple[Table, ...] = tuple(
    Base.metadata.tables[model.__tablename__] for model in (QuestionIndex, AnswerIndex, RunIndex, KindCount)
)
"""All that the index consists of."""
