"""The tables of the service: who may use it, what was answered to repeated requests, and who is told of what.

They lie in the ledger's database and are no part of its journal. Moments are microseconds since 1970 UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.ledger.models import Base, RowId


class ApiKeyRow(Base):
    """One key to the service. Of the key itself only the SHA-256 (`digest`, hex) is kept, and how it begins."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    last_used_at: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (Index("ux_api_keys_digest", "digest", unique=True),)


class AnsweredRow(Base):
    """What a request with an Idempotency-Key was answered; `status` 0 while it is under way.

    `asked` is the SHA-256 of all that was asked, hex.
    """

    __tablename__ = "answered"

    api_key_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    asked: Mapped[str] = mapped_column(String(64))
    claimed_at: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[int] = mapped_column(Integer)
    headers: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("ix_answered_claimed_at", "claimed_at"),)


class WebhookRow(Base):
    """Who is told of what. `cursor` is the last position of the journal whose events are in the outbox.

    `secret` is kept as it is, because every message is signed with it.
    """

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(Text)
    allow_private: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    cursor: Mapped[int] = mapped_column(BigInteger)


class DeliveryRow(Base):
    """One message of the outbox. `due_at` is when it is tried next, or until when a sender has it in hand."""

    __tablename__ = "webhook_deliveries"

    position: Mapped[int] = mapped_column(RowId, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[int] = mapped_column(BigInteger)
    delivered_at: Mapped[int | None] = mapped_column(BigInteger)
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("ux_webhook_deliveries_event", "webhook_id", "event_id", unique=True),
        Index("ix_webhook_deliveries_due", "webhook_id", "state", "due_at"),
    )
