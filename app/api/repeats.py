"""POST requests with an `Idempotency-Key`: sent again they give the same answer, and are done once.

Kept is what did something, for a day: an answer below 300. What was refused or broke did nothing, and may come again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.bodies import BODY
from app.api.callers import CALLER, Caller
from app.api.problems import Refused, own_problem, problem
from app.api.service import Service
from db.errors import LedgerError
from db.ledger.answered import Answer, Claim

REPEATED = "auspex.repeated"
"""Where an endpoint leaves the body that a repetition is given instead of its own: one without the secret."""
_PATIENCE_S = 10.0
_STEP_S = 0.05
_LONGEST = 255
_KEPT_HEADERS = ("content-type", "location", "etag")
_LOG = logging.getLogger(__name__)


class Repeats:
    """Answers repetitions: as before, 409 to another request under the same key, 409 while the first is under way."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on and keep the answer."""
        caller: Caller | None = scope.get(CALLER)
        key = Headers(scope=scope).get("idempotency-key") if scope["type"] == "http" else None
        if key is None or caller is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        try:
            claim = await _claimed(service, caller, _checked(key), _asked(scope))
        except Refused as refused:
            await problem(refused.status, refused.detail, instance=scope["path"])(scope, receive, send)
            return
        except LedgerError as error:
            await own_problem(error, instance=scope["path"])(scope, receive, send)
            return
        if claim.answer is not None:
            await _send(claim.answer, send)
            return
        await self._do(scope, receive, send, service, (caller.id, key))

    async def _do(self, scope: Scope, receive: Receive, send: Send, service: Service, name: tuple[str, str]) -> None:
        sent: list[Message] = []

        async def hold(message: Message) -> None:
            sent.append(message)

        done = False
        try:
            await self._app(scope, receive, hold)
            answer = _answer(sent, scope)
            done = answer.status < 300
            if done:
                await _keep(service, name, answer)
        finally:
            if not done:
                with suppress(LedgerError):  # it is taken over later; what broke before is what matters
                    await run_in_threadpool(service.answered.release, *name)
        for message in sent:
            await send(message)


async def _keep(service: Service, name: tuple[str, str], answer: Answer) -> None:
    """Keep an answer; where that fails it is sent all the same, since what was asked is done, and the claim stays."""
    try:
        await run_in_threadpool(service.answered.keep, *name, answer)
    except LedgerError as error:
        _LOG.error("an answer is not kept for repetitions of its request: %s", error)


async def _claimed(service: Service, caller: Caller, key: str, asked: str) -> Claim:
    """The claim of this request, waited for while the same request is under way; raises Refused (409) otherwise."""
    patience = time.monotonic() + _PATIENCE_S
    while True:
        claim = await run_in_threadpool(service.answered.claim, caller.id, key, asked, now=service.now())
        if not claim.same:
            raise Refused(409, "this Idempotency-Key was used for another request: take a new key for a new request")
        if claim.mine or claim.answer is not None:
            return claim
        if time.monotonic() > patience:
            raise Refused(409, "the first request with this Idempotency-Key is still under way: ask again later")
        await asyncio.sleep(_STEP_S)


def _checked(key: str) -> str:
    if not 1 <= len(key) <= _LONGEST or not key.isascii() or not key.isprintable():
        raise Refused(400, f"an Idempotency-Key has 1 to {_LONGEST} printable ASCII characters")
    return key


def _asked(scope: Scope) -> str:
    parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], scope[BODY])
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()


def _answer(sent: list[Message], scope: Scope) -> Answer:
    headers = Headers(raw=list(sent[0]["headers"]))
    body = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return Answer(
        status=sent[0]["status"],
        headers={name: headers[name] for name in _KEPT_HEADERS if name in headers},
        body=scope.get(REPEATED, body),
    )


async def _send(answer: Answer, send: Send) -> None:
    headers = {**answer.headers, "idempotency-replayed": "true", "content-length": str(len(answer.body.encode()))}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body.encode()})
