"""The server's addresses: chat completions, models, counts. Imported only when a server starts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.dev.faults import models
from app.dev.replies import Reply, chunks, completion, error_body, idle_chunk
from app.dev.state import State

Json = dict[str, Any]
_DONE = "data: [DONE]\n\n"


def application(state: State, *, latency_s: float, slots: int | None) -> Starlette:
    """The server as an ASGI application: replies after `latency_s`, at most `slots` at once, further ones wait."""
    slot = asyncio.Semaphore(slots) if slots else nullcontext()

    async def chat(request: Request) -> Response:
        try:
            body = await request.json()
        except json.JSONDecodeError:
            return JSONResponse(error_body(400, "The body is not JSON."), 400)
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list) or "model" not in body:
            return JSONResponse(error_body(400, "A request needs a model and messages."), 400)
        with state.asking():
            async with slot:
                with state.answering():
                    due = time.monotonic() + latency_s
                    replies = state.replies(body)
                    response = respond(body, replies)
                    await asyncio.sleep(max(due + replies[0].delay_s - time.monotonic(), 0))
        return response

    async def listed(request: Request) -> Response:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "auspex"} for name in models()]
        return JSONResponse({"object": "list", "data": data})

    async def counted(request: Request) -> Response:
        return JSONResponse(dict(state.counts()))

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/models", listed),
            Route("/counts", counted),
        ]
    )


def respond(body: Json, replies: Sequence[Reply]) -> Response:
    """Replies as the HTTP answer to a request."""
    first = replies[0]
    headers = dict(first.headers)
    if first.raw is not None:
        return Response(first.raw, first.status, headers, media_type="application/json")
    if first.status != 200:
        return JSONResponse(error_body(first.status, first.text), first.status, headers)
    head: Json = {"id": f"chatcmpl-{uuid4().hex}", "created": int(time.time())}
    if body.get("stream"):
        return _stream(body, replies, head)
    content = json.dumps(completion(body, replies, head), ensure_ascii=False).encode()
    if first.drip_s is not None:
        return StreamingResponse(_dripped_bytes(content, first.drip_s), 200, headers, "application/json")
    if first.truncate == "closed":
        return _Broken(content, 200, headers, "application/json")
    content = content[: len(content) // 2] if first.truncate == "quiet" else content
    return Response(content, 200, headers, "application/json")


class _Broken(Response):
    """An answer that breaks off: half of the bytes announced are sent, then the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


class _BrokenStream(StreamingResponse):
    """A stream that breaks off after what it has to say: its last, empty chunk is never sent."""

    async def stream_response(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self.body_iterator:
            await send({"type": "http.response.body", "body": str(chunk).encode(), "more_body": True})


def _stream(body: Json, replies: Sequence[Reply], head: Json) -> Response:
    first = replies[0]
    events = [_event(chunk) for chunk in chunks(body, replies, head)]
    if first.drip_s is not None:
        pieces = _dripped_events(events[:-1], _event(idle_chunk(body, head)), first.drip_s)
    elif first.truncate is not None:
        pieces = _each(events[: len(events) // 2])
    else:
        pieces = _each([*events, _DONE])
    kind = _BrokenStream if first.truncate == "closed" else StreamingResponse
    return kind(pieces, 200, dict(first.headers), "text/event-stream")


def _event(chunk: Json) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"


async def _each(events: Sequence[str]) -> AsyncIterator[str]:
    for event in events:
        yield event
        await asyncio.sleep(0)  # a client that hung up is noticed between two events


async def _dripped_events(events: Sequence[str], idle: str, drip_s: float) -> AsyncIterator[str]:
    for event in events:
        yield event
        await asyncio.sleep(drip_s)
    while True:
        yield idle
        await asyncio.sleep(drip_s)


async def _dripped_bytes(content: bytes, drip_s: float) -> AsyncIterator[bytes]:
    """All bytes but the last, one at a time, then blanks, so that the JSON never ends and never breaks."""
    for at in range(len(content) - 1):
        yield content[at : at + 1]
        await asyncio.sleep(drip_s)
    while True:
        yield b" "
        await asyncio.sleep(drip_s)
