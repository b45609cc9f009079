"""The jobs as durable workflows: what was done is not done again, whatever happens to the process in between.

A job is a workflow, and its parts are workflows of their own: some questions, put to their members in one step. A step
that was under way when a worker died is begun again, but asks only what the ledger and the book hold no answer of: they
say so anyway, and a step for each answer would have the engine write them all down a second time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from dbos import DBOS, SetWorkflowID

from agents.members.llm.naming import is_llm
from app.jobs.checks import members_of
from app.jobs.names import JOB_WORKFLOW, PART_WORKFLOW, TICK_WORKFLOW, WORK, attempt_id
from app.jobs.records import DeskJob, ForecastJob, GenerateJob, JobSpec, ResolveJob
from app.jobs.retries import insistently
from app.jobs.specs import forecast_of, spec_of
from app.jobs.work import Work
from db.errors import AuspexError

SET_WISE = 2500
"""Questions that a statistical member is asked at once: it answers many in the time of one."""
PARTS = 64
"""Into so many parts a batch is divided, as long as none has more than `MOST_IN_PART` questions."""
MOST_IN_PART = 8
_WAIT_S = 0.25
_work: Work | None = None

log = logging.getLogger(__name__)


def equip(work: Work | None) -> None:
    """Give the workflows of this process what they work with; None when the worker ends."""
    global _work
    _work = work


def _at_hand() -> Work:
    if _work is None:
        raise RuntimeError("no worker runs in this process")
    return _work


@DBOS.workflow(name=JOB_WORKFLOW, max_recovery_attempts=None)
async def job(job_id: str, attempt: int) -> None:
    """One attempt at a job, from its beginning to the note of how it ended."""
    work = _at_hand()
    found = await asyncio.to_thread(work.book.job, job_id)
    if found is None or found.attempt != attempt or found.state not in ("queued", "running"):
        return
    await insistently(lambda: asyncio.to_thread(work.book.begin, job_id, attempt), "notes of jobs")
    try:
        result = await _conduct(job_id, attempt, spec_of(found))
    except Exception as error:  # noqa: BLE001 - whatever broke the job is what people are told
        ours = isinstance(error, AuspexError)
        said = str(error) if ours else f"{type(error).__name__}: {error}"
        log.error("job %s broke: %s", job_id, said, exc_info=None if ours else error)
        await _end(job_id, attempt, "failed", error=said[:2000])
    else:
        await _end(job_id, attempt, "done", result=json.dumps(result, default=str))


async def _end(job_id: str, attempt: int, state: str, *, error: str = "", result: str = "{}") -> None:
    """Note how an attempt ended; raises LedgerError if that cannot be written, and `resume` finds it ended anyway."""
    end = partial(_at_hand().book.end, job_id, attempt, state, error=error, result=result)
    await insistently(lambda: asyncio.to_thread(end), "notes of jobs")


async def _conduct(job_id: str, attempt: int, spec: JobSpec) -> dict[str, Any]:
    if isinstance(spec, ForecastJob):
        await _forecast(job_id, attempt, list(dict.fromkeys(spec.question_ids)))
        return {}
    if isinstance(spec, DeskJob):
        return await _desk(job_id, attempt, spec)
    result = await _errand(job_id, spec)
    await asyncio.to_thread(_at_hand().book.progress, job_id, 1, 1)
    return result


async def _errand(job_id: str, spec: JobSpec) -> dict[str, Any]:
    return await DBOS.run_step_async({"name": spec.kind}, _at_hand().errand, job_id, spec)


async def _desk(job_id: str, attempt: int, spec: DeskJob) -> dict[str, Any]:
    """A day at the desk: events refreshed, questions drawn and forecast, old ones resolved, and all scored.

    Its forecasts are the job's units; what the other errands found is its result.
    """
    if spec.as_of is None:
        raise TypeError("a day at the desk has a moment")
    found: dict[str, Any] = {}
    if spec.sources and not await _halted(job_id, attempt):
        found["ingest"] = await _errand(job_id, spec)
    if await _halted(job_id, attempt):
        return found
    drawn = await _errand(job_id, GenerateJob(as_of=spec.as_of, horizon_days=spec.horizon_days, n=spec.n))
    questions = drawn.pop("questions")
    await asyncio.to_thread(_at_hand().book.progress, job_id, 0, len(questions) * len(members_of(spec)))
    await _forecast(job_id, attempt, questions)
    found["generate"] = {"questions": len(questions), **drawn}
    if not await _halted(job_id, attempt):
        found["resolve"] = await _errand(job_id, ResolveJob())
    return found


async def _halted(job_id: str, attempt: int) -> bool:
    """Whether an attempt was cancelled or begun anew, and must begin nothing more."""
    return bool(await asyncio.to_thread(_at_hand().book.halted, [(job_id, attempt)]))


async def _forecast(job_id: str, attempt: int, questions: list[str]) -> None:
    """All members' answers: first of those that answer many questions at once, then of those that ask models."""
    found = await asyncio.to_thread(_at_hand().book.job, job_id)
    if found is None:
        raise LookupError(f"job {job_id} is not in the book")
    members = members_of(forecast_of(found, questions))
    models = [name for name in members if is_llm(name)]
    statistical = [name for name in members if not is_llm(name)]
    if statistical:
        parts = _divided(questions, SET_WISE)
        await _parts(job_id, attempt, "s", parts, statistical, pool=not models)
    if models:
        size = min(MOST_IN_PART, max(1, -(-len(questions) // PARTS)))
        await _parts(job_id, attempt, "m", _divided(questions, size), models, pool=True)


async def _parts(
    job_id: str, attempt: int, label: str, parts: Sequence[list[str]], members: list[str], *, pool: bool
) -> None:
    """Put parts of a job into the queue of work and wait for all; then raises what the first broken one raised."""
    queue = await DBOS.retrieve_queue_async(WORK)
    if queue is None:
        raise LookupError(f"there is no queue {WORK}")
    begun = []
    for number, questions in enumerate(parts):
        with SetWorkflowID(f"{attempt_id(job_id, attempt)}/{label}{number}"):
            begun.append(await queue.enqueue_async(part, job_id, attempt, questions, members, pool))
    broken: Exception | None = None
    for handle in begun:
        try:
            await handle.get_result(polling_interval_sec=_WAIT_S)
        except Exception as error:  # noqa: BLE001 - the other parts go on, and then it is raised
            broken = broken or error
    if broken is not None:
        raise broken


@DBOS.workflow(name=PART_WORKFLOW)
async def part(job_id: str, attempt: int, questions: list[str], members: list[str], pool: bool) -> None:
    """Some questions of a job, put to some of its members; then their aggregates."""
    forecasting = _at_hand().forecasting
    async with forecasting.part(job_id, attempt, questions) as work:
        await DBOS.run_step_async({"name": "ask"}, forecasting.ask, work, members)
        if pool:
            await DBOS.run_step_async({"name": "pool"}, forecasting.pool, work)


@DBOS.workflow(name=TICK_WORKFLOW)
async def tick(fired_at: datetime, context: dict[str, str]) -> str:
    """A schedule's tick: its job is submitted, once for the logical moment."""
    return await asyncio.to_thread(_at_hand().jobs.fire, context["schedule"], fired_at)


def _divided(questions: Sequence[str], size: int) -> list[list[str]]:
    return [list(questions[start : start + size]) for start in range(0, len(questions), size)]
