"""What the bodies of requests say."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from app.api.strictly import Moment, Text, Words
from app.jobs.records import ForecastJob, JobSpec
from db.ledger.api_keys import Scope
from db.ledger.webhooks import EventType
from db.records import EventCriterion, Iso3
from db.values import Finite

Option = Annotated[str, Field(min_length=1, max_length=500)]


class Asked(BaseModel):
    """Base of what is asked: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _NewQuestion(Asked):
    text: Words
    resolution_criteria: Text = ""
    fine_print: Text = ""
    background: Text = ""
    open_at: Moment | None = Field(None, description="Now, where it is left out.")
    close_at: Moment | None = None
    resolve_by: Moment
    source: Words = "api"
    source_id: Text = ""
    url: Text = ""
    tags: tuple[Words, ...] = Field((), max_length=100)
    licence: Text = ""


class NewBinaryQuestion(_NewQuestion):
    """A yes/no question; with a `criterion` the event store resolves it."""

    kind: Literal["binary"]
    criterion: EventCriterion | None = None


class NewMultipleChoiceQuestion(_NewQuestion):
    """A question with two or more different options."""

    kind: Literal["multiple_choice"]
    options: tuple[Option, ...] = Field(min_length=2, max_length=200, json_schema_extra={"uniqueItems": True})


class NewNumericQuestion(_NewQuestion):
    """A question whose answer is a number; null for an open bound."""

    kind: Literal["numeric"]
    lower: Finite | None = None
    upper: Finite | None = None
    unit: Text = ""


class NewRelationQuestion(_NewQuestion):
    """On `day`, which CAMEO codes will be reported from `subject` to `object`?"""

    kind: Literal["relation"]
    day: date
    subject: Iso3
    object: Iso3
    given_any_event: bool = False
    min_mentions: int = Field(default=0, ge=0)


NewQuestion = Annotated[
    NewBinaryQuestion | NewMultipleChoiceQuestion | NewNumericQuestion | NewRelationQuestion,
    Field(discriminator="kind"),
]


class NewQuestions(Asked):
    """Questions that are recorded together, all or none."""

    questions: tuple[NewQuestion, ...] = Field(min_length=1, max_length=500)


class Outcome(Asked):
    """What came of a question."""

    outcome: Words = Field(
        description="yes or no, one of the options, a number, or CAMEO base codes with commas between, none for none.",
        examples=["yes"],
    )
    known_at: Moment | None = Field(None, description="When it became knowable; by default now or `resolve_by`.")
    source: Text = Field("", description="Where it stands: an address, a name.")
    correct: bool = Field(False, description="Correct an outcome that is recorded; the old one stays readable.")


class Annulment(Asked):
    """Why a question cannot be resolved."""

    reason: Text = ""
    known_at: Moment | None = None
    correct: bool = False


class NewApiKey(Asked):
    """A key to be made."""

    name: Words = Field(description="Who or what will use it.", examples=["dashboard"])
    scopes: tuple[Scope, ...] = Field(min_length=1, max_length=3, examples=[["read"]])
    expires_at: Moment | None = None


class NewWebhook(Asked):
    """An address to be told of events."""

    url: str = Field(
        max_length=2000, json_schema_extra={"format": "uri"}, examples=["https://example.org/hooks/auspex"]
    )
    events: tuple[EventType, ...] = Field(min_length=1, max_length=3, examples=[["question.resolved"]])
    allow_private: bool = Field(False, description="Let the address lie in a private network, on any port.")


class NewJob(RootModel[JobSpec]):
    """A job by its `kind`."""

    model_config = ConfigDict(frozen=True)


class ForecastToEstimate(ForecastJob):
    """A forecast job that is not to be done yet."""

    kind: Literal["forecast"]


class NewSchedule(Asked):
    """A job at set times: five cron fields in a time zone."""

    name: Words = Field(max_length=200, examples=["daily-desk"])
    cron: Words = Field(examples=["0 6 * * *"])
    time_zone: Words = Field("UTC", examples=["Europe/London"])
    spec: JobSpec


class Backfill(Asked):
    """The time whose ticks are made up for, both ends included."""

    first: Moment
    last: Moment
