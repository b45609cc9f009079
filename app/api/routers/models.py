"""Models: which are configured and what they are able to do. Keys and addresses stay where they are."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from app.api.callers import needs
from app.api.described import reads
from app.api.freshness import Fresh
from app.api.schemas import Answer
from app.api.service import Desk
from db.ledger.api_keys import Scope

router = APIRouter(prefix="/v1/models", tags=["models"])


class ModelShown(Answer):
    """A configured model: what it can know, since when it can be called, and what its servers honour."""

    name: str
    knowledge_cutoff: date | None
    release_date: date | None
    capabilities: dict[str, bool]


class Models(Answer):
    """The configured models, in the file's order."""

    data: list[ModelShown]


_EXAMPLE = {
    "name": "gpt-5",
    "knowledge_cutoff": "2024-09-30",
    "release_date": "2025-08-07",
    "capabilities": {"json_schema": True, "tools": True, "logprobs": False, "n": False, "stream": True},
}


@router.get(
    "",
    operation_id="list_models",
    summary="List models",
    responses=reads({"data": [_EXAMPLE]}),
    dependencies=[needs(Scope.READ)],
)
def list_models(desk: Desk, fresh: Fresh) -> Models:
    """What the server's models.yaml names; nothing is called."""
    from agents.llm.models import load_models

    found = [
        ModelShown(
            name=model.name,
            knowledge_cutoff=model.knowledge_cutoff,
            release_date=model.release_date,
            capabilities=model.capabilities.model_dump(),
        )
        for model in load_models(desk.settings.models).models
    ]
    return fresh.by_content(Models(data=found))
