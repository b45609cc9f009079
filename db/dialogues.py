"""A person's forecast with an assistant: the number before, the dialogue, the number after."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from db.records import Record, Text, UtcDatetime


class Variant(StrEnum):
    """How the person was assisted."""

    STRUCTURED = "structured"  # decomposition, outside and inside view, both sides, degrees of doubt
    NOISY = "noisy"  # deliberately poor advice, for experiments only
    CONTROL = "control"  # no advice: think again, then update


class Turn(BaseModel):
    """One step of the dialogue: what was asked and what the person answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    step: Text
    asked: Text
    answered: str


class Dialogue(Record):
    """A whole dialogue about one question. `before_id` and `after_id` are the person's two forecasts in the ledger."""

    question_id: Text
    person: Text
    variant: Variant
    model: str = ""
    as_of: UtcDatetime
    created_at: UtcDatetime
    turns: tuple[Turn, ...] = Field(min_length=1)
    before_id: Text
    after_id: Text
