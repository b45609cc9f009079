"""A ledger with one record of everything that files are made of."""

from __future__ import annotations

from datetime import UTC, date, datetime

from db.records import (
    Aggregate,
    BinaryQuestion,
    EventCriterion,
    Forecast,
    MultipleChoiceQuestion,
    NumericQuestion,
    Record,
    RelationQuestion,
    Resolution,
)
from db.values import CodesValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
MADE = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
DUE = datetime(2026, 2, 1, tzinfo=UTC)
FORMULA = ' \t=HYPERLINK("http://x","y")\r\nand more, "quoted" – ü'

EVENT = BinaryQuestion(
    text="=1+1?",
    background="'@SUM(A1)",
    open_at=OPENED,
    resolve_by=DUE,
    tags=("-a", "b,c"),
    criterion=EventCriterion(
        subject="USA", object="CHN", codes=("19",), first_day=date(2026, 1, 3), last_day=date(2026, 1, 9)
    ),
)
WORDS = BinaryQuestion(text="Will it rain?", open_at=OPENED, close_at=MADE, resolve_by=DUE, source="metaculus")
CHOICE = MultipleChoiceQuestion(text="Which?", options=("=a", "b"), open_at=OPENED, resolve_by=DUE)
NUMBER = NumericQuestion(text="How many?", lower=-1.5, unit="+x", open_at=OPENED, resolve_by=DUE)
RELATION = RelationQuestion(
    text="Which codes?", day=date(2026, 1, 5), subject="USA", object="CHN", open_at=OPENED, resolve_by=DUE
)
QUESTIONS = (EVENT, WORDS, CHOICE, NUMBER, RELATION)

FORECASTS = (
    Forecast(
        question_id=EVENT.id,
        member="=cmd",
        as_of=OPENED,
        created_at=MADE,
        value=ProbabilityValue(probability=0.1),
        rationale=FORMULA,
        raw_text="'quoted'",
        cost_usd=None,
        tokens=7,
        latency_s=1e-7,
    ),
    Forecast(
        question_id=CHOICE.id,
        member="b",
        as_of=OPENED,
        created_at=MADE,
        value=ProbabilitiesValue(probabilities={"=a": 0.25, "b": 0.75}),
        evidence=("0123", "4567"),
        cost_usd=0.5,
    ),
    Forecast(
        question_id=NUMBER.id,
        member="b",
        as_of=OPENED,
        created_at=MADE,
        value=QuantilesValue(levels=(0.1, 0.5), values=(-2.0, 1.0)),
    ),
    Forecast(
        question_id=RELATION.id,
        member="b",
        as_of=OPENED,
        created_at=MADE,
        value=CodesValue(probabilities={"01": 0.5}, selected=("01",)),
    ),
)
AGGREGATES = (
    Aggregate(
        question_id=EVENT.id,
        rule="linear_pool",
        parameters={"w": -1.0},
        as_of=OPENED,
        created_at=MADE,
        forecast_ids=(FORECASTS[0].id,),
        value=ProbabilityValue(probability=0.1),
        spread=0.0,
        n_failed=0,
    ),
)
RESOLUTIONS = tuple(
    Resolution(question_id=question.id, outcome=outcome, resolved_at=DUE, known_at=MADE, source="-x")
    for question, outcome in zip(QUESTIONS, (True, "ANNULLED", "=a", 12.5, ("010", "020")), strict=True)
)
ALL: tuple[Record, ...] = (*QUESTIONS, *FORECASTS, *AGGREGATES, *RESOLUTIONS)
