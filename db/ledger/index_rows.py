"""Rows of the index as they are written: fields in the order of the columns that they fill."""

from __future__ import annotations

from typing import NamedTuple


class QuestionRow(NamedTuple):
    """A row of `question_index`, of a question that nothing was said of yet."""

    id: str
    position: int
    kind: str
    source: str
    source_id: str
    text: str
    search_text: str
    tags: str
    subject: str
    object: str
    first_day: str
    open_at: int
    resolve_by: int
    state: str = "open"
    outcome: str = ""
    n_forecasts: int = 0


class AnswerRow(NamedTuple):
    """A row of `answer_index`."""

    position: int
    record_id: str
    kind: str
    question_id: str
    member: str = ""
    model: str = ""
    as_of: int = 0
    created_at: int = 0
    value_kind: str = ""
    probability: float | None = None
    cost_usd: float | None = 0.0
    tokens: int = 0
    latency_s: float = 0.0
    run_id: str = ""
    rests_on: str = ""
