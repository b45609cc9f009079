"""The ledger's tables. Every row is appended once; nothing is ever changed or removed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, MetaData, String, Text
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
        Index("ix_entries_run", "run_id"),
    )
