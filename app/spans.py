"""Spans of the desk's own work: a member at its questions, a request to the service. Nothing where telemetry is off.

A span names members, routes and outcomes: never a question's words, a query string, a header or an error's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry.trace import SpanKind, StatusCode, get_tracer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TRACER = get_tracer("auspex")


@contextmanager
def member_span(member: str, questions: int, *, job_id: str = "") -> Iterator[None]:
    """The span of one member asked so many questions; calls to models inside are its children."""
    attributes: dict[str, str | int] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": member,
        "auspex.questions": questions,
    }
    if job_id:
        attributes["auspex.job_id"] = job_id
    with _TRACER.start_as_current_span(
        f"invoke_agent {member}", attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR)
            raise


class RequestSpans:
    """ASGI middleware: a span for each HTTP request, named by its route, such as `GET /v1/questions/{question_id}`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a server's error (5xx, or raised) marks the span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"]
        with _TRACER.start_as_current_span(
            method, kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                await self._app(scope, receive, answer)
            finally:
                route = getattr(scope.get("route"), "path", "")
                span.update_name(f"{method} {route}".strip())
                span.set_attribute("http.request.method", method)
                span.set_attribute("http.response.status_code", status)
                if route:
                    span.set_attribute("http.route", route)
                if status >= 500:
                    span.set_attribute("error.type", str(status))
                    span.set_status(StatusCode.ERROR)
