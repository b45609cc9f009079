"""The outbox: what webhooks are still to be told, kept with the same certainty as the journal itself.

Events are put into it from the journal, from each webhook's cursor on, and the cursor moves in the same transaction: an
event is in the outbox once, however many senders there are and wherever one is killed. From there it is told at least
once: a sender takes messages in hand for a while, and whatever it did not settle by then another one takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from db.ledger.clock import microseconds, moment, moment_or_none
from db.ledger.models import Entry
from db.ledger.paging import Page, checked_limit, page_of, read_cursor
from db.ledger.service import ServiceTables
from db.ledger.service_models import DeliveryRow, WebhookRow
from db.ledger.webhooks import EventType, WebhookState, webhook_of
from db.records import Forecast, Record, Resolution

_SLICE = 500
"""Rows of the journal that one transaction puts into the outbox."""
_TABLE = DeliveryRow.__table__
_KINDS: dict[str, tuple[EventType, type[Record]]] = {
    "forecast": (EventType.FORECAST_CREATED, Forecast),
    "resolution": (EventType.QUESTION_RESOLVED, Resolution),
}
"""Kinds of the journal's rows that are events, and the records that they hold."""


class DeliveryState(StrEnum):
    """How a message stands; `dead`: it was tried as often as it is tried."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, ready to be sent: `body` is JSON, `id` the same wherever and whenever it is told."""

    id: str
    type: EventType
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message to one webhook. `last_status` is what its receiver answered last, None where there was no answer."""

    position: int
    webhook_id: str
    event_id: str
    type: EventType
    body: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime
    delivered_at: datetime | None
    last_status: int | None
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of one try: `state` and when it is `due_at` again, with the receiver's status or the error."""

    position: int
    state: DeliveryState
    due_at: datetime
    status: int | None = None
    error: str = ""


