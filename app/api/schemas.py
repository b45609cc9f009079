"""What answers hold, besides the records themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from db.ledger.api_keys import ApiKey, Scope
from db.ledger.outbox import Delivery, DeliveryState
from db.ledger.paging import Page
from db.ledger.webhooks import EventType, Webhook, WebhookState

Item = TypeVar("Item")


class Answer(BaseModel):
    """Base of what is answered: frozen."""

    model_config = ConfigDict(frozen=True)


class PageOf(Answer, Generic[Item]):
    """Some of a list in its order. `next_cursor` leads to what follows; null at the end."""

    data: list[Item]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null at the end.")

    @classmethod
    def of(cls, page: Page[Any]) -> PageOf[Item]:
        """A page as it is answered."""
        return cls(data=page.data, next_cursor=page.next or None)


class ApiKeyShown(Answer):
    """A key without its secret: `prefix` is how it begins."""

    id: str
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To within a minute.")

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyShown:
        """A key as it is shown."""
        return cls.model_validate(key, from_attributes=True)


class ApiKeyMade(ApiKeyShown):
    """A new key: `key` is shown this once, and null where the request is repeated."""

    key: str | None = Field(examples=["auspex_…"])


class WebhookShown(Answer):
    """A webhook without its secret."""

    id: str
    url: str
    events: tuple[EventType, ...]
    allow_private: bool
    created_at: datetime
    state: WebhookState

    @classmethod
    def of(cls, webhook: Webhook) -> WebhookShown:
        """A webhook as it is shown."""
        return cls.model_validate(webhook, from_attributes=True)


class WebhookMade(WebhookShown):
    """A new webhook: `secret` is shown this once, and null where the request is repeated."""

    secret: str | None = Field(examples=["whsec_…"])


class DeliveryShown(Answer):
    """A message to a webhook and how it stands."""

    event_id: str
    type: EventType
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime = Field(description="When it is tried next, while it is pending.")
    delivered_at: datetime | None
    last_status: int | None
    last_error: str

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryShown:
        """A message as it is shown."""
        return cls.model_validate(delivery, from_attributes=True)
