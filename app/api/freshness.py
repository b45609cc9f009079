"""Whether what is asked for has changed since it was given last: entity tags, and 304 where it has not.

What the ledger alone decides is tagged by the ledger's last row and by what is asked: a request for something that is
unchanged costs one look at the journal. Everything else is tagged by its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
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
        self._known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
        self._asked = f"{request.url.path}?{request.url.query}"
        self._response = response
        self._service = service

    def by_ledger(self) -> None:
        """Tag what only the ledger and the address asked decide, before it is looked up.

        The tag holds both, so that only who was given an answer at this very address has it: what there is none of is
        never "as it was". For the same reason `If-None-Match: *` is nothing known here.
        """
        decides = f"{self._service.ledger.address}\0{self._service.ledger.views.head_chain()}\0{self._asked}"
        said = f"{FORM}-{hashlib.blake2b(decides.encode(), digest_size=12).hexdigest()}"
        self._tag(said, known=self._known - {"*"})

    def by_content(self, content: Content) -> Content:
        """Tag an answer by what it says; returns it."""
        said = TypeAdapter[Any](type(content)).dump_json(content)
        self._tag(f"{FORM}-{hashlib.blake2b(said, digest_size=12).hexdigest()}", known=self._known)
        return content

    @property
    def headers(self) -> dict[str, str]:
        """The tag as a header, for answers that are made whole by the endpoint."""
        return {"ETag": self._response.headers["etag"]}

    def _tag(self, said: str, *, known: Set[str]) -> None:
        tag = f'W/"{said}"'
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
