"""The log of calls on both databases: whole, durable, found again, added up."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from db.calls import CallRecord
from db.errors import LedgerError
from db.ledger.batches import Batches
from db.ledger.calls import CallLog
from db.ledger.ledger import Ledger
from tests.conftest import ROOT

NOW = datetime(2025, 6, 1, 12, 30, 15, 250, tzinfo=UTC)
ANSWERED = CallRecord(
    key="a" * 64,
    sample=2,
    created_at=NOW,
    model="asked",
    model_used="used",
    deployment="used#2",
    request='{"messages": []}',
    response='{"choices": []}',
    prompt_tokens=10,
    completion_tokens=4,
    cost_usd=0.25,
    latency_s=1.5,
    attempts=3,
)
HIT = replace(ANSWERED, request="", response="", prompt_tokens=0, completion_tokens=0, cost_usd=0.0, cached=True)
FAILED = replace(ANSWERED, response="", prompt_tokens=0, completion_tokens=0, cost_usd=None, error="busy")


def keep(log: CallLog, *records: CallRecord) -> None:
    async def work() -> None:
        await asyncio.gather(*(log.record(record) for record in records))

    asyncio.run(work())


def found(log: CallLog, key: str = ANSWERED.key) -> CallRecord | None:
    return asyncio.run(log.find(key))


def test_answer_is_found_as_it_was_recorded(address: str) -> None:
    with CallLog(address) as log:
        assert found(log) is None
        keep(log, ANSWERED)
        assert found(log) == ANSWERED
        assert found(log, "b" * 64) is None
    with CallLog(address) as again:
        assert found(again) == ANSWERED


def test_only_the_first_answer_of_a_model_is_found(address: str) -> None:
    with CallLog(address) as log:
        keep(log, FAILED)
        keep(log, replace(FAILED, response="{}", error="unfinished"))
        keep(log, HIT)
        assert found(log) is None
        keep(log, ANSWERED)
        keep(log, replace(ANSWERED, response='{"second": true}'))
        assert found(log) == ANSWERED


def test_large_and_odd_texts_are_kept_whole(address: str) -> None:
    large = replace(ANSWERED, request="ü" * 2_000_000, response="\N{GRINNING FACE}" * 500_000, model_used="模型")
    with CallLog(address) as log:
        keep(log, large)
        assert found(log) == large
        keep(log, replace(FAILED, key="c" * 64, error="half \ud800 and \x00 nothing"))
        assert [row.failed for row in log.spending() if row.model == "used"] == [1]


def test_spending_adds_up_by_the_model_that_was_used(address: str) -> None:
    unpriced = replace(ANSWERED, key="d" * 64, model_used="free", cost_usd=None)
    with CallLog(address) as log:
        assert log.spending() == []
        keep(log, ANSWERED, ANSWERED, HIT, FAILED, unpriced)
        used, free = log.spending()
    assert (used.model, used.calls, used.hits, used.failed, used.unpriced) == ("used", 4, 1, 1, 0)
    assert (used.prompt_tokens, used.completion_tokens, used.tokens, used.cost_usd) == (20, 8, 28, 0.5)
    assert (free.model, free.calls, free.cost_usd, free.unpriced) == ("free", 1, None, 1)


def test_many_records_at_once_from_many_loops_are_all_there(address: str) -> None:
    from threading import Thread

    with CallLog(address) as log:
        batches = [[replace(ANSWERED, key=f"{who}-{n}") for n in range(50)] for who in range(4)]
        threads = [Thread(target=keep, args=(log, *batch)) for batch in batches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [row.calls for row in log.spending()] == [200]
        assert all(found(log, record.key) == record for batch in batches for record in batch[::10])


def test_record_is_durable_when_it_returns(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    code = f"""
import asyncio, os, signal
from db.ledger.calls import CallLog
from tests.db.test_calls import ANSWERED
log = CallLog({str(path)!r})
asyncio.run(log.record(ANSWERED))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    with CallLog(str(path)) as log:
        assert found(log) == ANSWERED


