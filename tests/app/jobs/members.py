"""Members that a test puts into the registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agents.members.equipment import Equipment
from db.events.snapshot import Snapshot
from db.records import Forecast, MemberFailure, Question
from db.values import ProbabilityValue

HERE = "tests.app.jobs.members:build"
POISON = "day 2"
"""What the text of a question contains that breaks every member from here."""


class Brittle:
    """Says one half, but breaks over a poisonous question."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def forecast(
        self, questions: Sequence[Question], snapshot: Snapshot, *, created_at: datetime
    ) -> list[Forecast | MemberFailure]:
        for question in questions:
            if POISON in question.text:
                raise ZeroDivisionError(f"question {question.id} took 12 s at http://127.0.0.1:80/x")
        return [
            Forecast(
                question_id=question.id,
                member=self.name,
                as_of=snapshot.as_of,
                created_at=created_at,
                value=ProbabilityValue(probability=0.5),
            )
            for question in questions
        ]


def build(names: Sequence[str], equipment: Equipment) -> list[Brittle]:
    """Members of these names."""
    return [Brittle(name) for name in names]
