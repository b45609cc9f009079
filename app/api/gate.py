"""The gate before everything under /v1: who asks, and how often. It opens before a byte of the body is read."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.callers import CALLER, Caller
from app.api.problems import own_problem, problem
from app.api.service import Service
from db.errors import LedgerError

GUARDED = "/v1/"
_LOCAL_NAMES = ("localhost", "localhost.localdomain")


class Gate:
    """Lets through who has a valid key and has not asked too often; otherwise answers 401, 403 or 429.

    After too many requests without a valid key from one address, the next ones are answered 429. A valid key passes all
    the same: keys are too long to be guessed, and those behind one address must not lock each other out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(GUARDED):
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        headers = Headers(scope=scope)
        try:
            refusal = _malformed(scope) or await self._refusal(scope, service, headers)
        except LedgerError as error:
            await own_problem(error, instance=scope["path"])(scope, receive, send)
            return
        if refusal is None:
            await self._app(scope, receive, send)
            return
        status, detail, more = refusal
        await problem(status, detail, instance=scope["path"], headers=more)(scope, receive, send)

    async def _refusal(self, scope: Scope, service: Service, headers: Headers) -> _Refusal | None:
        if service.options.open:
            return self._enter(scope, service, headers)
        return await self._check(scope, service, headers)

    def _enter(self, scope: Scope, service: Service, headers: Headers) -> _Refusal | None:
        """Without keys: only from this machine's own programs, and no page in a browser that was led here."""
        host, origin = headers.get("host", ""), headers.get("origin", "")
        if not _local(host) or (origin and origin.partition("://")[2] != host):
            return 403, "without keys only programs of this machine are served, by its own name", {}
        scope[CALLER] = Caller(None)
        return _too_often(service, _address(scope))

    async def _check(self, scope: Scope, service: Service, headers: Headers) -> _Refusal | None:
        text = _bearer(headers.get("authorization", ""))
        key = await run_in_threadpool(service.keys.find, text, now=service.now()) if text else None
        if key is not None:
            service.usage.note(key.id, service.now())
            scope[CALLER] = Caller(key)
            return _too_often(service, key.id)
        wait = service.failures.take(_address(scope))
        if wait:
            return 429, f"too many requests without a valid key: wait {wait} s", {"Retry-After": str(wait)}
        if text:
            challenge = 'Bearer realm="auspex", error="invalid_token"'
            return 401, "this key is not valid: it is unknown, revoked or expired", {"WWW-Authenticate": challenge}
        said = "send a key as `Authorization: Bearer auspex_…`: make one with auspex api-keys create"
        return 401, said, {"WWW-Authenticate": 'Bearer realm="auspex"'}


_Refusal = tuple[int, str, dict[str, str]]


def _malformed(scope: Scope) -> _Refusal | None:
    """NUL in an address: no text in a database holds one."""
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        return 400, "the address holds a NUL character, which no text here does", {}
    return None


def _too_often(service: Service, name: str) -> _Refusal | None:
    wait = service.requests.take(name)
    return (429, f"too many requests: wait {wait} s", {"Retry-After": str(wait)}) if wait else None


def _bearer(authorization: str) -> str:
    kind, _, text = authorization.partition(" ")
    return text.strip() if kind.lower() == "bearer" else ""


def _address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _local(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() in _LOCAL_NAMES
