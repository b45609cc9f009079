"""Pooling the crowd: the members' answers to a question into one aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from db.records import Aggregate, Forecast, MemberFailure
from db.values import CodeSetValue, CodesValue, ProbabilityValue, Value
from ensembles.pooling import QUORUM
from ensembles.registry import DEFAULT_RULE, pooling_rule


def aggregate(
    answers: Sequence[Forecast | MemberFailure], *, rule: str = DEFAULT_RULE, created_at: datetime
) -> Aggregate | None:
    """The pooled answer to one question from one member each, or None without a quorum of the same kind of value.

    Probabilities are pooled by `rule`; a code is in the aggregate's set if at least half of the members chose it. A set
    without probabilities votes on the aggregate's set and nothing else; sets alone make a set.
    Raises ValueError for answers to several questions, for two answers of one member, or for an unknown rule.
    """
    forecasts = [answer for answer in answers if isinstance(answer, Forecast)]
    if len({answer.question_id for answer in answers}) > 1:
        raise ValueError("an aggregate is of one question")
    if len({forecast.member for forecast in forecasts}) < len(forecasts):
        raise ValueError("a member counts once in an aggregate")
    if not forecasts:
        return None
    pooled = _pool([forecast.value for forecast in forecasts], len(answers), rule)
    if pooled is None:
        return None
    value, spread = pooled
    return Aggregate(
        question_id=forecasts[0].question_id,
        rule=rule,
        as_of=forecasts[0].as_of,
        created_at=created_at,
        forecast_ids=tuple(forecast.id for forecast in forecasts),
        value=value,
        spread=spread,
        n_failed=len(answers) - len(forecasts),
    )


def _pool(values: Sequence[Value], asked: int, rule: str) -> tuple[Value, float] | None:
    absent = asked - len(values)
    if all(isinstance(value, ProbabilityValue) for value in values):
        p = np.array([value.probability for value in values if isinstance(value, ProbabilityValue)])
        pooled = float(pooling_rule(rule)(np.append(p, np.full(absent, np.nan))))
        return None if np.isnan(pooled) else (ProbabilityValue(probability=pooled), float(p.std()))
    voters = [value for value in values if isinstance(value, CodesValue | CodeSetValue)]
    if len(voters) < len(values):
        return None
    codes = [value for value in voters if isinstance(value, CodesValue)]
    return _pool_codes(codes, voters, absent, rule) if codes else _pool_sets(voters, absent)


def _pool_codes(
    codes: Sequence[CodesValue], voters: Sequence[CodesValue | CodeSetValue], absent: int, rule: str
) -> tuple[Value, float] | None:
    """Probabilities of those that gave some; members that gave a set alone vote, and are not missed as absent."""
    names = sorted({code for value in codes for code in value.probabilities} | _chosen(voters))
    matrix = np.array([[value.probabilities.get(name, value.unlisted) for value in codes] for name in names])
    unlisted = np.array([[value.unlisted for value in codes]])
    both = np.concatenate([matrix.reshape(len(names), len(codes)), unlisted])
    pooled_codes = pooling_rule(rule)(np.concatenate([both, np.full((len(both), absent), np.nan)], axis=1))
    if np.isnan(pooled_codes).any():
        return None
    return (
        CodesValue(
            probabilities={name: round(float(p), 6) for name, p in zip(names, pooled_codes[:-1], strict=True)},
            unlisted=round(float(pooled_codes[-1]), 8),
            selected=_majority(voters),
        ),
        float(both.std(axis=1).mean()),
    )


def _pool_sets(voters: Sequence[CodesValue | CodeSetValue], absent: int) -> tuple[Value, float] | None:
    """The codes that at least half of the sets hold; the spread is that of the votes, which are 0 or 1."""
    if len(voters) < QUORUM * (len(voters) + absent):
        return None
    votes = np.array([[float(name in value.selected) for value in voters] for name in sorted(_chosen(voters))])
    return CodeSetValue(selected=_majority(voters)), float(votes.std(axis=1).mean()) if votes.size else 0.0


def _chosen(voters: Sequence[CodesValue | CodeSetValue]) -> set[str]:
    return {code for value in voters for code in value.selected}


def _majority(voters: Sequence[CodesValue | CodeSetValue]) -> tuple[str, ...]:
    votes = {name: sum(name in value.selected for value in voters) for name in sorted(_chosen(voters))}
    return tuple(name for name, n in votes.items() if 2 * n >= len(voters))
