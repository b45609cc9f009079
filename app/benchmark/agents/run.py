"""Asking members the queries of a benchmark: resumable, many at a time, each under its own cut-off."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agents.members.equipment import Equipment
from agents.members.protocol import Member
from agents.members.registry import build_members, models_of
from app.benchmark.agents.answers import Answered, AnswerLog
from app.benchmark.agents.effort import Collector, effort_of
from app.benchmark.agents.queries import Query
from db.events.filters import View
from db.events.snapshot import Snapshot
from db.events.store import EventStore

if TYPE_CHECKING:
    from agents.llm.client import LlmClient
    from db.traces import Trace

ANSWERS = "answers.jsonl"
RUNS_AT_ONCE = 32
"""Questions put to one model at once, at most; fewer where it takes fewer calls, so that no clock runs in a queue."""
GROUPS_AT_ONCE = 4
"""Cut-offs open at once, each with a snapshot in memory."""

Progress = Callable[[int, int, str], None]
"""Called as answers come in with (answers there, answers in all, whose)."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """Every member's answer to every query, and how many of them were there before this run."""

    answers: dict[str, list[Answered]]
    """Member -> answers, in the order of the queries."""
    reused: int


def run(
    members: Sequence[str],
    queries: Sequence[Query],
    store: EventStore,
    *,
    equipment: Equipment,
    folder: Path,
    now: datetime,
    progress: Progress | None = None,
) -> RunResult:
    """Ask every member every query; what `folder` holds of it is not asked again, what comes in is written there.

    `now` is the wall clock that goes on the answers. Traces go on to `equipment.keep`. The client of `equipment` is
    closed in the end. Raises UnknownName for a member that there is none of, BadInput where the folder is in use.
    """
    collector = Collector()

    def keep(trace: Trace) -> None:
        collector.keep(trace)
        equipment.keep(trace)

    crowd = build_members(members, replace(equipment, keep=keep))
    with AnswerLog(folder / ANSWERS) as log:
        asking = _Asking(store, log, collector, equipment.llm, now, len(crowd) * len(queries), progress)
        reused = asking.count_known(crowd, queries)
        if progress is not None:
            progress(reused, len(crowd) * len(queries), "learning from the past")
        asyncio.run(_ask_all(asking, crowd, queries, equipment.llm))
        answers = {
            member.name: [found for query in queries if (found := asking.known(member, query)) is not None]
            for member in crowd
        }
    return RunResult(answers, reused)


async def _ask_all(asking: _Asking, crowd: Sequence[Member], queries: Sequence[Query], llm: LlmClient | None) -> None:
    groups: dict[tuple[datetime, int], list[Query]] = defaultdict(list)
    for query in queries:
        groups[query.as_of, query.question.min_mentions].append(query)
    gate = asyncio.Semaphore(GROUPS_AT_ONCE)

    async def ask(as_of: datetime, min_mentions: int, group: Sequence[Query]) -> None:
        async with gate:
            await asking.ask_group(crowd, group, as_of, View(min_mentions=min_mentions))

    try:
        await asyncio.gather(*(ask(*key, group) for key, group in sorted(groups.items(), key=lambda item: item[0])))
    finally:
        if llm is not None:
            await llm.aclose()


class _Asking:
    """One run's questions in flight."""

    def __init__(
        self,
        store: EventStore,
        log: AnswerLog,
        collector: Collector,
        llm: LlmClient | None,
        now: datetime,
        total: int,
        progress: Progress | None,
    ) -> None:
        self._store = store
        self._log = log
        self._collector = collector
        self._llm = llm
        self._now = now
        self._total = total
        self._progress = progress
        self._done = 0
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._one_group = asyncio.Lock()

    def known(self, member: Member, query: Query) -> Answered | None:
        """The answer that is written down, or None."""
        return self._log.get((member.name, *query.key))

    def _is_final(self, member: Member, query: Query) -> bool:
        known = self.known(member, query)
        return known is not None and known.final

    def count_known(self, crowd: Sequence[Member], queries: Sequence[Query]) -> int:
        """How many answers need no asking."""
        self._done = sum(self._is_final(member, query) for member in crowd for query in queries)
        return self._done

    async def ask_group(self, crowd: Sequence[Member], group: Sequence[Query], as_of: datetime, view: View) -> None:
        """Everything that is still to be asked under one cut-off, on one snapshot."""
        open_ones = {member.name: [query for query in group if not self._is_final(member, query)] for member in crowd}
        if not any(open_ones.values()):
            return
        agents = [member for member in crowd if models_of([member.name])]
        # An agent looks things up over and over (1.5 ms in memory, 14 ms in files); the others read all of it once.
        cache: Literal["memory"] | None = "memory" if any(open_ones[member.name] for member in agents) else None
        snapshot = await asyncio.to_thread(self._store.as_of, as_of, view=view, cache=cache)
        others = [member for member in crowd if member not in agents and open_ones[member.name]]
        await asyncio.gather(
            self._ask_together(others, group, open_ones, snapshot),
            *(self._ask_one(member, query, snapshot) for member in agents for query in open_ones[member.name]),
        )

    async def _ask_together(
        self,
        members: Sequence[Member],
        group: Sequence[Query],
        open_ones: Mapping[str, Sequence[Query]],
        snapshot: Snapshot,
    ) -> None:
        """All queries of a group at once, also those known: what statistical members learn depends on what is asked.

        They are computed together, one group after the other, and share their time evenly.
        """
        if not members:
            return
        async with self._one_group:
            started = time.monotonic()
            questions = [query.question for query in group]
            answers = await asyncio.gather(
                *(member.forecast(questions, snapshot, created_at=self._now) for member in members)
            )
            seconds = (time.monotonic() - started) / (len(members) * len(group))
        for member, found in zip(members, answers, strict=True):
            missing = {query.question.id for query in open_ones[member.name]}
            self._write(
                member, [Answered(answer=answer, seconds=seconds) for answer in found if answer.question_id in missing]
            )

    async def _ask_one(self, member: Member, query: Query, snapshot: Snapshot) -> None:
        async with self._gate(member):
            started = time.monotonic()
            [answer] = await member.forecast([query.question], snapshot, created_at=self._now)
            seconds = time.monotonic() - started
        effort = effort_of(self._collector.take(member.name, query.question.id, snapshot.as_of))
        self._write(member, [Answered(answer=answer, effort=effort, seconds=seconds)])

    def _gate(self, member: Member) -> asyncio.Semaphore:
        """What all members of one model queue at."""
        [model] = models_of([member.name])
        if model not in self._gates:
            limit = RUNS_AT_ONCE if self._llm is None else self._llm.table.resolve(model).at_once(RUNS_AT_ONCE)
            self._gates[model] = asyncio.Semaphore(limit)
        return self._gates[model]

    def _write(self, member: Member, answers: Sequence[Answered]) -> None:
        self._log.append(answers)
        self._done += len(answers)
        if self._progress is not None:
            self._progress(self._done, self._total, member.name)
