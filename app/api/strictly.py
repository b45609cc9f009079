"""Bodies read as strictly as JSON allows: a number is no text, a text no number, a moment is written as RFC 3339."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError, from_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_OUTSIDE = "the moment lies outside the years 1 to 9999 in UTC"


def strictly(kind: Any) -> Any:
    """A validator before that of `kind`, for a body: strict, with the errors where they are."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def read(content: Any) -> Any:
        try:
            return adapter.validate_json(json.dumps(content), strict=True)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise RequestValidationError([{**item, "loc": ("body", *item["loc"])} for item in found]) from error
        except OverflowError as error:
            item = {"type": "value_error", "loc": ("body",), "msg": _OUTSIDE}
            raise RequestValidationError([item]) from error

    return BeforeValidator(read)


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(_OUTSIDE) from None


def _rfc3339(written: Any) -> Any:
    if isinstance(written, datetime):
        return written
    try:
        return datetime.fromisoformat(str(written).upper())
    except ValueError:
        raise PydanticCustomError("moment", "write a moment as 2025-06-01T12:00:00Z") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_utc)]
"""A moment with its offset, in UTC."""

Words = Annotated[str, StringConstraints(min_length=1, max_length=5_000)]
Text = Annotated[str, StringConstraints(max_length=20_000)]


class StrictRoute(APIRoute):
    """A route whose body is read by the JSON of RFC 8259 alone: no NaN, no half characters; and no NUL."""

    def get_route_handler(self) -> Any:
        """The handler of the route, given the request that reads strictly."""
        handle = super().get_route_handler()

        async def strictly_handled(request: Request) -> Response:
            response: Response = await handle(_StrictRequest(request.scope, request.receive))
            return response

        return strictly_handled


class _StrictRequest(Request):
    async def json(self) -> Any:
        body = await self.body()
        try:
            content = from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise json.JSONDecodeError(str(error), body.decode("utf-8", "replace"), 0) from error
        if b"\\u0000" in body and _holds_nul(content):
            raise HTTPException(400, "a text holds a NUL character, which no text in a database does")
        return content


def _holds_nul(content: Any) -> bool:
    if isinstance(content, dict):
        return any(_holds_nul(part) for item in content.items() for part in item)
    if isinstance(content, list):
        return any(map(_holds_nul, content))
    return isinstance(content, str) and "\x00" in content