def test_log_that_cannot_be_written_or_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with CallLog(str(path)) as log:
        raw = sqlite3.connect(path)
        raw.execute("ALTER TABLE calls RENAME TO elsewhere")
        with pytest.raises(LedgerError, match="could not be written"):
            keep(log, ANSWERED, replace(ANSWERED, key="e" * 64))
        with pytest.raises(LedgerError, match="could not be read"):
            found(log)
        raw.execute("ALTER TABLE elsewhere RENAME TO calls")
        raw.close()
        keep(log, ANSWERED)
        assert found(log) == ANSWERED


def test_number_that_a_database_cannot_hold_is_refused_and_nobody_waits(address: str) -> None:
    with CallLog(address) as log:
        with pytest.raises(LedgerError, match="could not be written"):
            keep(log, replace(ANSWERED, prompt_tokens=2**63))
        keep(log, ANSWERED)
        assert found(log) == ANSWERED


def test_closed_log_refuses_everybody_who_asks(tmp_path: Path) -> None:
    log = CallLog(str(tmp_path / "ledger.db"))
    log.close()

    async def work() -> list[object]:
        asked = (*(log.record(ANSWERED) for _ in range(3)), log.find("a"))
        return list(await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 10.0))

    assert all(isinstance(error, LedgerError) for error in asyncio.run(work()))


@pytest.mark.parametrize("error", [OverflowError("too large"), StopIteration(), KeyError("k"), SystemExit(1)])
def test_batch_whose_work_fails_in_any_way_fails_for_everybody(error: BaseException) -> None:
    def work(items: Sequence[int]) -> list[int]:
        if 0 in items:
            raise error
        return list(items) if 1 in items else []  # else a result too few, which is a fault too

    async def ask(batches: Batches[int, int], *items: int) -> list[int | BaseException]:
        return await asyncio.wait_for(
            asyncio.gather(*(batches.do(item) for item in items), return_exceptions=True), timeout=10.0
        )

    with ThreadPoolExecutor(max_workers=1) as thread:
        batches = Batches(thread, work)
        assert all(isinstance(outcome, LedgerError) for outcome in asyncio.run(ask(batches, 0, 0, 0)))
        assert all(isinstance(outcome, LedgerError) for outcome in asyncio.run(ask(batches, 2, 2)))
        assert asyncio.run(ask(batches, 1)) == [1]


def test_record_when_its_caller_is_cancelled_keeps_the_others(address: str) -> None:
    async def work(log: CallLog) -> None:
        tasks = [asyncio.create_task(log.record(replace(ANSWERED, key=str(n)))) for n in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.gather(*tasks[1:])

    with CallLog(address) as log:
        asyncio.run(work(log))
        assert all(found(log, str(n)) for n in range(3))


def test_log_lives_beside_the_ledger_and_leaves_it_alone(address: str) -> None:
    with Ledger(address) as ledger, CallLog(address) as log:
        keep(log, ANSWERED)
        assert ledger.counts() == {} and ledger.verify().ok


def test_migration_when_killed_half_way_runs_again(address: str) -> None:
    code = f"""
import os, signal
from alembic import op
from db.ledger.engine import open_engine
create_index = op.create_index
def dying(name, *rest, **more):
    if name == "ix_calls_key":
        os.kill(os.getpid(), signal.SIGKILL)
    return create_index(name, *rest, **more)
op.create_index = dying
open_engine({address!r})
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    with CallLog(address) as log:
        keep(log, ANSWERED)
        assert found(log) == ANSWERED
    with Ledger(address) as ledger:
        assert ledger.verify().ok


def test_tables_are_those_of_the_models(address: str) -> None:
    from db.ledger.models import Base

    CallLog(address).close()
    url = address.replace("postgresql://", "postgresql+psycopg://") if "://" in address else f"sqlite:///{address}"
    engine = create_engine(url)
    made = inspect(engine)
    for table in Base.metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in made.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        assert {index["name"] for index in made.get_indexes(table.name)} == {index.name for index in table.indexes}
    engine.dispose()