class Outbox(ServiceTables):
    """The messages in a ledger's database."""

    def fill(self, write: Callable[[EventType, Record, str], Event], *, now: datetime) -> int:
        """Put the journal's next rows into the outbox of every active webhook, up to 500 each; returns how many.

        `write` makes the event of a type from a record and its run id.
        """
        total = 0
        for webhook_id in self._active():
            with self._writing() as connection:
                total += self._fill_one(connection, webhook_id, write, now)
        return total

    def _active(self) -> list[str]:
        with self._reading() as connection:
            wanted = select(WebhookRow.id).where(WebhookRow.state == WebhookState.ACTIVE)
            return list(connection.execute(wanted).scalars())

    def _fill_one(
        self,
        connection: Connection,
        webhook_id: str,
        write: Callable[[EventType, Record, str], Event],
        now: datetime,
    ) -> int:
        wanted = select(WebhookRow.__table__).where(WebhookRow.id == webhook_id).with_for_update()
        row = connection.execute(wanted).mappings().first()
        if row is None:
            return 0
        webhook = webhook_of(row)
        entries = connection.execute(_next_entries(webhook.cursor)).all()
        events = []
        for entry in entries:
            type, record = _KINDS[entry.kind]
            if type in webhook.events:
                events.append(write(type, record.model_validate_json(entry.body), entry.run_id))
        if entries:
            self._insert(connection, webhook_id, events, now)
            moved = {"cursor": entries[-1].position}
            connection.execute(update(WebhookRow).where(WebhookRow.id == webhook_id).values(moved))
        return len(events)

    def add(self, events: Sequence[Event], *, now: datetime) -> None:
        """Put events that no journal holds into the outbox of every active webhook that is told of them, once each."""
        with self._writing() as connection:
            rows = connection.execute(select(WebhookRow.__table__).where(WebhookRow.state == WebhookState.ACTIVE))
            for webhook in [webhook_of(row) for row in rows.mappings()]:
                self._insert(connection, webhook.id, [event for event in events if event.type in webhook.events], now)

    def _insert(self, connection: Connection, webhook_id: str, events: Sequence[Event], now: datetime) -> None:
        if not events:
            return
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        common = {"webhook_id": webhook_id, "state": DeliveryState.PENDING, "attempts": 0, "last_error": ""}
        common |= {"created_at": microseconds(now), "due_at": microseconds(now)}
        rows = [common | {"event_id": event.id, "type": event.type, "body": event.body} for event in events]
        connection.execute(dialect.insert(DeliveryRow).on_conflict_do_nothing(), rows)

    def take(self, webhook_id: str, limit: int, *, now: datetime, hold: timedelta) -> list[Delivery]:
        """Up to `limit` messages that are due to an active webhook, the longest due first.

        They are in hand for `hold`: meanwhile nobody else takes them.
        """
        due = (
            select(DeliveryRow.position)
            .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
            .where(DeliveryRow.webhook_id == webhook_id, WebhookRow.state == WebhookState.ACTIVE)
            .where(DeliveryRow.state == DeliveryState.PENDING, DeliveryRow.due_at <= microseconds(now))
            .order_by(DeliveryRow.due_at, DeliveryRow.position)
            .limit(limit)
        )
        with self._reading() as connection:  # most of the time nothing is due, and nothing is written
            if connection.execute(due.limit(1)).first() is None:
                return []
        with self._writing() as connection:
            locked = due.with_for_update(of=DeliveryRow, skip_locked=True)
            positions = list(connection.execute(locked).scalars())
            connection.execute(
                update(DeliveryRow)
                .where(DeliveryRow.position.in_(positions))
                .values(due_at=microseconds(now + hold), attempts=DeliveryRow.attempts + 1)
            )
            return _deliveries(connection, select(_TABLE).where(DeliveryRow.position.in_(positions)))

    def settle(self, told: Sequence[Told], *, now: datetime) -> None:
        """Note what came of messages that were taken in hand."""
        with self._writing() as connection:
            for item in told:
                delivered = microseconds(now) if item.state == DeliveryState.DELIVERED else None
                connection.execute(
                    update(DeliveryRow)
                    .where(DeliveryRow.position == item.position)
                    .values(
                        state=item.state,
                        due_at=microseconds(item.due_at),
                        delivered_at=delivered,
                        last_status=item.status,
                        last_error=item.error,
                    )
                )

    def forget(self, *, before: datetime) -> int:
        """Remove messages that were delivered before a moment; returns how many. What is dead stays to be seen."""
        old = (DeliveryRow.state == DeliveryState.DELIVERED) & (DeliveryRow.due_at < microseconds(before))
        with self._writing() as connection:
            return connection.execute(delete(DeliveryRow).where(old)).rowcount

    def again(self, webhook_id: str, *, now: datetime) -> int:
        """Try a webhook's dead messages anew; returns how many there are."""
        dead = (DeliveryRow.webhook_id == webhook_id) & (DeliveryRow.state == DeliveryState.DEAD)
        fresh = {"state": DeliveryState.PENDING, "attempts": 0, "due_at": microseconds(now)}
        with self._writing() as connection:
            return connection.execute(update(DeliveryRow).where(dead).values(fresh)).rowcount

    def deliveries(
        self, webhook_id: str, *, state: DeliveryState | None = None, limit: int = 50, after: str = ""
    ) -> Page[Delivery]:
        """A webhook's messages, newest first; raises BadInput for a bad cursor."""
        scope = f"deliveries {webhook_id} {state or ''}"
        wanted = select(_TABLE).where(DeliveryRow.webhook_id == webhook_id)
        if state is not None:
            wanted = wanted.where(DeliveryRow.state == state)
        if after:
            wanted = wanted.where(DeliveryRow.position < int(read_cursor(after, scope=scope)))
        wanted = wanted.order_by(DeliveryRow.position.desc()).limit(checked_limit(limit) + 1)
        with self._reading() as connection:
            found = [_delivery(row) for row in connection.execute(wanted).mappings()]
        rows, cursor = page_of(found, limit, key=lambda delivery: delivery.position, scope=scope)
        return Page(list(rows), cursor)


def _next_entries(cursor: int) -> Select[int, str, str, str]:
    told = select(Entry.position, Entry.kind, Entry.run_id, Entry.body).where(Entry.kind.in_(_KINDS))
    return told.where(Entry.position > cursor).order_by(Entry.position).limit(_SLICE)


def _deliveries(connection: Connection, wanted: Select[Any]) -> list[Delivery]:
    return [_delivery(row) for row in connection.execute(wanted.order_by(DeliveryRow.position)).mappings()]


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        position=row["position"],
        webhook_id=row["webhook_id"],
        event_id=row["event_id"],
        type=EventType(row["type"]),
        body=row["body"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        created_at=moment(row["created_at"]),
        due_at=moment(row["due_at"]),
        delivered_at=moment_or_none(row["delivered_at"]),
        last_status=row["last_status"],
        last_error=row["last_error"],
    )
