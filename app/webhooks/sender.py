"""The sender: takes due messages from the outbox, sends them, and notes what came of each.

Any number of them may run, in servers and workers: each message is in one hand at a time. What no receiver confirms is
tried again, ever later, and after the last try kept as dead.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx

from app.jobs.client import Jobs
from app.jobs.records import JobState
from app.webhooks.messages import job_event, record_event, signed_headers
from app.webhooks.targets import addresses_of, parsed
from db.errors import AuspexError, BadInput, SourceRefused
from db.ledger.outbox import Delivery, DeliveryState, Outbox, Told
from db.ledger.webhooks import EventType, Webhook, Webhooks, WebhookState

WAITS = tuple(timedelta(seconds=s) for s in (5, 30, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000))
"""How long after each failed try the next one is due: ten tries within about two days."""
DEADLINE_S = 15.0
"""Seconds that a receiver may take, name and connection included."""
KEPT = timedelta(days=7)
"""How long delivered messages can be seen."""
_AT_ONCE = 8
"""Messages that one receiver is sent at once."""
_HOLD = timedelta(seconds=120)
_PAUSE_S = 1.0
_JOBS_EVERY = timedelta(seconds=5)
_TIDY_EVERY = timedelta(minutes=10)
_GONE = 410
_LOG = logging.getLogger(__name__)


class Sender:
    """Sends what is due, until it is stopped; a slow receiver holds up no other. It owns nothing it is given."""

    def __init__(self, outbox: Outbox, webhooks: Webhooks, jobs: Jobs | None = None) -> None:
        """`jobs` are asked for those that failed; None: another sender tells of them."""
        self._outbox = outbox
        self._webhooks = webhooks
        self._jobs = jobs
        self._under_way: dict[str, asyncio.Task[None]] = {}  # by the webhook's id
        self._told: set[str] = set()  # of jobs, so that what is in the outbox is not put there every time
        self._asked_for_jobs = datetime.min.replace(tzinfo=UTC)
        self._tidied = datetime.min.replace(tzinfo=UTC)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`, and await what is being sent then; what the database refuses is logged and tried again."""
        while not stop.is_set():
            try:
                more = await self._begin(stop)
            except AuspexError as error:
                _LOG.warning("webhooks are not told of anything just now: %s", error)
                more = False
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _PAUSE_S)
        await asyncio.gather(*self._under_way.values())

    async def once(self) -> None:
        """Send all that is due now."""
        await self._begin(asyncio.Event())
        await asyncio.gather(*self._under_way.values())

    async def _begin(self, stop: asyncio.Event) -> bool:
        """Fill the outbox, and begin to tell every webhook that is not being told; whether there is more to fill."""
        now = datetime.now(UTC)
        hooks = [hook for hook in await asyncio.to_thread(self._webhooks.list) if hook.state is WebhookState.ACTIVE]
        if not hooks:
            return False
        filled = await asyncio.to_thread(self._outbox.fill, record_event, now=now)
        await asyncio.to_thread(self._tell_of_jobs, hooks, now)
        await asyncio.to_thread(self._tidy, now)
        for hook in hooks:
            if hook.id not in self._under_way:
                self._under_way[hook.id] = asyncio.create_task(self._tell(hook, stop))
        return bool(filled)

    async def _tell(self, hook: Webhook, stop: asyncio.Event) -> None:
        """Send what is due to one webhook, some messages at once, until there is nothing left."""
        try:
            while not stop.is_set():
                now = datetime.now(UTC)
                taken = await asyncio.to_thread(self._outbox.take, hook.id, _AT_ONCE, now=now, hold=_HOLD)
                if not taken:
                    return
                told = await asyncio.gather(*(self._send(delivery, hook) for delivery in taken))
                await asyncio.to_thread(self._outbox.settle, told, now=datetime.now(UTC))
        except AuspexError as error:
            _LOG.warning("webhook %s is not told of anything just now: %s", hook.id, error)
        finally:
            del self._under_way[hook.id]

    def _tell_of_jobs(self, hooks: Sequence[Webhook], now: datetime) -> None:
        """Put the jobs that failed since a webhook was made into the outbox, where each is once."""
        since = min((hook.created_at for hook in hooks if EventType.BATCH_FAILED in hook.events), default=None)
        if self._jobs is None or since is None or now - self._asked_for_jobs < _JOBS_EVERY:
            return
        self._asked_for_jobs = now
        cursor = ""
        while True:
            page = self._jobs.list(limit=100, state=JobState.FAILED, after=cursor)
            events = [job_event(job) for job in page.data if (job.updated_at or job.created_at) >= since]
            fresh = [event for event in events if event.id not in self._told]
            if fresh:
                self._outbox.add(fresh, now=now)
                self._told.update(event.id for event in fresh)
            cursor = page.next
            if not (fresh and cursor):
                return

    def _tidy(self, now: datetime) -> None:
        if now - self._tidied > _TIDY_EVERY:
            self._tidied = now
            self._outbox.forget(before=now - KEPT)

    async def _send(self, delivery: Delivery, webhook: Webhook) -> Told:
        status, error = None, ""
        try:
            async with asyncio.timeout(DEADLINE_S):
                status = await _post(delivery, webhook)
        except (SourceRefused, BadInput) as refused:
            error = str(refused)
        except TimeoutError:
            error = f"no answer after {DEADLINE_S:g} s"
        except (httpx.HTTPError, OSError) as failed:
            error = f"{type(failed).__name__}: {failed}"
        now = datetime.now(UTC)
        if status is not None and 200 <= status < 300:
            return Told(position=delivery.position, state=DeliveryState.DELIVERED, due_at=now, status=status)
        error = error or f"it answered {status}"
        if status == _GONE:
            await asyncio.to_thread(self._webhooks.set_state, webhook.id, WebhookState.GONE)
        state, due_at = _next_try(delivery.attempts, now)
        return Told(position=delivery.position, state=state, due_at=due_at, status=status, error=error[:1000])


def _next_try(attempts: int, now: datetime) -> tuple[DeliveryState, datetime]:
    if attempts > len(WAITS):
        return DeliveryState.DEAD, now
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - so that not all messages of a receiver that was away come at once
    return DeliveryState.PENDING, now + WAITS[attempts - 1] * spread


async def _post(delivery: Delivery, webhook: Webhook) -> int:
    """Send one message to the very address that was checked; its answer's status. Redirects are not followed."""
    url, body = parsed(webhook.url), delivery.body.encode()
    [address, *_] = await addresses_of(url, allow_private=webhook.allow_private)
    headers = signed_headers(webhook.secret, delivery.event_id, body, now=datetime.now(UTC))
    headers |= {"Host": url.netloc.decode("ascii"), "User-Agent": "auspex (webhooks)", "Connection": "close"}
    request = httpx.Request(
        "POST",
        url.copy_with(host=str(address)),
        headers=headers,
        content=body,
        extensions={
            "sni_hostname": url.raw_host.decode("ascii").removesuffix("."),
            "timeout": httpx.Timeout(DEADLINE_S).as_dict(),
        },
    )
    async with httpx.AsyncHTTPTransport(trust_env=False) as transport:
        answer = await transport.handle_async_request(request)
        await answer.aclose()  # what it says besides is not read
        return answer.status_code
