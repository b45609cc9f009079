"""Faults of the service's own: logged with all that is known, answered 500 with nothing of it."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import BROKEN, problem

_LOG = logging.getLogger(__name__)


class Faults:
    """Answers whatever was not foreseen. What had begun to be answered is broken off, so that it is seen to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and answer what breaks."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if begun:
                raise
            _LOG.exception("%s %s broke", scope["method"], scope["path"])
            await problem(500, BROKEN, instance=scope["path"])(scope, receive, send)
