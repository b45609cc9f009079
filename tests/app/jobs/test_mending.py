"""Jobs in bad hours: money over attempts, workers taken for dead, notes that could not be written."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from app.dev.llm_server import LlmServer, Reply
from app.jobs import workflows
from app.jobs.client import Jobs
from app.jobs.crowds import JobCrowd
from app.jobs.records import DeskJob, JobState
from app.jobs.terms import Term
from app.jobs.work import Work
from app.jobs.worker import Worker
from db.errors import BadInput, LedgerError
from db.jobs.book import JobBook
from db.jobs.engine import open_jobs_engine
from db.jobs.units import UnitRow
from db.records import MemberFailure
from tests.app.jobs.desks import AS_OF, Desk, ended, new_desk, until
from tests.db.conftest import _postgres_address as postgres_address

GOOD = '{"rationale": "so it seems", "probability": 0.3}'
UNREADABLE = Reply(text="I would rather not say.")


def engine_is_done(file: Path) -> bool:
    with closing(sqlite3.connect(file)) as raw:
        return bool(raw.execute("SELECT count(*) FROM workflow_status WHERE status <> 'SUCCESS'").fetchone() == (0,))


@pytest.fixture
def book(desk: Desk) -> Iterator[JobBook]:
    engine = open_jobs_engine(desk.settings.jobs_address)
    yield JobBook(engine)
    engine.dispose()


def test_what_failed_units_cost_is_kept_when_they_are_asked_again(desk: Desk, llm_server: LlmServer) -> None:
    llm_server.script("told", [UNREADABLE], repeat_last=True)
    with Jobs(desk.settings) as jobs, Worker(desk.settings):
        job_id = jobs.submit(desk.job("direct:told", n=2))
        first = ended(jobs, job_id)
        assert first.failed == 2 and first.cost_usd
        jobs.resume(job_id)
        again = ended(jobs, job_id)
        assert again.done == 2 and again.cost_usd is not None and again.cost_usd >= first.cost_usd


def test_units_to_be_asked_again_count_for_their_cost_only(desk: Desk, book: JobBook) -> None:
    with Jobs(desk.settings) as jobs:
        job_id = jobs.submit(desk.job("direct:told", n=2))
        asked = [question.id for question in desk.questions]
        failed = UnitRow(question_id=asked[0], member="a", outcome="failed", reason="error", cost_usd=2.0)
        book.units.note([(job_id, failed), (job_id, UnitRow(question_id=asked[1], member="a", outcome="forecast"))])
        book.units.note([(job_id, UnitRow(question_id=asked[2], member="a", outcome="forecast", cost_usd=None))])
        jobs.cancel(job_id)
        jobs.resume(job_id)
        tally = book.units.tallies([job_id])[job_id]
        assert (tally.done, tally.failed, tally.cost_usd, tally.known_usd) == (2, 0, None, 2.0)
        assert set(book.units.ended(job_id, asked)) == {(asked[1], "a"), (asked[2], "a")}


def test_budget_is_the_smaller_one_and_holds_what_others_spend_meanwhile(desk: Desk, llm_server: LlmServer) -> None:
    spec = desk.job("direct:scripted").model_copy(update={"budget_usd": 50.0})
    settings = desk.settings.model_copy(update={"budget_usd": 5.0})

    async def failures() -> list[list[MemberFailure]]:
        with desk.ledger() as ledger:
            crowd = JobCrowd(spec, settings, ledger, spent_usd=1.0)
            found: list[list[MemberFailure]] = []
            for spent in (1.0, 5.0, 1.0):  # what was spent once is never given back
                crowd.note_spent(spent)
                answers = await crowd.ask("direct:scripted", [desk.questions[len(found)]])
                found.append([answer for answer in answers if isinstance(answer, MemberFailure)])
            await crowd.aclose()
        return found

    first, *later = asyncio.run(failures())
    assert first == [] and [one.reason for [one] in later] == ["budget", "budget"]


def test_worker_that_is_taken_for_dead_learns_of_it_at_its_next_beat(book: JobBook) -> None:
    workers = book.workers
    workers.beat("a")
    assert workers.beat_again("a") and not workers.claim("a", silent_s=30.0)
    assert workers.lost(silent_s=-1.0) == ["a"] and workers.claim("a", silent_s=-1.0)
    assert not workers.beat_again("a")
    workers.beat("a")
    workers.taken_over("a")  # comes too late: it is back
    assert workers.beat_again("a")


def test_nothing_is_begun_after_the_term_until_it_is_renewed() -> None:
    async def waited() -> None:
        term = Term()
        await term.running()
        term.renew(time.monotonic())
        assert term.over
        waiting = asyncio.create_task(term.running())
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        term.renew(time.monotonic() + 60.0)
        await waiting

    asyncio.run(waited())


def test_part_of_an_earlier_term_is_let_go(desk: Desk, llm_server: LlmServer) -> None:
    with Jobs(desk.settings) as jobs, closing(Work(desk.settings)) as work:
        job_id = jobs.submit(desk.job("direct:told"))

        async def late() -> tuple[int, int]:
            async with work.forecasting.part(job_id, 1, [desk.questions[0].id]) as part:
                work.term.begin_another()
                return await work.forecasting.ask(part, ["direct:told"]), await work.forecasting.pool(part)

        assert asyncio.run(late()) == (0, 0) and not llm_server.counts


@pytest.mark.slow
def test_worker_that_was_taken_over_from_lets_go_and_the_job_still_ends_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, llm_server: LlmServer
) -> None:
    llm_server.script("told", [Reply(text=GOOD, delay_s=3.0)], repeat_last=True)
    with ExitStack() as stack:
        address = stack.enter_context(contextmanager(postgres_address)())
        desk = new_desk(tmp_path, monkeypatch, llm_url=llm_server.url, address=address, slots=1)
        jobs, worker = stack.enter_context(Jobs(desk.settings)), stack.enter_context(Worker(desk.settings))
        engine = open_jobs_engine(desk.settings.jobs_address)
        stack.callback(engine.dispose)
        job_id = jobs.submit(desk.job("direct:told"))
        until(jobs, job_id, lambda found: found.done >= 1)
        assert JobBook(engine).workers.claim(worker.executor_id, silent_s=-1.0)
        found = ended(jobs, job_id)
        assert (found.state, found.done, found.failed) == (JobState.DONE, 6, 0)
        with desk.ledger() as ledger:
            assert len(ledger.forecasts()) == 6


def test_jobs_database_that_breaks_is_said_in_our_words_and_ends_no_worker(desk: Desk, book: JobBook) -> None:
    file = Path(desk.settings.jobs_address.partition("///")[2])
    with Jobs(desk.settings) as jobs, Worker(desk.settings):
        with sqlite3.connect(file) as raw:
            raw.execute("ALTER TABLE auspex_workers RENAME TO away")
        with pytest.raises(LedgerError, match="could not be written"):
            book.workers.beat("a")
        time.sleep(6.0)
        with sqlite3.connect(file) as raw:
            raw.execute("ALTER TABLE away RENAME TO auspex_workers")
        seen = jobs.worker_seen_at()
        until(jobs, jobs.submit(desk.job("direct:scripted")), lambda _: jobs.worker_seen_at() != seen)


def test_job_whose_end_nobody_could_note_is_resumed(desk: Desk, book: JobBook) -> None:
    with Jobs(desk.settings) as jobs, Worker(desk.settings):
        job_id = jobs.submit(desk.job("direct:scripted"))
        ended(jobs, job_id)
        file = Path(desk.settings.jobs_address.partition("///")[2])
        with sqlite3.connect(file) as raw:
            raw.execute("UPDATE auspex_jobs SET state = 'running'")
        until(jobs, job_id, lambda _: engine_is_done(file))
        jobs.resume(job_id)
        assert ended(jobs, job_id).state == JobState.DONE


def test_keys_of_schedules_are_nobody_elses(desk: Desk) -> None:
    with Jobs(desk.settings) as jobs, pytest.raises(BadInput, match="choose another key"):
        jobs.submit(desk.job("direct:scripted"), key="schedule nightly@2025-06-01T03:00:00+00:00")


def test_cancelled_day_at_the_desk_begins_no_more_errands(desk: Desk, llm_server: LlmServer) -> None:
    day = DeskJob(as_of=AS_OF, n=1, members=("direct:told",))
    with Jobs(desk.settings) as jobs, closing(Work(desk.settings)) as work:
        job_id = jobs.submit(day)
        jobs.cancel(job_id)
        workflows.equip(work)
        try:
            assert asyncio.run(workflows._desk(job_id, 1, day)) == {}
        finally:
            workflows.equip(None)
        assert jobs.status(job_id).state == JobState.CANCELLED and not llm_server.counts
