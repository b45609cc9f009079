"""What an answer took: model calls, tools, tokens, money, and how new the observations were, read off the traces."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from db.records import UtcDatetime
from db.traces import Trace, TraceStep


class Effort(BaseModel):
    """What one member's answer to one query took, all its runs together; also their sum over many answers.

    `steps` are replies of the model. `cost_usd` leaves out the `unpriced` ones, whose price nobody knows.
    `observations` are what tools answered; `dated` those that show something stored, of which the newest became known
    at `latest_added_at`, and `late` counts those not strictly before their query's cut-off: it has to be 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: int = 0
    steps: int = 0
    tool_calls: dict[str, int] = {}
    tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    observations: int = 0
    dated: int = 0
    latest_added_at: UtcDatetime | None = None
    late: int = 0


def effort_of(traces: Sequence[Trace]) -> Effort:
    """The effort of the runs that these traces are of."""
    return total([_of_run(trace) for trace in traces])


def total(efforts: Sequence[Effort]) -> Effort:
    """The sum of efforts."""
    tools: Counter[str] = Counter()
    for effort in efforts:
        tools.update(effort.tool_calls)
    return Effort(
        runs=sum(effort.runs for effort in efforts),
        steps=sum(effort.steps for effort in efforts),
        tool_calls=dict(sorted(tools.items())),
        tokens=sum(effort.tokens for effort in efforts),
        cost_usd=sum(effort.cost_usd for effort in efforts),
        unpriced=sum(effort.unpriced for effort in efforts),
        observations=sum(effort.observations for effort in efforts),
        dated=sum(effort.dated for effort in efforts),
        latest_added_at=max((e.latest_added_at for e in efforts if e.latest_added_at is not None), default=None),
        late=sum(effort.late for effort in efforts),
    )


def _of_run(trace: Trace) -> Effort:
    replies = [step for step in trace.steps if step.kind == "reply"]
    observations = [step for step in trace.steps if step.kind == "observation" and step.tool]
    added = [step.latest_added_at for step in observations if step.latest_added_at is not None]
    return Effort(
        runs=1,
        steps=len(replies),
        tool_calls=dict(Counter(step.tool for step in trace.steps if step.kind == "tool_call")),
        tokens=trace.tokens,
        cost_usd=sum(step.cost_usd or 0.0 for step in trace.steps),
        unpriced=sum(_unpriced(step) for step in replies),
        observations=len(observations),
        dated=len(added),
        latest_added_at=max(added, default=None),
        late=sum(moment >= trace.as_of for moment in added),
    )


def _unpriced(step: TraceStep) -> bool:
    return step.cost_usd is None and not step.cached


class Collector:
    """Keeps the traces of runs whose answer is not there yet, and passes each on."""

    def __init__(self) -> None:
        self._traces: dict[tuple[str, str, datetime], list[Trace]] = defaultdict(list)

    def keep(self, trace: Trace) -> None:
        """Take in one trace."""
        self._traces[trace.member, trace.question_id, trace.as_of].append(trace)

    def take(self, member: str, question_id: str, as_of: datetime) -> list[Trace]:
        """The traces of a member's runs at a query, which are then forgotten here."""
        return self._traces.pop((member, question_id, as_of), [])
