"""Who is told of what: the webhooks in a ledger's database."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import RowMapping

from db.errors import BadInput, UnknownName
from db.ledger.clock import microseconds, moment
from db.ledger.models import Entry
from db.ledger.service import ServiceTables
from db.ledger.service_models import DeliveryRow, WebhookRow

SECRET_MARK = "whsec_"  # noqa: S105 - how every secret begins, no secret
_SECRET_BYTES = 32
_TABLE = WebhookRow.__table__


class EventType(StrEnum):
    """What can be told."""

    FORECAST_CREATED = "forecast.created"
    QUESTION_RESOLVED = "question.resolved"
    BATCH_FAILED = "batch.failed"


class WebhookState(StrEnum):
    """Whether a webhook is told anything. `gone`: its receiver answered that it is for ever closed (410)."""

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that is told of events from `created_at` on; `allow_private` lets it lie in a private network.

    `cursor` is the last position of the journal whose events are in the outbox.
    """

    id: str
    url: str
    events: tuple[EventType, ...]
    secret: str
    allow_private: bool
    created_at: datetime
    state: WebhookState
    cursor: int


class Webhooks(ServiceTables):
    """The webhooks in a ledger's database."""

    def create(self, url: str, events: Collection[EventType], *, now: datetime, allow_private: bool = False) -> Webhook:
        """A new webhook with its own secret, told of what is recorded from now on; raises BadInput for no event."""
        if not events:
            raise BadInput(f"the webhook is told of nothing: name one or more of {', '.join(EventType)}")
        row = {
            "id": secrets.token_hex(8),
            "url": url,
            "events": " ".join(event for event in EventType if event in events),
            "secret": SECRET_MARK + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode(),
            "allow_private": allow_private,
            "created_at": microseconds(now),
            "state": WebhookState.ACTIVE,
        }
        with self._writing() as connection:
            head = connection.execute(select(func.coalesce(func.max(Entry.position), 0))).scalar_one()
            connection.execute(insert(WebhookRow), [row | {"cursor": head}])
        return self.get(str(row["id"]))

    def list(self) -> list[Webhook]:
        """All webhooks, the oldest first."""
        with self._reading() as connection:
            rows = connection.execute(select(_TABLE).order_by(WebhookRow.created_at, WebhookRow.id)).mappings().all()
        return [webhook_of(row) for row in rows]

    def get(self, webhook_id: str) -> Webhook:
        """The webhook with this id; raises UnknownName."""
        with self._reading() as connection:
            row = connection.execute(select(_TABLE).where(WebhookRow.id == webhook_id)).mappings().first()
        if row is None:
            raise _unknown(webhook_id)
        return webhook_of(row)

    def set_state(self, webhook_id: str, state: WebhookState) -> Webhook:
        """Pause a webhook, or have it told again, of what happened meanwhile too; raises UnknownName."""
        with self._writing() as connection:
            connection.execute(update(WebhookRow).where(WebhookRow.id == webhook_id).values(state=state))
        return self.get(webhook_id)

    def remove(self, webhook_id: str) -> None:
        """Remove a webhook and what it was not told yet; raises UnknownName."""
        with self._writing() as connection:
            removed = connection.execute(delete(WebhookRow).where(WebhookRow.id == webhook_id)).rowcount
            connection.execute(delete(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id))
        if not removed:
            raise _unknown(webhook_id)


def webhook_of(row: RowMapping) -> Webhook:
    """A row of the table as a record."""
    return Webhook(
        id=row["id"],
        url=row["url"],
        events=tuple(EventType(event) for event in row["events"].split()),
        secret=row["secret"],
        allow_private=row["allow_private"],
        created_at=moment(row["created_at"]),
        state=WebhookState(row["state"]),
        cursor=row["cursor"],
    )


def _unknown(webhook_id: str) -> UnknownName:
    return UnknownName(f"there is no webhook {webhook_id!r}: list them to see which there are", name=webhook_id)
