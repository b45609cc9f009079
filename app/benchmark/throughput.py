"""How close calls to a model come to what its server can do: the ideal is every slot busy all the time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from agents.llm.budget import Budget
from agents.llm.chat import Request
from agents.llm.client import LlmClient
from agents.llm.models import load_models
from app.dev.llm_server import running_apart
from app.equipment import SCRIPTED, with_scripted
from db.ledger.calls import CallLog

LATENCY_S = 1.0
SLOTS = 64
CALLS = 512


def model_calls(folder: Path) -> tuple[float, float, int]:
    """Seconds that `CALLS` calls took, the ideal, and the number of calls.

    The server takes `LATENCY_S` a call and `SLOTS` calls at once, in a process of its own. Every call goes the whole
    way: limiter, budget, router, and a call log on disk in `folder`; none is answered from the log.
    """
    with running_apart(latency_s=LATENCY_S, slots=SLOTS) as url, CallLog(str(folder / "calls.db")) as log:
        table = with_scripted(load_models(None), url)
        client = LlmClient(table, log=log, budget=Budget(None), clock=lambda: datetime.now(UTC))
        return asyncio.run(_time_calls(client)), CALLS * LATENCY_S / SLOTS, CALLS


async def _time_calls(client: LlmClient) -> float:
    gate = asyncio.Semaphore(2 * SLOTS)  # a slot that falls free finds the next call waiting at the server

    async def call(number: int) -> None:
        message = {"role": "user", "content": f"Answer with the probability of event {number}."}
        async with gate:
            await client.complete(Request(model=SCRIPTED, messages=(message,)))

    try:
        await call(-1)  # the imports and the first connection are no part of the throughput
        started = time.monotonic()
        await asyncio.gather(*(call(number) for number in range(CALLS)))
        return time.monotonic() - started
    finally:
        await client.aclose()
