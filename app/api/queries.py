"""What lists can be asked for: which rows, and which page of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.api.asked import Asked
from app.api.strictly import Moment
from app.jobs.records import JobState
from db.ledger.filters import ForecastFilter, QuestionFilter
from db.ledger.outbox import DeliveryState

Limit = Annotated[int, Field(ge=1, le=500, description="Rows of a page.", examples=[50])]
Cursor = Annotated[
    str, Field(max_length=2000, description="`next_cursor` of the page before; the first page without.", examples=[""])
]
Name = Annotated[str, Field(max_length=200)]


class Paging(Asked):
    """Which page of a list."""

    limit: Limit = 50
    cursor: Cursor = ""


class Questions(Asked):
    """Which questions."""

    text: Name = Field("", description="In any case, anywhere in the question's text.")
    source: Name = ""
    kind: Literal["", "binary", "multiple_choice", "numeric", "relation"] = ""
    state: Literal["", "open", "resolved", "annulled", "ambiguous"] = ""
    tag: Name = ""
    member: Name = Field("", description="Questions that this member answered.")
    opened_from: Moment | None = None
    opened_to: Moment | None = Field(None, description="Before this moment.")

    def filter(self) -> QuestionFilter:
        """The ledger's own words for it."""
        return QuestionFilter(**self.model_dump(exclude={"limit", "cursor"}))


class Answers(Asked):
    """Which forecasts, aggregates or failures."""

    question_id: Name = ""
    member: Name = Field("", description="An aggregate's member is `aggregate (rule)`.")
    run_id: Name = ""
    created_from: Moment | None = None
    created_to: Moment | None = Field(None, description="Before this moment.")

    def filter(self) -> ForecastFilter:
        """The ledger's own words for it."""
        return ForecastFilter(**self.model_dump(exclude={"limit", "cursor"}))


class Resolutions(Asked):
    """Which resolutions: of a question, resolved in a time."""

    question_id: Name = ""
    resolved_from: Moment | None = None
    resolved_to: Moment | None = Field(None, description="Before this moment.")

    def filter(self) -> ForecastFilter:
        """The ledger's own words for it."""
        return ForecastFilter(
            question_id=self.question_id, created_from=self.resolved_from, created_to=self.resolved_to
        )


class JobQuery(Paging):
    """Which jobs."""

    state: Literal["", JobState.QUEUED, JobState.RUNNING, JobState.DONE, JobState.CANCELLED, JobState.FAILED] = ""


class DeliveryQuery(Paging):
    """Which messages of a webhook."""

    state: DeliveryState | None = None


class QuestionQuery(Questions, Paging):
    """Which questions, and which page of them."""


class AnswerQuery(Answers, Paging):
    """Which answers, and which page of them."""


class ResolutionQuery(Resolutions, Paging):
    """Which resolutions, and which page of them."""
