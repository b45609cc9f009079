"""Batches: every question is put to every member once, whatever breaks, and what is there is not asked again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agents.members.registry import MEMBERS
from app.desk import run_crowd
from app.dev.llm_server import LlmServer, Reply
from app.jobs.client import Jobs
from app.jobs.records import JobState
from app.jobs.worker import Worker, WorkerRuns
from db.errors import BadInput, UnknownName
from db.events.store import EventStore
from tests.app.jobs.desks import AS_OF, Desk, ended, until
from tests.app.jobs.members import HERE

GOOD = Reply(text='{"rationale": "so it seems", "probability": 0.3}')
BAD = Reply(status=400, text="The request 17 of 'abc' at http://10.0.0.1/x is wrong.")


def test_batch_is_forecast_and_pooled_once_as_the_desk_would(desk: Desk) -> None:
    with Jobs(desk.settings) as jobs, desk.ledger() as ledger, Worker(desk.settings):
        found = ended(jobs, jobs.submit(desk.job("direct:scripted", "cot:other")))
        assert (found.state, found.done, found.failed, found.total) == (JobState.DONE, 12, 0, 12)
        made = ledger.forecasts(run_id=found.run_id)
        assert len({(item.question_id, item.member) for item in made}) == len(made) == 12
        pooled = {item.question_id: item.value for item in ledger.aggregates(run_id=found.run_id)}
        again = run_crowd(desk.questions, EventStore(desk.settings.store), [], as_of=AS_OF, now=AS_OF, ledger=ledger)
        assert len(pooled) == 6 and again.forecasts == []
        assert found.cost_usd is not None and found.cost_usd == pytest.approx(sum(item.cost_usd or 0 for item in made))
        assert ledger.verify().ok


def test_same_key_is_the_same_job_and_another_job_under_it_is_refused(desk: Desk) -> None:
    with Jobs(desk.settings) as jobs:
        first = jobs.submit(desk.job("direct:scripted"), key="monday")
        assert jobs.submit(desk.job("direct:scripted"), key="monday") == first
        assert jobs.submit(desk.job("direct:scripted")) != first
        with pytest.raises(BadInput, match="choose another key"):
            jobs.submit(desk.job("cot:scripted"), key="monday")
        assert len(jobs.list().data) == 2


def test_jobs_are_listed_newest_first_in_pages_and_by_state(desk: Desk) -> None:
    with Jobs(desk.settings) as jobs:
        ids = [jobs.submit(desk.job("direct:scripted"), key=str(i)) for i in range(5)]
        jobs.cancel(ids[1])
        first = jobs.list(limit=3)
        rest = jobs.list(limit=3, after=first.next)
        assert [job.job_id for job in [*first.data, *rest.data]] == ids[::-1] and rest.next == ""
        assert [job.job_id for job in jobs.list(state="cancelled").data] == [ids[1]]
        assert jobs.status(ids[2][:14]).job_id == ids[2]
        with pytest.raises(BadInput, match="no cursor"):
            jobs.list(after="x")
        with pytest.raises(BadInput, match="no state"):
            jobs.list(state="lost")
        with pytest.raises(UnknownName, match="no job"):
            jobs.status("job-none")


def test_job_that_cannot_be_done_is_refused_before_it_is_kept(desk: Desk) -> None:
    with Jobs(desk.settings) as jobs:
        for wrong in (
            desk.job("nobody"),
            desk.job("direct:scripted").model_copy(update={"question_ids": ("none",)}),
            desk.job("direct:scripted").model_copy(update={"rule": "none"}),
        ):
            with pytest.raises(BadInput):
                jobs.submit(wrong)
        assert jobs.list().data == []


def test_poisonous_question_fails_alone_and_is_grouped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MEMBERS, "brittle", HERE)
    with Jobs(desk.settings) as jobs, desk.ledger() as ledger, Worker(desk.settings):
        found = ended(jobs, jobs.submit(desk.job("brittle", "direct:scripted")))
        assert (found.state, found.done, found.failed) == (JobState.DONE, 12, 1)
        [group] = found.failures_by_signature
        assert (group.member, group.reason, group.n) == ("brittle", "error", 1)
        assert group.signature == "ZeroDivisionError: question <id> took <n> s at <address>"
        [failure] = ledger.failures()
        assert failure.detail == group.example
        assert len(ledger.aggregates()) == 5  # one of two members is no quorum


def test_what_the_ledger_holds_is_not_asked_again(desk: Desk, llm_server: LlmServer) -> None:
    with Jobs(desk.settings) as jobs, Worker(desk.settings):
        ended(jobs, jobs.submit(desk.job("direct:scripted", n=4)))
        assert sum(llm_server.counts.values()) == 4
        estimate = jobs.estimate(desk.job("direct:scripted", "climatology"))
        assert (estimate.forecasts, estimate.already_forecast, estimate.calls) == (8, 4, 2)
        assert estimate.cost_usd is not None and estimate.cost_usd > 0
        assert jobs.estimate(desk.job("direct:other")).cost_usd is None
        found = ended(jobs, jobs.submit(desk.job("direct:scripted")))
        assert (found.done, found.failed) == (6, 0) and sum(llm_server.counts.values()) == 6
        later = ended(jobs, jobs.submit(desk.job("direct:scripted", as_of=AS_OF + timedelta(hours=1))))
        assert later.done == 6 and sum(llm_server.counts.values()) == 12


def test_resume_asks_what_failed_and_that_only(desk: Desk, llm_server: LlmServer) -> None:
    llm_server.script("told", [BAD, GOOD, BAD, GOOD, GOOD, BAD, GOOD], repeat_last=True)
    with Jobs(desk.settings) as jobs, desk.ledger() as ledger, Worker(desk.settings):
        job_id = jobs.submit(desk.job("direct:told"))
        found = ended(jobs, job_id)
        assert (found.done, found.failed) == (6, 3)
        [group] = found.failures_by_signature
        assert group.n == 3
        asked = llm_server.counts["told"]
        jobs.resume(job_id)
        again = ended(jobs, job_id)
        assert (again.state, again.done, again.failed) == (JobState.DONE, 6, 0)
        assert llm_server.counts["told"] == asked + 3
        assert len(ledger.forecasts()) == 6 and len(ledger.failures()) == 3


def test_cancelled_job_asks_no_more_and_goes_on_when_resumed(desk: Desk, llm_server: LlmServer) -> None:
    llm_server.script("told", [Reply(text=GOOD.text, delay_s=1.0)])
    settings = desk.settings.model_copy(update={"slots": 1})
    with Jobs(settings) as jobs, Worker(settings):
        job_id = jobs.submit(desk.job("direct:told"))
        until(jobs, job_id, lambda found: found.done >= 1)
        jobs.cancel(job_id)
        with pytest.raises(BadInput, match="nothing to cancel"):
            jobs.cancel(job_id)
    cancelled = llm_server.counts["told"]
    assert cancelled < 6
    llm_server.script("told", [GOOD])
    with Jobs(settings) as jobs, desk.ledger() as ledger, Worker(settings):
        assert jobs.status(job_id).state == JobState.CANCELLED
        jobs.resume(job_id)
        with pytest.raises(BadInput, match="goes on by itself"):
            jobs.resume(job_id)
        found = ended(jobs, job_id)
        assert (found.state, found.done, found.failed) == (JobState.DONE, 6, 0)
        assert llm_server.counts["told"] == 6 and len(ledger.forecasts()) == 6


def test_budget_of_a_job_holds_over_its_attempts(desk: Desk, llm_server: LlmServer) -> None:
    with Jobs(desk.settings) as jobs, Worker(desk.settings):
        spec = desk.job("direct:scripted").model_copy(update={"budget_usd": 0.0})
        found = ended(jobs, jobs.submit(spec))
        assert (found.done, found.failed, found.cost_usd) == (6, 6, 0.0)
        assert {group.reason for group in found.failures_by_signature} == {"budget"}
        assert not llm_server.counts


def test_job_without_a_store_fails_with_what_to_do_and_resumes(desk: Desk) -> None:
    settings = desk.settings.model_copy(update={"store": desk.folder / "none"})
    with Jobs(settings) as jobs:
        job_id = jobs.submit(desk.job("direct:scripted"))
        with Worker(settings):
            found = ended(jobs, job_id)
            assert found.state == JobState.FAILED and "no event store" in found.error.lower()
        jobs.resume(job_id)
        with Worker(desk.settings):
            assert ended(jobs, job_id).state == JobState.DONE


def test_jobs_in_a_file_have_one_worker(desk: Desk) -> None:
    with Worker(desk.settings), pytest.raises(WorkerRuns, match="runs already"), Worker(desk.settings):
        pass
