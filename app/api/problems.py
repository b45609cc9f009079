"""Everything that goes wrong, as RFC 9457 says it: `application/problem+json`, in one sentence, without internals.

400 is what is well-formed and cannot be done as asked, 422 what breaks the schema; the others are as HTTP has them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from db.errors import AmbiguousName, AuspexError, BadInput, LedgerError, SourceRefused, StoreMissing, UnknownName

MEDIA_TYPE = "application/problem+json"
BROKEN = "something is broken here: the server's log says what"
_LOG = logging.getLogger(__name__)
_MOST_MISTAKES = 20
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""Names that Python has from an older edition."""
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Mistake(BaseModel):
    """One thing that breaks the schema: where, and what is wrong with it."""

    model_config = ConfigDict(frozen=True)

    where: str = Field(examples=["body.questions.0.text"])
    detail: str = Field(examples=["String should have at least 1 character"])


class Problem(BaseModel):
    """What went wrong (RFC 9457). `errors` lists what breaks the schema, where that is the matter."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no question '0000': see auspex questions list"])
    instance: str = Field(examples=["/v1/questions/0000"])
    errors: tuple[Mistake, ...] = ()


class Refused(Exception):  # noqa: N818 - it is what was done, and Auspex's errors are called so
    """A request that is refused with this status, for the reason in `detail`."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def problem(
    status: int,
    detail: str,
    *,
    instance: str,
    errors: Sequence[Mistake] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response that says what went wrong."""
    said = Problem(title=title_of(status), status=status, detail=detail, instance=instance, errors=tuple(errors))
    content = said.model_dump_json(exclude=None if errors else {"errors"})
    return Response(content, status, media_type=MEDIA_TYPE, headers=None if headers is None else dict(headers))


def title_of(status: int) -> str:
    """The name of a status, as RFC 9110 has it."""
    return _TITLES.get(status, HTTPStatus(status).phrase)


def add_handlers(app: FastAPI) -> None:
    """Have every error of `app` that is foreseen answered as a problem; `app.api.faults` answers the others."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(AuspexError, _own)


def _instance(request: Request) -> str:
    return request.url.path


async def _refused(request: Request, error: Exception) -> Response:
    refused = error if isinstance(error, Refused) else Refused(500, BROKEN)
    return problem(refused.status, refused.detail, instance=_instance(request), headers=refused.headers)


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    path = _instance(request)
    if status == HTTPStatus.NOT_FOUND:
        return problem(status, f"there is nothing at {path}: see /openapi.json", instance=path)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(_allowed(request))
        detail = f"{request.method} cannot be done with {path}: only {allowed}"
        return problem(status, detail, instance=path, headers={"Allow": allowed})
    detail = str(error.detail) if isinstance(error, HTTPException) else BROKEN
    return problem(status, detail, instance=path)


def _allowed(request: Request) -> list[str]:
    """All methods of a path: a router names only those of the first route that fits."""
    found = []
    for method in _METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            found.append(method)
    return found


async def _invalid(request: Request, error: Exception) -> Response:
    """422 for what breaks the schema; 400 for what no schema can say, such as an end before its beginning."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    mistakes = [_mistake(item) for item in found[:_MOST_MISTAKES]]
    first = f"{mistakes[0].where}: {mistakes[0].detail}" if mistakes else "it cannot be read"
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    status, about = (400, "this cannot be done") if _fits(found) else (422, "the request is not as it should be")
    return problem(status, f"{about}: {first}{more}", instance=_instance(request), errors=mistakes)


def _fits(found: Sequence[Mapping[str, Any]]) -> bool:
    """Whether only what no schema can say is wrong; a list is also called too short for want of the wrong items."""
    wrong = [tuple(item["loc"]) for item in found if item["type"] == "value_error"]
    return all(
        item["type"] == "value_error"
        or (item["type"] == "too_short" and any(where[: len(item["loc"])] == tuple(item["loc"]) for where in wrong))
        for item in found
    )


def _mistake(item: Mapping[str, Any]) -> Mistake:
    if item["type"] == "json_invalid":
        return Mistake(where="body", detail=f"it is no JSON: {item['ctx']['error']}")
    return Mistake(where=".".join(map(str, item["loc"])), detail=str(item["msg"]).removeprefix("Value error, "))


async def _own(request: Request, error: Exception) -> Response:
    return own_problem(error, instance=_instance(request))


def own_problem(error: Exception, *, instance: str) -> Response:
    """What an error of Auspex's own is answered: its sentence is for whoever asked, unless it is about this machine."""
    status = _status(error)
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(status, str(error), instance=instance)
    _LOG.error("%s: %s", instance, error)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        detail = "what is kept cannot be reached just now: the server's log says why"
        return problem(status, detail, instance=instance, headers={"Retry-After": "5"})
    return problem(status, BROKEN, instance=instance)


def _status(error: Exception) -> int:
    if isinstance(error, UnknownName):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, AmbiguousName):
        return HTTPStatus.CONFLICT
    if isinstance(error, BadInput | SourceRefused):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, LedgerError | StoreMissing):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR
