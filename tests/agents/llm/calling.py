"""A client in an event loop of its own, in front of the real server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from agents.llm.chat import Completion, Request
from agents.llm.client import LlmClient
from agents.llm.models import ModelTable, Price
from agents.llm.retries import Patience
from app.dev.llm_server import LlmServer

T = TypeVar("T")
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
QUICK = Patience(tries=3, first_wait_s=0.01)
DOLLARS = Price(input_usd_per_million=1_000.0, output_usd_per_million=10_000.0)


def request(model: str, text: str = "Say something.", **more: Any) -> Request:
    """A request of one user message."""
    return Request(model=model, messages=({"role": "user", "content": text},), **more)


def served(server: LlmServer, *names: str, table: ModelTable | None = None, **settings: Any) -> ModelTable:
    """A table of the server's models of these names."""
    table = table or ModelTable()
    for name in names:
        table = table.with_model(name, model=f"openai/{name}", api_base=server.url, **settings)
    return table


def using(table: ModelTable, work: Callable[[LlmClient], Awaitable[T]], **settings: Any) -> T:
    """What `work` makes of a client, which is closed afterwards."""

    chosen: dict[str, Any] = {"clock": lambda: NOW, "patience": QUICK, "allow_remote": False, **settings}

    async def within() -> T:
        client = LlmClient(table, **chosen)
        try:
            return await work(client)
        finally:
            await client.aclose()

    return asyncio.run(within())


def complete(table: ModelTable, asked: Request, **settings: Any) -> Completion:
    """The completion of one request."""
    return using(table, lambda client: client.complete(asked), **settings)
