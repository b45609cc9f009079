"""A person's or a market's number beside the crowd: recorded before the members answer, combined after they did.

Members do not see it unless that is asked for, and then only once their own answers are recorded; what they say after
is recorded as `NAME+shown` and never pooled with what they said before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from agents.people import SHOWN, stands_apart
from agents.updating import can_be_shown, update
from db.ledger.keys import natural_key
from db.records import Aggregate, BinaryQuestion, Forecast, MemberFailure
from db.values import ProbabilityValue, probability_of_yes
from ensembles.hybrid import HUMAN_WEIGHT, hybrid

if TYPE_CHECKING:
    from agents.members.equipment import Equipment
    from db.events.snapshot import Snapshot
    from db.ledger.ledger import Ledger

RULE = "hybrid"
"""What the rule of an aggregate of a crowd and a human number begins with, before the crowd's: `hybrid:logit_pool`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a member said before and after it saw a human number (None: no answer), and what needs no second call:
    the plain average of its first answer with the number, and their hybrid."""

    member: str
    first: float
    update: float | None
    average: float
    hybrid: float


def record_number(
    ledger: Ledger, question: BinaryQuestion, member: str, probability: float, *, as_of: datetime, now: datetime
) -> Forecast:
    """Record a number as a forecast of `member`, with its question; returns the one that counts, which is the first
    that was recorded under this name as of this moment."""
    said = Forecast(
        question_id=question.id,
        member=member,
        as_of=as_of,
        created_at=now,
        value=ProbabilityValue(probability=probability),
    )
    ledger.append([question, said])
    key = natural_key(said)
    [counts] = [found for found in ledger.forecasts([question.id]) if natural_key(found) == key]
    return counts


def combined(
    crowd: Aggregate, human: Forecast, forecasts: Sequence[Forecast], *, weight: float = HUMAN_WEIGHT, now: datetime
) -> Aggregate:
    """The hybrid of the crowd's aggregate and a human number that no member saw, with `weight` on the human side.

    `forecasts` are those of the run; the spread is over the pooled ones and the human number. Raises ValueError where
    the aggregate holds no probability of yes.
    """
    pooled = [item for item in forecasts if item.id in crowd.forecast_ids]
    said = np.array([probability_of_yes(item.value) for item in (human, *pooled)])
    value = float(hybrid(probability_of_yes(human.value), probability_of_yes(crowd.value), human_weight=weight))
    return Aggregate(
        question_id=crowd.question_id,
        rule=f"{RULE}:{crowd.rule}",
        parameters={**crowd.parameters, "human_weight": weight},
        as_of=crowd.as_of,
        created_at=now,
        forecast_ids=(human.id, *crowd.forecast_ids),
        value=ProbabilityValue(probability=value),
        spread=float(said.std()),
        n_failed=crowd.n_failed,
    )


async def show_to_members(
    question: BinaryQuestion,
    firsts: Sequence[Forecast],
    human: Forecast,
    *,
    snapshot: Snapshot,
    equipment: Equipment,
    now: datetime,
) -> list[Forecast | MemberFailure]:
    """Every language-model member's update on the human number, at once; statistical members are left alone."""
    client = equipment.llm
    if client is None:
        return []
    told = [first for first in firsts if can_be_shown(first.member) and not stands_apart(first.member)]
    updates = (
        update(client, question, first, human, snapshot=snapshot, created_at=now, keep=equipment.keep) for first in told
    )
    return await asyncio.gather(*updates)


def compared(human: Forecast, forecasts: Sequence[Forecast]) -> list[Shown]:
    """One row per language-model member of a run, in order: before, after, and the two plain combinations."""
    updates = {item.member: probability_of_yes(item.value) for item in forecasts if item.member.endswith(SHOWN)}
    shown = probability_of_yes(human.value)
    return [
        Shown(
            member=item.member,
            first=(first := probability_of_yes(item.value)),
            update=updates.get(item.member + SHOWN),
            average=(first + shown) / 2,
            hybrid=float(hybrid(shown, first)),
        )
        for item in forecasts
        if can_be_shown(item.member) and not stands_apart(item.member)
    ]
