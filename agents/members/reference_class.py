"""The outside view of a question in words: how often questions like it came out yes, of those known by then.

For the yes/no questions that count no events, such as those of markets and of data series. The classes of a market's
question are all questions of the market; those of a series' are, from the narrowest: the same series asked as far
ahead, all series of the source asked as far ahead, all questions of the source. The narrowest with enough outcomes
answers, with half an outcome of each kind added (Jeffreys' prior): (yes + 1/2) / (n + 1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.members.equipment import Equipment
from agents.members.past import Past, PastOutcome, PastOutcomes
from db.events.snapshot import Snapshot
from db.questions.sources import is_market
from db.records import BinaryQuestion, FailureReason, Forecast, MemberFailure, Question
from db.values import ProbabilityValue

NAME = "reference_class"
LEAST = 10
"""Known outcomes that a class needs: below, its share of yes says little, and there is no answer."""

_Class = tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    yes: int = 0
    n: int = 0

    def count(self, outcome: bool) -> None:
        self.yes += outcome
        self.n += 1


class ReferenceClassMember:
    """Answers with the share of yes in a question's reference class; see the module."""

    name = NAME

    def __init__(self, past: Past) -> None:
        self._past = past

    async def forecast(
        self, questions: Sequence[Question], snapshot: Snapshot, *, created_at: datetime
    ) -> list[Forecast | MemberFailure]:
        """One forecast or failure per question, in order; see `Member`."""
        sources = {question.source for question in questions if _in_words(question)}
        past = await asyncio.to_thread(self._past, snapshot, sources)
        tallies, known = _tallied(past), {item.question_id: item for item in past.outcomes}
        common: dict[str, Any] = {"member": self.name, "as_of": snapshot.as_of, "created_at": created_at}
        return [_answer(question, tallies, known.get(question.id), common) for question in questions]


def build(names: Sequence[str], equipment: Equipment) -> list[ReferenceClassMember]:
    """The one member of this kind, counting from the outcomes that the equipment gives."""
    return [ReferenceClassMember(equipment.past) for _ in names]


def _in_words(question: Question) -> bool:
    return isinstance(question, BinaryQuestion) and question.criterion is None


def _classes(source: str, series: str, horizon_days: int) -> Iterator[_Class]:
    """A question's classes, the narrowest first."""
    if not is_market(source):
        yield source, f"asked {horizon_days} days ahead", f"of the series {series}"
        yield source, f"asked {horizon_days} days ahead"
    yield (source,)


def _tallied(past: PastOutcomes) -> dict[_Class, _Tally]:
    found: dict[_Class, _Tally] = {}
    for item in past.outcomes:
        for each in _classes(item.source, item.series, item.horizon_days):
            found.setdefault(each, _Tally()).count(item.outcome)
    return found


def _answer(
    question: Question, tallies: dict[_Class, _Tally], own: PastOutcome | None, common: dict[str, Any]
) -> Forecast | MemberFailure:
    if not _in_words(question):
        reason, detail = FailureReason.UNSUPPORTED, "answers yes/no questions that count no events"
        return MemberFailure(question_id=question.id, reason=reason, detail=detail, **common)
    horizon_days = (question.resolve_by - question.open_at).days
    for each in _classes(question.source, question.source_id, horizon_days):
        found = tallies.get(each, _Tally())
        yes, n = found.yes, found.n
        if own is not None:  # a question is not in its own reference class
            yes, n = yes - own.outcome, n - 1
        if n >= LEAST:
            share = ProbabilityValue(probability=(yes + 0.5) / (n + 1))
            said = f"{yes} of {n} questions of {', '.join(each)} came out yes, of those known before the cut-off."
            return Forecast(question_id=question.id, value=share, rationale=said, **common)
    detail = f"fewer than {LEAST} outcomes of {question.source} were known"
    return MemberFailure(question_id=question.id, reason=FailureReason.NO_HISTORY, detail=detail, **common)
