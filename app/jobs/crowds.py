"""The members of a forecast job, built once in a worker, with what they share: fits, snapshots and a budget."""

from __future__ import annotations

import gc
import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from agents.llm.provider import load
from agents.members.registry import build_members
from app.desk import aggregates_of, by_view, rules_for
from app.equipment import equipped
from app.jobs.checks import members_of
from db.events.store import EventStore
from db.records import Aggregate, FailureReason, Forecast, MemberFailure, Question

if TYPE_CHECKING:
    from agents.members.protocol import Member
    from app.jobs.records import ForecastJob
    from app.learning import Rules
    from app.settings import Settings
    from db.events.filters import View
    from db.events.snapshot import Snapshot
    from db.ledger.ledger import Ledger
    from db.traces import Trace

Answer = Forecast | MemberFailure


class JobCrowd:
    """One job's members in one worker."""

    def __init__(self, spec: ForecastJob, settings: Settings, ledger: Ledger, *, spent_usd: float) -> None:
        """Build the members; `spent_usd` is what the job has cost so far and its budget no longer holds.

        Takes seconds where models are asked. Raises as `build_members`, `equipped` and `EventStore` do.
        """
        self.spec = spec
        self._ledger = ledger
        self._open = ExitStack()
        self._traces: dict[tuple[str, str], list[Trace]] = defaultdict(list)
        self._rules: Rules | None = None
        self._snapshots: dict[View, Snapshot] = {}
        self._lock = threading.Lock()
        self._store = EventStore(settings.store)
        self._budget_usd = min((one for one in (settings.budget_usd, spec.budget_usd) if one is not None), default=None)
        self._elsewhere_usd = spent_usd
        self._noted_usd = 0.0
        names = members_of(spec)
        equipment = self._open.enter_context(equipped(names, ledger, budget_usd=self._left_usd))
        self.equipment = replace(equipment, keep=self._keep)
        if self.equipment.llm is not None:
            _load()
        self._members: dict[str, Member] = {item.name: item for item in build_members(names, self.equipment)}

    @property
    def has_budget(self) -> bool:
        """Whether what the job may cost is limited."""
        return self._budget_usd is not None

    @property
    def _left_usd(self) -> float | None:
        """What the members may cost here, from the beginning on: all that was not spent elsewhere."""
        return None if self._budget_usd is None else max(0.0, self._budget_usd - self._elsewhere_usd)

    def note_cost(self, cost_usd: float) -> None:
        """Say that a cost which arose here is about to be put down as the job's."""
        self._noted_usd += cost_usd

    def note_spent(self, spent_usd: float) -> None:
        """Say what is put down as the job's cost: what of it did not arise here, the budget here no longer holds."""
        self._elsewhere_usd = max(self._elsewhere_usd, spent_usd - self._noted_usd)
        if self.equipment.llm is not None:
            self.equipment.llm.limit(self._left_usd)

    async def aclose(self) -> None:
        """Close connections, the call log and the store of traces."""
        if self.equipment.llm is not None:
            await self.equipment.llm.aclose()
        self._open.close()

    async def ask(self, name: str, questions: Sequence[Question]) -> list[Answer]:
        """One answer per question, in order. Where a member raises, the questions that make it do so are its failures.

        They are found by halving: the others are answered together as far as may be.
        """
        answers: dict[str, Answer] = {}
        for snapshot, asked in self._by_view(questions):
            answers.update({answer.question_id: answer for answer in await self._put(name, asked, snapshot)})
        return [answers[question.id] for question in questions]

    async def _put(self, name: str, questions: Sequence[Question], snapshot: Snapshot) -> list[Answer]:
        now, half = datetime.now(UTC), len(questions) // 2
        try:
            return await self._members[name].forecast(questions, snapshot, created_at=now)
        except Exception as error:  # noqa: BLE001 - a member that breaks is recorded, and breaks nobody else's work
            if not half:
                return [self._broken(name, question, now, error) for question in questions]
        found = await self._put(name, questions[:half], snapshot)
        return found + await self._put(name, questions[half:], snapshot)

    def traces(self, question_id: str, member: str) -> list[Trace]:
        """The traces of what a member did for a question since it was last asked for, which are to be kept."""
        return self._traces.pop((question_id, member), [])

    def aggregates(
        self, questions: Sequence[Question], forecasts: Sequence[Forecast], failures: Sequence[MemberFailure]
    ) -> list[Aggregate]:
        """The aggregates of these questions by the job's rule, which is learnt once."""
        with self._lock:
            if self._rules is None:
                self._rules = rules_for(
                    self._ledger.questions(self.spec.question_ids),
                    members_of(self.spec),
                    ledger=self._ledger,
                    rule=self.spec.rule,
                    as_of=self.spec.as_of,
                )
        return aggregates_of(questions, forecasts, failures, rules=self._rules, now=datetime.now(UTC))

    def _by_view(self, questions: Sequence[Question]) -> list[tuple[Snapshot, list[Question]]]:
        """As `by_view`, with one snapshot for all that ask under the same view."""
        return [
            (self._snapshots.setdefault(snapshot.view, snapshot), asked)
            for snapshot, asked in by_view(questions, self._store, self.spec.as_of)
        ]

    def _keep(self, trace: Trace) -> None:
        """Traces are written together with the answer: one by one, each would hold up everybody else's calls."""
        self._traces[trace.question_id, trace.member].append(trace)

    def _broken(self, name: str, question: Question, now: datetime, error: Exception) -> MemberFailure:
        return MemberFailure(
            question_id=question.id,
            member=name,
            as_of=self.spec.as_of,
            created_at=now,
            reason=FailureReason.ERROR,
            detail=f"{type(error).__name__}: {error}"[:2000],
        )


@cache
def _load() -> None:
    """Load what asks models, and leave it out of the garbage collector's rounds from now on: it stays for good, and is
    so much that each full round would hold up all calls for a quarter of a second."""
    load()
    gc.collect()
    gc.freeze()
