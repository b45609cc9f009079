"""A ledger with resolved questions that teach: one member of three knows something, and says it too softly."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, Forecast, Resolution
from db.values import ProbabilityValue
from ensembles.adaptive import MIN_KNOWN

MEMBERS = ("careful", "bold", "noisy")
N = MIN_KNOWN + 20


def question(n: int, opened: datetime, source: str = "metaculus") -> BinaryQuestion:
    """The nth question, asked at `opened` and due ten days later."""
    return BinaryQuestion(text=f"Question {n}?", open_at=opened, resolve_by=opened + timedelta(10), source=source)


def forecast(asked: BinaryQuestion, member: str, probability: float, *, late: bool = False) -> Forecast:
    """What a member says when the question is asked; if `late`, written down after it resolved."""
    return Forecast(
        question_id=asked.id,
        member=member,
        as_of=asked.open_at,
        created_at=asked.resolve_by + timedelta(1) if late else asked.open_at,
        value=ProbabilityValue(probability=probability),
    )


def resolution(asked: BinaryQuestion, outcome: bool, known_at: datetime | None = None) -> Resolution:
    """The outcome, known when it was due unless said otherwise."""
    known = known_at or asked.resolve_by
    return Resolution(question_id=asked.id, outcome=outcome, resolved_at=known, known_at=known)


def teach(
    ledger: Ledger,
    *,
    before: datetime,
    source: str = "metaculus",
    n: int = N,
    days_apart: float = 1,
    late: bool = False,
) -> None:
    """Record `n` questions, forecasts and outcomes, all known before `before`."""
    random = np.random.default_rng(0)
    asked = [question(at, before - timedelta(20 + days_apart * at), source) for at in range(n)]
    outcomes = [bool(drawn < 0.4) for drawn in random.random(n)]
    said: list[Forecast] = []
    for item, outcome in zip(asked, outcomes, strict=True):
        chances = (0.65 if outcome else 0.3, *random.random(2))
        said += [forecast(item, name, float(p), late=late) for name, p in zip(MEMBERS, chances, strict=True)]
    ledger.append([*asked, *said, *map(resolution, asked, outcomes)])
