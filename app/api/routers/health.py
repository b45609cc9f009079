"""Whether the service lives, and whether it can work. No key is asked for."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from app.api.described import unguarded
from app.api.schemas import Answer
from app.api.service import Desk

router = APIRouter(tags=["health"])


class Alive(Answer):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(Answer):
    """The process answers, and reaches its database."""

    status: Literal["ready"] = "ready"


@router.get(
    "/healthz", operation_id="is_alive", summary="Whether the process answers", responses=unguarded({"status": "ok"})
)
async def is_alive() -> Alive:
    """Answers as long as the process does, whatever it can reach."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="is_ready",
    summary="Whether it can work",
    responses=unguarded({"status": "ready"}, 503),
)
def is_ready(desk: Desk) -> Ready:
    """Answers 503 while the database cannot be reached."""
    desk.ledger.views.head()
    return Ready()
