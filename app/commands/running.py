"""Running the crowd for a command: members built first, progress shown, failures reported, one shape as JSON."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agents.members.equipment import Equipment
from agents.members.protocol import Member
from agents.members.registry import build_members
from app.commands.questions import dump
from app.desk import Progress, Run, run_crowd
from app.equipment import equipped
from app.output import err, progress_bar
from db.events.store import EventStore
from db.ledger.ledger import Ledger
from db.records import Forecast, MemberFailure, Question
from db.traces import Trace

Afterwards = Callable[[Run, Equipment], Awaitable[Sequence[Forecast | MemberFailure]]]
"""Asks further, with the members' equipment, once the crowd has been pooled; see `app.desk.Then`."""
UNPOOLED = "too few members answered, or they answered about different things"
"""Why there may be answers and no aggregate (`agents.crowd.aggregate`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Members that are built and equipped, of which nothing has been asked yet."""

    members: list[Member]
    equipment: Equipment
    ledger: Ledger
    supervisor: str
    progress: Progress

    def run(
        self,
        questions: list[Question],
        store: EventStore,
        *,
        as_of: datetime,
        rule: str | None = None,
        then: Afterwards | None = None,
    ) -> Run:
        """Ask them all; see `run_crowd`."""
        return run_crowd(
            questions,
            store,
            self.members,
            as_of=as_of,
            now=datetime.now(UTC),
            ledger=self.ledger,
            rule=rule,
            llm=self.equipment.llm,
            supervisor=self.supervisor,
            then=None if then is None else lambda run: then(run, self.equipment),
            progress=self.progress,
        )


@contextmanager
def crowd_of(
    members: list[str], ledger: Ledger, *, supervisor: str = "", budget_usd: float | None = None, show: bool
) -> Iterator[Crowd]:
    """The crowd of these members with everything that they need, showing progress if `show`.

    Raises as `build_members` and `model_client` do for members and models that there are none of: before anything is
    recorded.
    """
    with progress_bar("forecast") as update:
        runs = 0

        def watch(trace: Trace) -> None:
            nonlocal runs
            runs += 1
            if show:
                update(None, None, f"{trace.member}: {runs} runs")

        def progress(member: str, done: int, total: int) -> None:
            if show:
                update(done, total, member)

        beside = [supervisor] if supervisor else []
        with equipped(members, ledger, beside=beside, budget_usd=budget_usd, watch=watch) as equipment:
            built = build_members(members, equipment)
            if show:
                update(0, len(built), "asking")
            yield Crowd(members=built, equipment=equipment, ledger=ledger, supervisor=supervisor, progress=progress)


def run_json(run: Run) -> dict[str, Any]:
    """A run as `--json` shows it."""
    return {
        "run_id": run.run_id,
        "forecasts": [dump(item) for item in run.forecasts],
        "failures": run.failure_counts(),
        "aggregates": [dump(item) for item in run.aggregates],
        "recorded": run.recorded,
        "cost_usd": run.cost_usd,
        "seconds": run.seconds,
    }


def report_failures(run: Run) -> None:
    """Say which members have no answer, and why; exit code 1 if there are any."""
    for failure in run.failure_counts():
        times = "" if failure["n"] == 1 else f" to {failure['n']} questions"
        said = f"{failure['member']} has no answer{times} ({failure['reason']}): {failure['detail']}"
        err.print(said, highlight=False)
    if run.failures:
        sys.exit(1)
