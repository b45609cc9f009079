"""What one member said of another's forecast: scores on named criteria."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from db.records import Record, Text, UtcDatetime

Mark = Annotated[StrictInt, Field(ge=1, le=5)]


class PeerReview(Record):
    """`assessor`'s marks, 1 (poor) to 5 (excellent) by criterion, for the forecast `forecast_id` of `respondent`.

    The assessor is the model that was asked (`model` is the one that answered), the respondent a member; a member whose
    own model is the assessor is reviewed by itself.
    """

    question_id: Text
    assessor: Text
    respondent: Text
    forecast_id: Text
    model: str = ""
    created_at: UtcDatetime
    marks: dict[str, Mark] = Field(min_length=1)
    comment: str = ""
    prompt_hash: str = ""
    cost_usd: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None = 0.0
    tokens: int = Field(default=0, ge=0)
    latency_s: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0
