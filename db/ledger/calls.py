"""The log of calls to language models, in the ledger's database: what was asked, what came back, what it cost.

It doubles as the cache of answers: an answered request is found again by the hash of all that was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Row, bindparam, case, func, insert, select
from sqlalchemy.exc import DBAPIError

from db.calls import CallRecord, Spending
from db.errors import LedgerError
from db.ledger.batches import Batches
from db.ledger.engine import open_engine
from db.ledger.models import Call

_FIELDS = [field.name for field in fields(CallRecord)]
_ANSWERED = (
    select(*(Call.__table__.c[name] for name in _FIELDS))
    .where(Call.key.in_(bindparam("keys", expanding=True)), Call.error == "", Call.cached.is_(False))
    .order_by(Call.position.desc())
)
_INSERTED = insert(Call)


class CallLog:
    """A log of calls in SQLite (a file path) or PostgreSQL (a URL). Close it, or use it as a context.

    It may be used from any event loop and does not hold it up: one thread of its own speaks to the database.
    """

    def __init__(self, address: str) -> None:
        """Open the log in the ledger at `address`, making or migrating that if need be; errors as in `open_engine`."""
        self._engine = open_engine(address)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="call-log")
        self._finding = Batches(self._thread, self._find)
        self._writing = Batches(self._thread, self._write)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left, and give the database connections back."""
        self._thread.shutdown()
        self._engine.dispose()

    async def find(self, key: str) -> CallRecord | None:
        """The first call under `key` that was answered by a model, None if there was none."""
        return await self._finding.do(key)

    async def record(self, record: CallRecord) -> None:
        """Keep a call; it is durable when this returns. Raises LedgerError if it cannot be written."""
        await self._writing.do(record)

    def spending(self) -> list[Spending]:
        """What was spent on each model that was used, the dearest first."""
        unpriced = Call.cost_usd.is_(None) & (Call.prompt_tokens + Call.completion_tokens > 0)
        cost = func.coalesce(func.sum(Call.cost_usd), 0.0)
        asked = select(
            Call.model_used,
            func.count(),
            _count(Call.cached),
            _count(Call.error != ""),
            func.sum(Call.prompt_tokens),
            func.sum(Call.completion_tokens),
            cost,
            _count(unpriced),
        ).group_by(Call.model_used)
        with self._engine.connect() as connection:
            rows = connection.execute(
                asked.order_by(func.coalesce(func.sum(Call.cost_usd), 0.0).desc(), Call.model_used)
            )
            return [
                Spending(
                    model=str(model),
                    calls=int(calls),
                    hits=int(hits),
                    failed=int(failed),
                    prompt_tokens=int(prompt),
                    completion_tokens=int(completion),
                    cost_usd=float(spent) if spent or not unknown else None,
                    unpriced=int(unknown),
                )
                for model, calls, hits, failed, prompt, completion, spent, unknown in rows
            ]

    def _find(self, keys: Sequence[str]) -> list[CallRecord | None]:
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(_ANSWERED, {"keys": list(set(keys))})
                found = {row.key: _record(row) for row in rows}  # of several the first recorded, which comes last
        except DBAPIError as error:
            raise LedgerError(f"the call log could not be read: {str(error.orig).splitlines()[0]}") from error
        return [found.get(key) for key in keys]

    def _write(self, records: Sequence[CallRecord]) -> list[None]:
        rows = [{name: _storable(value) for name, value in asdict(record).items()} for record in records]
        try:
            with self._engine.connect().execution_options(writing=True) as connection, connection.begin():
                connection.execute(_INSERTED, rows)
        except (DBAPIError, OverflowError) as error:  # SQLite's integers have 64 bits
            said = str(error.orig if isinstance(error, DBAPIError) else error)
            raise LedgerError(f"the call log could not be written: {said.splitlines()[0]}") from error
        return [None] * len(rows)


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _storable(value: Any) -> Any:
    """Times as ISO text; text without what a database refuses (NUL, half characters)."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return value.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return value


def _record(row: Row[Any]) -> CallRecord:
    found = dict(row._mapping)
    return CallRecord(**{**found, "created_at": datetime.fromisoformat(found["created_at"])})
