"""A ledger as large as one likes, from a seed: yes/no questions that members answer with more or less skill.

Every question has a chance of its own; what comes of it follows that chance, and what members say lies about it, each
with an error of its own in log-odds, so that they are calibrated to different degrees. Climatology says one number.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np

from db.ledger.ledger import Ledger
from db.records import Aggregate, BinaryQuestion, EventCriterion, Forecast, Record, Resolution
from db.values import ProbabilityValue

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
"""When the first question opens; the others follow over two years."""
SPAN, WINDOW = timedelta(days=730), timedelta(days=14)
SOURCES = ("auspex", "metaculus", "manifold")
TAGS = (("conflict",), ("economy",), ("conflict", "diplomacy"), ())
COUNTRIES = ("USA", "CHN", "RUS", "UKR", "IND", "IRN", "ISR", "FRA", "DEU", "JPN")
_BATCH = 500  # questions in one run


def fill(ledger: Ledger, n_questions: int, n_members: int, resolved: float = 0.5, seed: int = 0) -> None:
    """Record `n_questions`, a forecast of each by every member, their aggregates, and what came of the share `resolved`
    that opened first. Through `Ledger.append`, in runs of 500 questions: about 100 microseconds a forecast.

    Members are "climatology", the market of the question's source ("market:metaculus"), and "member-02" and so on; the
    last of five or more answers when all is known: a back-test. Questions of the source "auspex" are about a pair of
    countries, the others in words.
    """
    random = np.random.default_rng(seed)
    for start in range(0, n_questions, _BATCH):
        numbers = range(start, min(start + _BATCH, n_questions))
        asked = [_question(number, n_questions) for number in numbers]
        ledger.append(asked)
        chances = 1 / (1 + np.exp(-random.normal(-0.5, 1.2, len(asked))))
        ledger.append(list(_answers(asked, chances, n_members, random)), run_id=f"run-{start // _BATCH:04d}")
        outcomes = random.random(len(asked)) < chances
        came = [
            _resolution(question, bool(outcome))
            for number, question, outcome in zip(numbers, asked, outcomes, strict=True)
            if number < resolved * n_questions
        ]
        ledger.append(came)


def _question(number: int, n_questions: int) -> BinaryQuestion:
    open_at = FIRST + SPAN * (number / n_questions)
    source = SOURCES[number % len(SOURCES)]
    subject, other = COUNTRIES[number % 10], COUNTRIES[(number // 10 + number + 1 + number % 9) % 10]
    paired = source == "auspex" and subject != other
    first_day = open_at.date() + timedelta(days=1)
    return BinaryQuestion(
        text=f"Will {subject} act towards {other} in case {number}?" if paired else f"Will case {number} come true?",
        open_at=open_at,
        resolve_by=open_at + WINDOW,
        source=source,
        source_id=str(number),
        tags=TAGS[number % len(TAGS)],
        criterion=_criterion(subject, other, first_day) if paired else None,
    )


def _criterion(subject: str, other: str, first_day: date) -> EventCriterion:
    last_day = first_day + timedelta(days=6)
    return EventCriterion(subject=subject, object=other, codes=("14",), first_day=first_day, last_day=last_day)


def _answers(
    asked: list[BinaryQuestion], chances: np.ndarray, n_members: int, random: np.random.Generator
) -> Iterator[Record]:
    truth = np.log(chances / (1 - chances))
    skill = np.linspace(0.3, 1.5, max(n_members, 2))  # the standard deviation of each member's error
    for question, log_odds in zip(asked, truth, strict=True):
        said = log_odds + skill[:n_members] * random.standard_normal(n_members)
        made = [
            _forecast(question, number, float(1 / (1 + np.exp(-said[number]))), n_members)
            for number in range(n_members)
        ]
        yield from made
        yield _aggregate(question, [forecast for forecast in made if forecast.created_at < question.resolve_by])


def _forecast(question: BinaryQuestion, number: int, said: float, n_members: int) -> Forecast:
    member = ("climatology", f"market:{question.source}")[number] if number < 2 else f"member-{number:02d}"
    late = n_members >= 5 and number == n_members - 1
    return Forecast(
        question_id=question.id,
        member=member,
        as_of=question.open_at,
        created_at=question.open_at + (3 * WINDOW if late else timedelta(minutes=number)),
        value=ProbabilityValue(probability=0.38 if member == "climatology" else round(said, 4)),
        rationale=f"{member} thinks so because of what was reported before.",
        cost_usd=0.001 * number,
        tokens=100 * number,
        latency_s=0.5,
    )


def _aggregate(question: BinaryQuestion, made: list[Forecast]) -> Aggregate:
    said = [forecast.value.probability for forecast in made if isinstance(forecast.value, ProbabilityValue)]
    return Aggregate(
        question_id=question.id,
        rule="linear_pool",
        as_of=question.open_at,
        created_at=question.open_at + timedelta(hours=1),
        forecast_ids=tuple(forecast.id for forecast in made),
        value=ProbabilityValue(probability=sum(said) / len(said)),
        spread=float(np.std(said)),
        n_failed=0,
    )


def _resolution(question: BinaryQuestion, outcome: bool) -> Resolution:
    known = question.resolve_by + timedelta(hours=6)
    return Resolution(question_id=question.id, outcome=outcome, resolved_at=known, known_at=known, source="fill")
