"""Bodies: read whole before anything is done with them, within a limit of bytes and of time, and only JSON."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import Refused, problem
from app.api.service import Service

DEADLINE_S = 30.0
"""Seconds that a body may take to arrive."""
BODY = "auspex.body"
"""Where an ASGI scope holds its body, as bytes."""


class Bodies:
    """Answers 413 to a body that is too large, by its length before it is read or by its bytes while it is, 408 to one
    that is too slow, and 415 to one that is no JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on with the body read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        try:
            body = await _read(Headers(scope=scope), receive, service.options.body_limit)
        except Refused as refused:
            # what is left of the body is not read: the connection cannot be used again
            headers = {"Connection": "close"}
            await problem(refused.status, refused.detail, instance=scope["path"], headers=headers)(scope, receive, send)
            return
        if body is None:  # whoever asked has gone
            return
        scope[BODY] = body
        await self._app(scope, _given(body, receive), send)


async def _read(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    said = headers.get("content-length", "")
    if said.isascii() and said.isdecimal() and int(said) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > limit:
                    raise _too_large(limit)
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise Refused(408, f"the body was not here after {DEADLINE_S:g} s") from None
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/json":
        raise Refused(415, f"a body is JSON here, `Content-Type: application/json`, not {kind[:100]!r}")
    return bytes(body)


def _given(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body, and then what there is besides: that whoever asked has gone."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _too_large(limit: int) -> Refused:
    return Refused(413, f"the body is too large: {limit:,} bytes at most, so send it in parts")
