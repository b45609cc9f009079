"""How operations describe themselves in the schema: what they answer, what can go wrong, and an example of each."""

from __future__ import annotations

from typing import Any

from app.api.problems import MEDIA_TYPE, title_of

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_SAID = {
    400: "what is asked is well-formed and cannot be done: the sentence says why",
    401: "send a key as `Authorization: Bearer auspex_…`: make one with auspex api-keys create",
    403: "this key may not do that: it takes one with the scope admin",
    404: "there is no question '0000': see auspex questions list",
    408: "the body was not here after 30 s",
    409: "this Idempotency-Key was used for another request: take a new key for a new request",
    413: "the body is too large: 1,048,576 bytes at most, so send it in parts",
    415: "a body is JSON here, `Content-Type: application/json`, not 'text/plain'",
    422: "the request is not as it should be: body.text: String should have at least 1 character",
    429: "too many requests: wait 1 s",
    500: "something is broken here: the server's log says what",
    503: "what is kept cannot be reached just now: the server's log says why",
}
_ALWAYS = (400, 401, 403, 422, 429, 500, 503)
_WITH_BODY = (408, 409, 413, 415)
_WAITS = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_CHALLENGES = {"WWW-Authenticate": {"description": "What kind of key is asked for.", "schema": {"type": "string"}}}
_TAGGED = {"ETag": {"description": "Give it as `If-None-Match` next time.", "schema": {"type": "string"}}}
_LEADS = {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}
Responses = dict[int | str, dict[str, Any]]


def reads(example: Any, *, missing: bool = False) -> Responses:
    """The answers of a GET: 200 with a tag, 304, and what can go wrong; `missing` where it names one thing."""
    found: Responses = {200: {"headers": _TAGGED, **_json(example)}, 304: _UNCHANGED}
    return found | _problems(*_ALWAYS, *([404] if missing else []))


def writes(status: int, example: Any, *, missing: bool = False, leads: bool = False) -> Responses:
    """The answers of a POST or DELETE; `leads` where its Location says where the outcome is found."""
    found: Responses = {
        status: {**({"headers": _LEADS} if leads else {}), **({} if example is None else _json(example))}
    }
    return found | _problems(*_ALWAYS, *_WITH_BODY, *([404] if missing else []))


def files(media: dict[str, Any]) -> Responses:
    """The answers of an export: 200 as one of these media types with an example each, and what can go wrong."""
    content = {
        name: {"schema": {"type": "object" if name == "application/json" else "string"}, "example": example}
        for name, example in media.items()
    }
    found: Responses = {200: {"description": "The file.", "headers": _TAGGED, "content": content}, 304: _UNCHANGED}
    return found | _problems(*_ALWAYS, 404)


def unguarded(example: Any, *statuses: int) -> Responses:
    """The answers of what takes no key."""
    found: Responses = {200: _json(example)}
    return found | _problems(500, *statuses)


_UNCHANGED = {"description": "It is as it was under the tag that `If-None-Match` gave.", "headers": _TAGGED}


def _json(example: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"example": example}}}


def _problems(*statuses: int) -> Responses:
    return {status: _problem(status) for status in sorted(statuses)}


def _problem(status: int) -> dict[str, Any]:
    title = title_of(status)
    example = {"type": "about:blank", "title": title, "status": status, "detail": _SAID[status], "instance": "/v1/…"}
    described: dict[str, Any] = {
        "description": title,
        "content": {MEDIA_TYPE: {"schema": _PROBLEM, "example": example}},
    }
    if status in (429, 503):
        described["headers"] = _WAITS
    if status == 401:
        described["headers"] = _CHALLENGES
    return described
