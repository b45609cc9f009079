"""API keys: made, listed, revoked; for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from app.api import examples
from app.api.asked import NewApiKey
from app.api.callers import needs
from app.api.described import reads, writes
from app.api.freshness import Fresh
from app.api.repeats import REPEATED
from app.api.schemas import Answer, ApiKeyMade, ApiKeyShown
from app.api.service import Desk
from app.api.strictly import StrictRoute, strictly
from db.ledger.api_keys import Scope

router = APIRouter(prefix="/v1/api-keys", tags=["api keys"], route_class=StrictRoute, dependencies=[needs(Scope.ADMIN)])
KeyId = Annotated[str, Path(max_length=64, examples=["0123456789abcdef"])]
KeyBody = Annotated[
    NewApiKey, strictly(NewApiKey), Body(examples=[{"name": "dashboard", "scopes": ["read"], "expires_at": None}])
]


class ApiKeyList(Answer):
    """All keys, those revoked too, the oldest first."""

    data: list[ApiKeyShown]


@router.get("", operation_id="list_api_keys", summary="List API keys", responses=reads({"data": [examples.API_KEY]}))
def list_api_keys(desk: Desk, fresh: Fresh) -> ApiKeyList:
    """All keys without their secrets."""
    return fresh.by_content(ApiKeyList(data=[ApiKeyShown.of(key) for key in desk.keys.list()]))


@router.post(
    "",
    status_code=201,
    operation_id="create_api_key",
    summary="Make an API key",
    responses=writes(201, examples.API_KEY | {"key": "auspex_…"}, leads=True),
)
def create_api_key(asked: KeyBody, desk: Desk, request: Request, response: Response) -> ApiKeyMade:
    """The key is in this answer and nowhere else: a repetition with the same Idempotency-Key shows it no more."""
    key, text = desk.keys.create(asked.name, asked.scopes, now=desk.now(), expires_at=asked.expires_at)
    response.headers["Location"] = "/v1/api-keys"
    shown = ApiKeyShown.of(key).model_dump()
    request.scope[REPEATED] = ApiKeyMade(**shown, key=None).model_dump_json()
    return ApiKeyMade(**shown, key=text)


@router.post(
    "/{key_id}/revoke",
    operation_id="revoke_api_key",
    summary="Revoke an API key",
    responses=writes(200, examples.API_KEY, missing=True),
)
def revoke_api_key(key_id: KeyId, desk: Desk) -> ApiKeyShown:
    """It opens nothing from now on; one that is revoked already stays as it is."""
    return ApiKeyShown.of(desk.keys.revoke(key_id, now=desk.now()))
