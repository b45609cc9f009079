"""The service: everything that a desk keeps, over HTTP. Started by `auspex serve`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from app.api import freshness
from app.api.bodies import Bodies
from app.api.faults import Faults
from app.api.gate import Gate
from app.api.headers import SecurityHeaders
from app.api.openapi import describe
from app.api.problems import add_handlers
from app.api.repeats import Repeats
from app.api.routers import answers, api_keys, exports, health, jobs, models, questions, schedules, scores, webhooks
from app.api.service import Options, Service, opened
from app.settings import Settings
from app.spans import RequestSpans
from app.webhooks.sender import Sender
from db.errors import AuspexError

_FLUSH_S = 60.0
_LOG = logging.getLogger(__name__)
_NO_SPANS_OF_ITS_OWN: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
"""FastAPI's hold query strings and errors' words; `app.spans` says routes and outcomes only."""


def make_app(settings: Settings, options: Options | None = None) -> FastAPI:
    """The service on what `settings` name; it is opened when the server starts, and closed with it."""
    chosen = options or Options()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with opened(settings, chosen) as service:
            app.state.service = service
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as beside:
                beside.create_task(_flush(service, stop))
                if chosen.deliver:
                    beside.create_task(Sender(service.outbox, service.webhooks, service.jobs).run(stop))
                yield
                stop.set()

    app = FastAPI(
        lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=_NO_SPANS_OF_ITS_OWN
    )
    for module in (questions, answers, scores, jobs, schedules, models, exports, api_keys, webhooks, health):
        app.include_router(module.router)
    for layer in (Repeats, Bodies, Gate, Faults, SecurityHeaders):  # the last is passed first
        app.add_middleware(layer)
    if settings.telemetry:
        app.add_middleware(RequestSpans)
    add_handlers(app)
    freshness.add_handler(app)
    describe(app)
    return app


async def _flush(service: Service, stop: asyncio.Event) -> None:
    """Write now and then when keys were used; what the database refuses is logged and written the next time."""
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), _FLUSH_S)
        except TimeoutError:
            await _flush_once(service)


async def _flush_once(service: Service) -> None:
    try:
        await asyncio.to_thread(service.usage.flush)
    except AuspexError as error:
        _LOG.warning("when keys were used is not noted just now: %s", error)
