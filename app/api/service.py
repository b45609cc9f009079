"""What every request may use: the ledger, the jobs and the service's own tables, opened once for the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from app.api.cache import Standing
from app.api.limits import Buckets
from app.api.usage import Usage
from app.jobs.client import Jobs
from app.settings import Settings
from db.ledger.answered import Answered
from db.ledger.api_keys import ApiKeys
from db.ledger.ledger import Ledger
from db.ledger.outbox import Outbox
from db.ledger.webhooks import Webhooks

BODY_LIMIT = 1 << 20
"""Bytes that a request may carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the service is run.

    `open` asks nobody for a key, which is for this machine alone. `per_minute` requests of one key are answered,
    `failures_per_minute` wrong keys from one address, and `body_limit` bytes taken. `deliver` sends webhooks' messages.
    """

    open: bool = False
    per_minute: int = 6000
    failures_per_minute: int = 10
    body_limit: int = BODY_LIMIT
    deliver: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that is open while the service runs; safe to use from threads."""

    settings: Settings
    options: Options
    ledger: Ledger
    jobs: Jobs
    keys: ApiKeys
    answered: Answered
    webhooks: Webhooks
    outbox: Outbox
    requests: Buckets
    failures: Buckets
    usage: Usage
    standing: Standing = field(default_factory=Standing)

    def now(self) -> datetime:
        """The wall clock."""
        return datetime.now(UTC)


@contextmanager
def opened(settings: Settings, options: Options) -> Iterator[Service]:
    """The service on the ledger and the jobs that `settings` name; raises as `Ledger` and `Jobs` do."""
    with ExitStack() as stack:
        address = settings.database_url
        ledger = stack.enter_context(Ledger(address))
        keys = stack.enter_context(ApiKeys(address))
        yield Service(
            settings=settings,
            options=options,
            ledger=ledger,
            jobs=stack.enter_context(Jobs(settings)),
            keys=keys,
            answered=stack.enter_context(Answered(address)),
            webhooks=stack.enter_context(Webhooks(address)),
            outbox=stack.enter_context(Outbox(address)),
            requests=Buckets(options.per_minute, burst=max(1, options.per_minute / 10)),
            failures=Buckets(options.failures_per_minute, burst=options.failures_per_minute),
            usage=stack.enter_context(Usage(keys)),
        )


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Desk = Annotated[Service, Depends(_service)]
"""A parameter of this type is the service."""
