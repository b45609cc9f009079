"""The work of a forecast job in a worker: members are asked, and what they answer is kept."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Sequence, Set
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.members.llm.naming import is_llm
from app.jobs.checks import members_of
from app.jobs.crowds import JobCrowd
from app.jobs.known import is_answer, prompt_hash_of
from app.jobs.recorder import Answered, Recorder
from app.jobs.signatures import signature
from app.jobs.specs import forecast_of
from app.spans import member_span
from db.jobs.units import UnitRow
from db.records import Aggregate, Forecast, MemberFailure, Question
from db.traces import total_cost_usd

if TYPE_CHECKING:
    from app.jobs.halts import Halts
    from app.jobs.records import ForecastJob
    from app.jobs.terms import Term
    from app.settings import Settings
    from db.jobs.book import JobBook
    from db.ledger.ledger import Ledger

IDLE_CROWDS = 4
"""Jobs whose members are kept built while nothing of them is under way here."""

_CLOSING_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some questions of a job, as they stood when a worker took them up.

    `term` is the worker's at that time; `there` are the (question, member) that ended: the ledger holds the answer, or
    it failed in this attempt.
    """

    job_id: str
    attempt: int
    term: int
    spec: ForecastJob
    questions: tuple[Question, ...]
    there: Set[tuple[str, str]]


