"""Workers that are killed: the next one goes on, and nothing that ended is asked again."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from app.dev.llm_server import LlmServer, running
from app.jobs.client import Jobs
from app.jobs.records import JobState
from tests.app.jobs.desks import PATIENCE_S, Desk, ended, new_desk, until, worker_process

MEMBERS = ("direct:scripted", "direct:other", "direct:third", "direct:fourth")

pytestmark = pytest.mark.slow


def killed_and_ended(desk: Desk, server: LlmServer, members: tuple[str, ...], *, kills: int, seed: int) -> None:
    """Kill workers of a batch again and again, each after it got a little further, and check what came of it."""
    chance, total = random.Random(seed), len(desk.questions) * len(members)
    with Jobs(desk.settings) as jobs, desk.ledger() as ledger:
        job_id = jobs.submit(desk.job(*members))
        for kill in range(kills):
            done = jobs.status(job_id).done
            goal = done + chance.randint(1, max(1, (total - done) // (kills - kill + 1)))
            with worker_process() as process:
                until(jobs, job_id, lambda found, goal=goal: found.done >= goal, every_s=0.02)  # type: ignore[misc]
                time.sleep(chance.uniform(0.0, 0.2))
                process.send_signal(signal.SIGKILL)
        with worker_process():
            found = ended(jobs, job_id)
        assert (found.state, found.done, found.failed) == (JobState.DONE, total, 0)
        made = ledger.forecasts()
        assert len(made) == len({(item.question_id, item.member) for item in made}) == total
        assert len(ledger.aggregates()) == len(desk.questions)
        assert ledger.verify().ok
    asked = sum(server.counts.values())
    assert total <= asked <= total + kills * desk.settings.slots


def test_killed_workers_lose_nothing_and_repeat_only_what_was_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(latency_s=0.2) as server:
        desk = new_desk(tmp_path, monkeypatch, n=24, llm_url=server.url, slots=4)
        killed_and_ended(desk, server, MEMBERS[:2], kills=2, seed=1)


def test_many_kills_lose_nothing_and_repeat_only_what_was_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(latency_s=0.2) as server:
        desk = new_desk(tmp_path, monkeypatch, n=500, llm_url=server.url, slots=16)
        killed_and_ended(desk, server, MEMBERS, kills=int(os.environ.get("AUSPEX_SOAK_KILLS", "6")), seed=2)


def test_worker_that_is_told_to_stop_lets_calls_end_and_begins_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(latency_s=0.5) as server:
        desk = new_desk(tmp_path, monkeypatch, n=24, llm_url=server.url, slots=4)
        with Jobs(desk.settings) as jobs, desk.ledger() as ledger:
            job_id = jobs.submit(desk.job("direct:scripted"))
            with worker_process() as process:
                until(jobs, job_id, lambda found: found.done >= 1)
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=PATIENCE_S) == 0
            asked = sum(server.counts.values())
            found = jobs.status(job_id)
            assert found.state == JobState.RUNNING and found.done == asked == len(ledger.forecasts()) < 24
            with worker_process():
                assert ended(jobs, job_id).done == 24
            assert sum(server.counts.values()) == 24
