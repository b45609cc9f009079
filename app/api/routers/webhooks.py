"""Webhooks: addresses that are told of events; for administrators."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response

from app.api import examples
from app.api.asked import NewWebhook
from app.api.callers import needs
from app.api.described import reads, writes
from app.api.freshness import Fresh
from app.api.queries import DeliveryQuery
from app.api.repeats import REPEATED
from app.api.schemas import Answer, DeliveryShown, PageOf, WebhookMade, WebhookShown
from app.api.service import Desk
from app.api.strictly import StrictRoute, strictly
from app.webhooks.targets import addresses_of, parsed
from db.ledger.api_keys import Scope
from db.ledger.webhooks import WebhookState

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=StrictRoute, dependencies=[needs(Scope.ADMIN)])
WebhookId = Annotated[str, Path(max_length=64, examples=["0123456789abcdef"])]
_NEW = {"url": "https://example.org/hooks/auspex", "events": ["forecast.created", "question.resolved"]}
WebhookBody = Annotated[NewWebhook, strictly(NewWebhook), Body(examples=[_NEW])]


class WebhookList(Answer):
    """All webhooks, the oldest first."""

    data: list[WebhookShown]


class Redelivered(Answer):
    """How many messages are tried anew."""

    n: int


@router.get("", operation_id="list_webhooks", summary="List webhooks", responses=reads({"data": [examples.WEBHOOK]}))
def list_webhooks(desk: Desk, fresh: Fresh) -> WebhookList:
    """All of them without their secrets."""
    return fresh.by_content(WebhookList(data=[WebhookShown.of(webhook) for webhook in desk.webhooks.list()]))


@router.get(
    "/{webhook_id}",
    operation_id="get_webhook",
    summary="Read a webhook",
    responses=reads(examples.WEBHOOK, missing=True),
)
def get_webhook(webhook_id: WebhookId, desk: Desk, fresh: Fresh) -> WebhookShown:
    """One of them, without its secret."""
    return fresh.by_content(WebhookShown.of(desk.webhooks.get(webhook_id)))


@router.post(
    "",
    status_code=201,
    operation_id="create_webhook",
    summary="Have an address told of events",
    responses=writes(201, examples.WEBHOOK | {"secret": "whsec_…"}, leads=True),
)
def create_webhook(asked: WebhookBody, desk: Desk, request: Request, response: Response) -> WebhookMade:
    """It is told of what happens from now on. The secret that signs the messages is in this answer and no other."""
    asyncio.run(addresses_of(parsed(asked.url), allow_private=asked.allow_private))
    webhook = desk.webhooks.create(asked.url, asked.events, now=desk.now(), allow_private=asked.allow_private)
    response.headers["Location"] = f"/v1/webhooks/{webhook.id}"
    shown = WebhookShown.of(webhook).model_dump()
    request.scope[REPEATED] = WebhookMade(**shown, secret=None).model_dump_json()
    return WebhookMade(**shown, secret=webhook.secret)


@router.post(
    "/{webhook_id}/pause",
    operation_id="pause_webhook",
    summary="Pause a webhook",
    responses=writes(200, examples.WEBHOOK, missing=True),
)
def pause_webhook(webhook_id: WebhookId, desk: Desk) -> WebhookShown:
    """It is told nothing until it is resumed, and then of what happened meanwhile."""
    return WebhookShown.of(desk.webhooks.set_state(webhook_id, WebhookState.PAUSED))


@router.post(
    "/{webhook_id}/resume",
    operation_id="resume_webhook",
    summary="Resume a webhook",
    responses=writes(200, examples.WEBHOOK, missing=True),
)
def resume_webhook(webhook_id: WebhookId, desk: Desk) -> WebhookShown:
    """One whose receiver had closed for ever (410) is told again too."""
    return WebhookShown.of(desk.webhooks.set_state(webhook_id, WebhookState.ACTIVE))


@router.get(
    "/{webhook_id}/deliveries",
    operation_id="list_deliveries",
    summary="List a webhook's messages, newest first",
    responses=reads(examples.page_of(examples.DELIVERY), missing=True),
)
def list_deliveries(
    webhook_id: WebhookId, query: Annotated[DeliveryQuery, Query()], desk: Desk, fresh: Fresh
) -> PageOf[DeliveryShown]:
    """What it was told, is still to be told, and could not be told. Delivered messages are kept for a week."""
    desk.webhooks.get(webhook_id)
    page = desk.outbox.deliveries(webhook_id, state=query.state, limit=query.limit, after=query.cursor)
    shown = [DeliveryShown.of(delivery) for delivery in page.data]
    return fresh.by_content(PageOf[DeliveryShown](data=shown, next_cursor=page.next or None))


@router.post(
    "/{webhook_id}/redeliver",
    operation_id="redeliver",
    summary="Try dead messages anew",
    responses=writes(200, {"n": 3}, missing=True),
)
def redeliver(webhook_id: WebhookId, desk: Desk) -> Redelivered:
    """Messages that were tried as often as they are tried get as many tries again."""
    desk.webhooks.get(webhook_id)
    return Redelivered(n=desk.outbox.again(webhook_id, now=desk.now()))


@router.delete(
    "/{webhook_id}",
    status_code=204,
    operation_id="remove_webhook",
    summary="Remove a webhook",
    responses=writes(204, None, missing=True),
)
def remove_webhook(webhook_id: WebhookId, desk: Desk) -> None:
    """It is told nothing more, not even what was due."""
    desk.webhooks.remove(webhook_id)
