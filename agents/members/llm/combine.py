"""Several runs of one member into one value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from agents.answers import choose_codes
from db.errors import MemberFailed
from db.records import FailureReason, Question, RelationQuestion
from db.values import CodeSetValue, CodesValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue, Value

AGREEING_RUNS = 2
"""A code is in the set if at least this many runs chose it: MIRAI's self-consistency."""


def combine(question: Question, values: Sequence[Value]) -> Value:
    """One value from the answers of one or more runs at one question.

    Probabilities and quantiles are averaged, and a set of codes is chosen again from the averages. Where a run answered
    with a set alone, all count as sets: a code stays if two runs chose it. The answer of a single run is its own.
    Raises MemberFailed(reason=unfinished) where an event is given and the runs agree on no code at all.
    """
    if len(values) == 1:
        return values[0]
    if all(isinstance(value, ProbabilityValue) for value in values):
        p = [value.probability for value in values if isinstance(value, ProbabilityValue)]
        return ProbabilityValue(probability=float(np.mean(p)))
    if options := [value for value in values if isinstance(value, ProbabilitiesValue)]:
        return _options(options)
    if quantiles := [value for value in values if isinstance(value, QuantilesValue)]:
        means = np.mean([value.values for value in quantiles], axis=0)
        return QuantilesValue(levels=quantiles[0].levels, values=tuple(map(float, means)))
    if all(isinstance(value, CodesValue) for value in values):
        return _codes(question, [value for value in values if isinstance(value, CodesValue)])
    return _sets(question, [value for value in values if isinstance(value, CodesValue | CodeSetValue)])


def _options(values: Sequence[ProbabilitiesValue]) -> ProbabilitiesValue:
    options = list(values[0].probabilities)
    return ProbabilitiesValue(
        probabilities={option: float(np.mean([value.probabilities[option] for value in values])) for option in options}
    )


def _codes(question: Question, values: Sequence[CodesValue]) -> CodesValue:
    names = sorted({code for value in values for code in value.probabilities})
    means = {
        name: float(np.mean([value.probabilities.get(name, value.unlisted) for value in values])) for name in names
    }
    return CodesValue(
        probabilities=means,
        unlisted=float(np.mean([value.unlisted for value in values])),
        selected=choose_codes(means, given_any_event=_is_given(question)),
        unknown=_unknown(values),
    )


def _sets(question: Question, values: Sequence[CodesValue | CodeSetValue]) -> CodeSetValue:
    votes = Counter(code for value in values for code in value.selected)
    kept = {code for code, n in votes.items() if n >= AGREEING_RUNS}
    if _is_given(question) and not kept:
        raise MemberFailed(
            f"an event is known to be reported, and no code was chosen by {AGREEING_RUNS} of its {len(values)} runs",
            reason=FailureReason.UNFINISHED,
        )
    return CodeSetValue(selected=tuple(sorted(kept)), unknown=_unknown(values))


def _is_given(question: Question) -> bool:
    return isinstance(question, RelationQuestion) and question.given_any_event


def _unknown(values: Sequence[CodesValue | CodeSetValue]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for value in values for code in value.unknown))
