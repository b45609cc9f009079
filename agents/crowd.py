"""Pooling the crowd: the members' answers to a question into one aggregate.

A member counts once: the runs of one that was asked several times have been put together before
(`agents.members.llm.combine`), with a quorum of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike

from agents.people import stands_apart
from agents.pooled import Pooled, pool_probabilities, pool_values
from db.records import Aggregate, Forecast, MemberFailure
from db.values import ProbabilityValue
from ensembles.odds import Floats
from ensembles.registry import DEFAULT_RULE


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntRule:
    """A rule for probabilities of yes whose parameters were learnt from earlier answers of these `members`.

    A weight is named after its member, `weight[climatology]`, since an aggregate names only the forecasts it had.
    `pool` takes (..., members) in their order, NaN for one that is absent, and gives (...), NaN without a quorum.
    """

    name: str
    parameters: Mapping[str, float]
    members: tuple[str, ...]
    pool: Callable[[ArrayLike], Floats]


def aggregate(
    answers: Sequence[Forecast | MemberFailure], *, rule: str | LearntRule = DEFAULT_RULE, created_at: datetime
) -> Aggregate | None:
    """The pooled answer to one question from one member each, or None without a quorum of the same kind of value.

    Failures count against the quorum; whoever stands apart from the crowd (`agents.people`) neither counts nor is
    counted. The order of the answers does not matter. Values other than probabilities are pooled as `agents.pooled`
    says, by the default rule where `rule` is a learnt one; the aggregate names the rule that was used.
    Raises ValueError for answers to several questions, for two answers of one member, for an unknown rule, and for a
    member that a learnt rule has no place for.
    """
    if len({answer.question_id for answer in answers}) > 1:
        raise ValueError("an aggregate is of one question")
    crowd = sorted((item for item in answers if not stands_apart(item.member)), key=lambda item: item.member)
    forecasts = [answer for answer in crowd if isinstance(answer, Forecast)]
    if len({forecast.member for forecast in forecasts}) < len(forecasts):
        raise ValueError("a member counts once in an aggregate")
    pooled = _pool(forecasts, absent=len(crowd) - len(forecasts), rule=rule) if forecasts else None
    if pooled is None:
        return None
    return Aggregate(
        question_id=forecasts[0].question_id,
        rule=pooled.rule,
        parameters=dict(pooled.parameters),
        as_of=forecasts[0].as_of,
        created_at=created_at,
        forecast_ids=tuple(forecast.id for forecast in forecasts),
        value=pooled.value,
        spread=pooled.spread,
        n_failed=len(crowd) - len(forecasts),
    )


def _pool(forecasts: Sequence[Forecast], *, absent: int, rule: str | LearntRule) -> Pooled | None:
    values = [forecast.value for forecast in forecasts]
    if isinstance(rule, str):
        return pool_values(values, absent=absent, rule=rule)
    said = {item.member: item.value.probability for item in forecasts if isinstance(item.value, ProbabilityValue)}
    if len(said) < len(forecasts):
        return pool_values(values, absent=absent, rule=DEFAULT_RULE)
    if strangers := sorted(said.keys() - set(rule.members)):
        raise ValueError(f"{rule.name} was learnt without {strangers[0]!r}: learn it with the members that answer")
    p = np.array([said.get(member, np.nan) for member in rule.members])
    return pool_probabilities(p, rule.pool, name=rule.name, parameters=rule.parameters)