class Forecasting:
    """Asks members for the jobs of one worker, `settings.slots` model members' forecasts at once."""

    def __init__(self, settings: Settings, ledger: Ledger, book: JobBook, halts: Halts, term: Term) -> None:
        self._settings = settings
        self._ledger = ledger
        self._book = book
        self._halts = halts
        self._term = term
        self._recorder = Recorder(ledger, book)
        self._slots = asyncio.Semaphore(settings.slots)
        self._crowds: OrderedDict[str, asyncio.Task[JobCrowd]] = OrderedDict()
        self._users: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way = 0
        self._closing = False
        self._closed = False

    @property
    def under_way(self) -> int:
        """How many members are being asked now."""
        return self._under_way

    def stop_asking(self) -> None:
        """Ask nobody any more: whoever would be, waits until the worker ends, and is asked by the next one."""
        self._closing = True

    def close(self) -> None:
        """Close what the members used, on the event loop on which they were asked, and write what is left.

        A member that is still being asked fails of it, which is nobody's failure and is not recorded.
        """
        self._closed = True
        if self._loop is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._close_all(), self._loop).result(timeout=_CLOSING_S)
        self._recorder.close()

    async def _close_all(self) -> None:
        for job_id in list(self._crowds):
            await self._close(job_id)

    @asynccontextmanager
    async def part(self, job_id: str, attempt: int, questions: Sequence[str]) -> AsyncIterator[Part]:
        """Some of a job's questions, while they are worked on here. What the ledger holds of them is noted."""
        self._loop = asyncio.get_running_loop()
        self._users[job_id] += 1
        await asyncio.to_thread(self._halts.watch, (job_id, attempt))
        try:
            part = await asyncio.to_thread(self._part, job_id, attempt, self._term.number, questions)
            yield part
        finally:
            self._halts.leave((job_id, attempt))
            self._users[job_id] -= 1
            await self._close_idle()

    async def ask(self, part: Part, members: Sequence[str]) -> int:
        """Put a part's questions to members and keep what they answer; returns how many answers there were.

        Those that ask models get each question by itself. What has ended is not asked again, and nothing is asked for
        an attempt that was halted. Raises what broke first, once all others have ended.
        """
        await self._note_spent(part)
        asking = [
            self._ask(part, missing, member)
            for member in members
            for some in ([[question] for question in part.questions] if is_llm(member) else [part.questions])
            if (missing := [question for question in some if (question.id, member) not in part.there])
        ]
        found = await asyncio.gather(*asking, return_exceptions=True)
        for outcome in found:
            if isinstance(outcome, BaseException):
                raise outcome
        return sum(outcome for outcome in found if isinstance(outcome, int))

    async def _ask(self, part: Part, questions: Sequence[Question], member: str) -> int:
        if await self._halted(part):
            return 0
        crowd = await self._crowd(part)
        async with self._turn(member) as slot:
            if await self._halted(part):
                return 0
            with member_span(member, len(questions), job_id=part.job_id):
                answers = await crowd.ask(member, questions)
            slot.close()  # the next call is sent while these answers are written
            if self._closed:
                await _until_the_worker_ends()
            answered = _answered(part.job_id, crowd, answers)
            crowd.note_cost(sum(unit.cost_usd or 0.0 for unit in answered.units))
            await self._recorder.record(answered)
        return len(answers)

    async def _note_spent(self, part: Part) -> None:
        """Take from the job's budget here what other workers have spent meanwhile."""
        if await self._halted(part):
            return
        crowd = await self._crowd(part)
        if crowd.has_budget:
            crowd.note_spent(await asyncio.to_thread(self._spent_usd, part.job_id))

    def _spent_usd(self, job_id: str) -> float:
        tally = self._book.units.tallies([job_id]).get(job_id)
        return 0.0 if tally is None else tally.known_usd

    async def pool(self, part: Part) -> int:
        """Pool what the job's members answered, and keep the aggregates; returns how many there are."""
        if await self._halted(part):
            return 0
        crowd = await self._crowd(part)
        aggregates = await asyncio.to_thread(self._aggregates, part, crowd)
        await self._recorder.record(Answered(job_id=part.job_id, records=aggregates))
        return len(aggregates)

    async def _halted(self, part: Part) -> bool:
        """Whether nothing more may be begun for a part: its attempt is halted, or others have taken it over.

        The engine takes no word from who was taken over from, so that it does not matter how such a part ends here.
        """
        await self._term.running()
        return part.term != self._term.number or (part.job_id, part.attempt) in self._halts

    def _part(self, job_id: str, attempt: int, term: int, questions: Sequence[str]) -> Part:
        job = self._book.job(job_id)
        if job is None:
            raise LookupError(f"job {job_id} is not in the book")
        spec = forecast_of(job, questions)
        asked = tuple(self._ledger.questions(questions))
        made = self._made(spec, asked)
        ended = self._book.units.ended(job_id, questions)
        known = [UnitRow(question_id=key[0], member=key[1], outcome="known") for key in made if key not in ended]
        self._book.units.note([(job_id, unit) for unit in known])
        failed = {key for key, outcome in ended.items() if outcome == "failed"}  # a new attempt begins without any
        return Part(job_id=job_id, attempt=attempt, term=term, spec=spec, questions=asked, there=failed.union(made))

    def _made(self, spec: ForecastJob, questions: Sequence[Question]) -> dict[tuple[str, str], Forecast]:
        """The forecasts in the ledger that answer what the job asks; of several of one member the last."""
        by_id, members = {question.id: question for question in questions}, set(members_of(spec))
        return {
            (item.question_id, item.member): item
            for item in self._ledger.forecasts(by_id)
            if item.member in members
            and is_answer(item, item.member, spec.as_of, prompt_hash_of(item.member, by_id[item.question_id]))
        }

    def _aggregates(self, part: Part, crowd: JobCrowd) -> tuple[Aggregate, ...]:
        made, members = self._made(part.spec, part.questions), set(members_of(part.spec))
        failed = {
            (item.question_id, item.member): item
            for item in self._ledger.failures([question.id for question in part.questions])
            if item.member in members and item.as_of == part.spec.as_of and (item.question_id, item.member) not in made
        }
        return tuple(crowd.aggregates(part.questions, list(made.values()), list(failed.values())))

    @asynccontextmanager
    async def _turn(self, member: str) -> AsyncIterator[ExitStack]:
        """A slot for a member that asks a model, until the stack is closed; the others take turns by themselves.

        Under way is what has had its turn, to the end of it.
        """
        with ExitStack() as slot:
            if is_llm(member):
                await self._slots.acquire()
                slot.callback(self._slots.release)
            if self._closing:
                await _until_the_worker_ends()
            self._under_way += 1
            try:
                yield slot
            finally:
                self._under_way -= 1

    async def _crowd(self, part: Part) -> JobCrowd:
        """The job's members, built by whoever comes first while the others wait."""
        building = self._crowds.get(part.job_id)
        if building is None:
            building = asyncio.create_task(asyncio.to_thread(self._build, part))
            self._crowds[part.job_id] = building
        self._crowds.move_to_end(part.job_id)
        try:
            return await asyncio.shield(building)
        except Exception:
            self._crowds.pop(part.job_id, None)  # what was missing may be there at the next attempt
            raise

    def _build(self, part: Part) -> JobCrowd:
        return JobCrowd(part.spec, self._settings, self._ledger, spent_usd=self._spent_usd(part.job_id))

    async def _close_idle(self) -> None:
        idle = [job_id for job_id in self._crowds if not self._users[job_id]]
        for job_id in idle[: max(0, len(idle) - IDLE_CROWDS)]:
            await self._close(job_id)

    async def _close(self, job_id: str) -> None:
        building = self._crowds.pop(job_id)
        if building.done() and not building.cancelled() and building.exception() is None:
            await building.result().aclose()


async def _until_the_worker_ends() -> None:
    """Leave a step unfinished: the next worker begins it again."""
    await asyncio.Event().wait()


def _answered(job_id: str, crowd: JobCrowd, answers: Sequence[Forecast | MemberFailure]) -> Answered:
    """Answers with their traces, what these rest on, and what they cost."""
    traces = {answer.id: crowd.traces(answer.question_id, answer.member) for answer in answers}
    evidence = [item for found in traces.values() for trace in found for item in trace.evidence]
    return Answered(
        job_id=job_id,
        records=(*evidence, *answers),
        units=tuple(_unit(answer, total_cost_usd(trace.cost_usd for trace in traces[answer.id])) for answer in answers),
        traces=tuple(trace for found in traces.values() for trace in found),
    )


def _unit(answer: Forecast | MemberFailure, cost_usd: float | None) -> UnitRow:
    if isinstance(answer, Forecast):
        return UnitRow(question_id=answer.question_id, member=answer.member, outcome="forecast", cost_usd=cost_usd)
    return UnitRow(
        question_id=answer.question_id,
        member=answer.member,
        outcome="failed",
        reason=str(answer.reason),
        signature=signature(answer.detail),
        detail=answer.detail,
        cost_usd=cost_usd,
    )
