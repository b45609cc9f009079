"""The desk: questions in, forecasts by every member, an aggregate, all of it recorded. The line that is Auspex.

Question -> Snapshot(as_of) -> members -> Forecasts -> pooling rule -> Aggregate -> ledger -> Resolution -> Scores
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from agents.crowd import aggregate
from agents.gathering import all_of
from agents.members.protocol import Member
from agents.supervisor import supervise, supervised
from app.learning import Rules, learnt_rules
from app.spans import member_span
from db.events.filters import View
from db.events.snapshot import Snapshot
from db.events.store import DEFAULT_VIEW, EventStore
from db.ledger.keys import natural_key
from db.questions.resolver import criterion_of, resolve
from db.records import Aggregate, BinaryQuestion, Forecast, MemberFailure, Question

if TYPE_CHECKING:
    from agents.llm.client import LlmClient
    from db.ledger.ledger import Ledger

Then = Callable[["Run"], Awaitable[Sequence[Forecast | MemberFailure]]]
"""Asks further once the crowd has been pooled; what it finds is recorded with the run, and pooled with nothing."""
Progress = Callable[[str, int, int], None]
"""Called as members finish with (member, members done, members in all)."""


@dataclass(slots=True)
class Run:
    """What one run of the crowd gave."""

    run_id: str
    forecasts: list[Forecast] = field(default_factory=list)
    failures: list[MemberFailure] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)
    rules: Rules = field(default_factory=Rules)
    recorded: int = 0
    cost_usd: float | None = 0.0
    """What the run spent, on failures too; None where that is unknown. Earlier answers cost nothing again."""
    seconds: float = 0.0

    def failure_counts(self) -> list[dict[str, object]]:
        """How often each member failed, and why."""
        counts = Counter((failure.member, str(failure.reason), failure.detail) for failure in self.failures)
        return [
            {"member": member, "reason": reason, "detail": detail, "n": n}
            for (member, reason, detail), n in counts.most_common()
        ]


def run_crowd(
    questions: Sequence[Question],
    store: EventStore,
    members: Sequence[Member],
    *,
    as_of: datetime,
    now: datetime,
    ledger: Ledger | None = None,
    rule: str | None = None,
    llm: LlmClient | None = None,
    supervisor: str = "",
    then: Then | None = None,
    progress: Progress | None = None,
) -> Run:
    """Ask every member every question as of `as_of`, pool the answers and record all of it in `ledger`.

    `now` is the wall clock that goes on the forecasts. What is already in the ledger is not recorded again. Without a
    `rule` the ledger's outcomes that were known at `as_of` choose one for each type of question (`app.learning`).
    `supervisor` is a model that reads the members' answers and has the last word where it is sure; `then` asks further.
    `llm` is the client that they and the members ask: its connections are closed when they have answered.
    """
    started = time.monotonic()
    run = Run(run_id=f"{now:%Y%m%dT%H%M%S}-{as_of:%Y%m%d}")
    if ledger is not None:
        ledger.append(questions)
    run.rules = rules_for(questions, [member.name for member in members], ledger=ledger, rule=rule, as_of=as_of)

    async def conduct() -> None:
        try:
            _take(run, ledger, await _ask_all(members, by_view(questions, store, as_of), now, progress))
            pooled = aggregates_of(questions, run.forecasts, run.failures, rules=run.rules, now=now)
            _keep(run, ledger, pooled)  # before anything further is asked and may break off
            if supervisor and llm is not None:
                verdicts = _take(run, ledger, await _verdicts(run, questions, supervisor, llm, now))
                crowd = {item.question_id: item for item in run.aggregates}
                _keep(run, ledger, [supervised(crowd[item.question_id], item, created_at=now) for item in verdicts])
            if then is not None:
                _take(run, ledger, await then(run))
        finally:
            if llm is not None:
                await llm.aclose()
                run.cost_usd = llm.cost_usd

    asyncio.run(conduct())
    run.seconds = time.monotonic() - started
    return run


def _take(run: Run, ledger: Ledger | None, answers: Sequence[Forecast | MemberFailure]) -> list[Forecast]:
    """Record answers and add them to the run; returns the forecasts that count, see `_recorded`."""
    made = [answer for answer in answers if isinstance(answer, Forecast)]
    run.failures += [answer for answer in answers if isinstance(answer, MemberFailure)]
    if ledger is not None:
        run.recorded += ledger.append(answers, run_id=run.run_id)
        made = _recorded(ledger, made)
    run.forecasts += made
    return made


def _keep(run: Run, ledger: Ledger | None, aggregates: Sequence[Aggregate]) -> None:
    """Record aggregates and add them to the run."""
    run.aggregates += aggregates
    if ledger is not None:
        run.recorded += ledger.append(aggregates, run_id=run.run_id)


def rules_for(
    questions: Sequence[Question], members: Sequence[str], *, ledger: Ledger | None, rule: str | None, as_of: datetime
) -> Rules:
    """The rule that is asked for, else what the ledger teaches these members, else the default one."""
    if rule:
        return Rules(rule, rule, rule)
    return Rules() if ledger is None else learnt_rules(ledger, questions, members, as_of=as_of)


def aggregates_of(
    questions: Sequence[Question],
    forecasts: Sequence[Forecast],
    failures: Sequence[MemberFailure],
    *,
    rules: Rules,
    now: datetime,
) -> list[Aggregate]:
    """The aggregates of the questions that have one, from the answers to any of them."""
    answers_to: dict[str, list[Forecast | MemberFailure]] = defaultdict(list)
    both: list[Forecast | MemberFailure] = [*forecasts, *failures]
    for answer in both:
        answers_to[answer.question_id].append(answer)
    pooled = (aggregate(answers_to[item.id], rule=rules.of(item), created_at=now) for item in questions)
    return [found for found in pooled if found is not None]


async def _verdicts(
    run: Run, questions: Sequence[Question], model: str, llm: LlmClient, now: datetime
) -> list[Forecast | MemberFailure]:
    """What the supervisor says of the yes/no questions that have an aggregate."""
    asked = {question.id: question for question in questions if isinstance(question, BinaryQuestion)}
    return await all_of(
        supervise(asked[item.question_id], run.forecasts, item, model=model, client=llm, created_at=now)
        for item in run.aggregates
        if item.question_id in asked
    )


def _recorded(ledger: Ledger, made: Sequence[Forecast]) -> list[Forecast]:
    """The forecasts that count: those in the ledger, which were there first if this batch ran before."""
    wanted = {natural_key(forecast) for forecast in made}
    known = ledger.forecasts({forecast.question_id for forecast in made})
    return [found for found in known if natural_key(found) in wanted]


def by_view(questions: Sequence[Question], store: EventStore, as_of: datetime) -> list[tuple[Snapshot, list[Question]]]:
    """The questions by the snapshot that shows what they count: each says above how many mentions an event counts."""
    by_mentions: dict[int, list[Question]] = defaultdict(list)
    for question in questions:
        criterion = criterion_of(question)
        by_mentions[criterion.min_mentions if criterion else DEFAULT_VIEW.min_mentions].append(question)
    return [
        (store.as_of(as_of, view=View(min_mentions=min_mentions)), asked) for min_mentions, asked in by_mentions.items()
    ]


async def _ask_all(
    members: Sequence[Member],
    asked: Sequence[tuple[Snapshot, list[Question]]],
    now: datetime,
    progress: Progress | None,
) -> list[Forecast | MemberFailure]:
    """Every member's answer to every question, question by question, members in their order."""
    done, total = 0, len(members) * len(asked)
    found: list[Forecast | MemberFailure] = []

    async def ask(member: Member, snapshot: Snapshot, questions: list[Question]) -> list[Forecast | MemberFailure]:
        nonlocal done
        with member_span(member.name, len(questions)):
            answers = await member.forecast(questions, snapshot, created_at=now)
        done += 1
        if progress:
            progress(member.name, done, total)
        return answers

    for snapshot, questions in asked:
        answers = await asyncio.gather(*(ask(member, snapshot, questions) for member in members))
        found += [answer for per_question in zip(*answers, strict=True) for answer in per_question]
    return found


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a resolving pass did: outcomes recorded now, how many of them annulled, and questions still open."""

    resolved: int
    annulled: int
    still_open: int


def resolve_open(store: EventStore, ledger: Ledger, *, now: datetime) -> Resolved:
    """Let the event store, as known at `now`, resolve the ledger's open questions."""
    open_questions = ledger.open_questions()
    found = resolve(store, open_questions, now=now)
    ledger.resolve(found)
    annulled = sum(resolution.outcome == "ANNULLED" for resolution in found)
    return Resolved(len(found) - annulled, annulled, len(open_questions) - len(found))
