"""Whether what is asked for has changed since it was given last: entity tags, and 304 where it has not.

What the ledger alone decides is tagged by the ledger's last position: a request for something that is unchanged costs
one look at the index. Everything else is tagged by its content.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Request, Response
from pydantic import TypeAdapter

from app.api.service import Desk, Service

FORM = 1
"""Counted up when answers change their form, so that old tags fit no more."""
Content = TypeVar("Content")


class NotModified(Exception):  # noqa: N818 - an answer, no error
    """What was asked for is as it was under this tag."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


class Freshness:
    """Tags the answer to one request; both methods raise NotModified where whoever asked has it already."""

    def __init__(self, request: Request, response: Response, service: Service) -> None:
        self._known = request.headers.get("if-none-match", "")
        self._response = response
        self._service = service

    def by_ledger(self) -> int:
        """Tag what only the ledger decides; returns its last position."""
        head = self._service.ledger.views.head()
        place = hashlib.blake2b(self._service.ledger.address.encode(), digest_size=4).hexdigest()
        self._tag(f"{FORM}-{place}-{head}")
        return head

    def by_content(self, content: Content) -> Content:
        """Tag an answer by what it says; returns it."""
        said = TypeAdapter[Any](type(content)).dump_json(content)
        self._tag(f"{FORM}-{hashlib.blake2b(said, digest_size=12).hexdigest()}")
        return content

    @property
    def headers(self) -> dict[str, str]:
        """The tag as a header, for answers that are made whole by the endpoint."""
        return {"ETag": self._response.headers["etag"]}

    def _tag(self, said: str) -> None:
        tag = f'W/"{said}"'
        known = {part.strip().removeprefix("W/") for part in self._known.split(",")}
        if "*" in known or f'"{said}"' in known:
            raise NotModified(tag)
        self._response.headers["ETag"] = tag


async def _freshness(request: Request, response: Response, service: Desk) -> Freshness:
    return Freshness(request, response, service)


Fresh = Annotated[Freshness, Depends(_freshness)]
"""A parameter of this type tags the answer."""


def add_handler(app: FastAPI) -> None:
    """Have what has not changed answered with 304."""

    async def unchanged(_: Request, error: Exception) -> Response:
        return Response(status_code=304, headers={"ETag": str(error)})

    app.add_exception_handler(NotModified, unchanged)
