"""A person's forecast with an assistant: the number before, the dialogue, the number after."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from db.records import Record, Text, UtcDatetime


class Variant(StrEnum):
    """How the person was assisted."""

    STRUCTURED = "structured"  # decomposition, outside and inside view, both sides, degrees of doubt
    NOISY = "noisy"  # deliberately poor advice, for experiments only
    CONTROL = "control"  # no advice: think again, then update


class Turn(BaseModel):
    """One step of the dialogue: what was asked, by which model (empty: in fixed words), and what the person answered.

    An empty answer means that the person passed over the step.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    step: Text
    asked: Text
    answered: str
    model: str = ""
    answered_at: UtcDatetime


class Dialogue(Record):
    """A whole dialogue about one question. `before_id` and `after_id` are the person's two forecasts in the ledger.

    `model` are the models that asked, `cost_usd` (None: unknown) and `tokens` what they took.
    """

    question_id: Text
    person: Text
    variant: Variant
    model: str = ""
    as_of: UtcDatetime
    created_at: UtcDatetime
    turns: tuple[Turn, ...] = Field(min_length=1)
    before_id: Text
    after_id: Text
    cost_usd: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None = 0.0
    tokens: int = Field(default=0, ge=0)
