"""The nouns of Auspex: frozen, keyword-only, UTC-aware records. Nothing else crosses a room.

A question holds no answer, so no forecaster can see one even by mistake. Four clocks are never mixed:
`as_of` (information cut-off), `created_at` (wall clock of the forecast), `resolve_by` (when the outcome is due) and
`known_at` (when the outcome became knowable).

Every record has an `id`, the first 20 hex digits of the SHA-256 of its content; an id that does not fit its content
is refused, so an edited record is another record.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    TypeAdapter,
    field_validator,
    model_validator,
)

from db.values import CameoCode, Finite, Value


def as_utc(moment: datetime) -> datetime:
    """`moment` in UTC; raises ValueError on a naive datetime, which has no place on any of our clocks, and on one that
    UTC cannot hold."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: give an offset, such as +00:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} lies outside the years 1 to 9999 in UTC") from None


UtcDatetime = Annotated[AwareDatetime, AfterValidator(as_utc)]
Iso3 = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, Field(min_length=1)]

HUMAN = "human:"
"""Before a person's name among the members: what a person said, such as `human:ada`."""


class Record(BaseModel):
    """Base of all records: frozen, unknown fields refused, `id` derived from the content."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    id: str = ""

    @model_validator(mode="after")
    def _identify(self) -> Self:
        content = json.dumps(self.model_dump(mode="json", exclude={"id"}), sort_keys=True, ensure_ascii=False)
        expected = hashlib.sha256(f"{type(self).__name__}:{content}".encode()).hexdigest()[:20]
        if self.id not in ("", expected):
            raise ValueError(f"id {self.id!r} does not fit the content of this {type(self).__name__} ({expected})")
        object.__setattr__(self, "id", expected)
        return self


class EventCriterion(BaseModel):
    """What the event store can resolve by itself: at least `at_least` event-days match in a window.

    Counted are distinct (day, base code) pairs from `subject` to `object` with `first_day <= day <= last_day` whose
    base code lies under one of `codes` (roots include their children; empty matches nothing, None means any code) and
    whose summed mentions exceed `min_mentions` (0 where the source counts no mentions).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Iso3
    object: Iso3
    codes: tuple[CameoCode, ...] | None = None
    first_day: date
    last_day: date
    at_least: int = Field(default=1, ge=1)
    min_mentions: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError(f"the window ends ({self.last_day}) before it begins ({self.first_day})")
        if self.subject == self.object:
            raise ValueError(f"subject and object are the same country, {self.subject}")
        return self


class _QuestionBase(Record):
    text: Text
    resolution_criteria: str = ""
    fine_print: str = ""
    background: str = ""
    open_at: UtcDatetime
    close_at: UtcDatetime | None = None
    resolve_by: UtcDatetime
    source: str = "auspex"
    source_id: str = ""
    url: str = ""
    tags: tuple[str, ...] = ()
    licence: str = ""

    @model_validator(mode="after")
    def _clocks(self) -> Self:
        if self.resolve_by < self.open_at:
            raise ValueError(f"resolve_by {self.resolve_by} lies before open_at {self.open_at}")
        return self


class BinaryQuestion(_QuestionBase):
    """A yes/no question; with a `criterion` the event store resolves it."""

    kind: Literal["binary"] = "binary"
    criterion: EventCriterion | None = None


class MultipleChoiceQuestion(_QuestionBase):
    """A question with two or more mutually exclusive options."""

    kind: Literal["multiple_choice"] = "multiple_choice"
    options: tuple[Text, ...] = Field(min_length=2)

    @field_validator("options")
    @classmethod
    def _distinct(cls, options: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(options)) != len(options):
            raise ValueError("options must differ from each other")
        return options


class NumericQuestion(_QuestionBase):
    """A question whose answer is a number; None for an open bound."""

    kind: Literal["numeric"] = "numeric"
    lower: Finite | None = None
    upper: Finite | None = None
    unit: str = ""


class RelationQuestion(_QuestionBase):
    """MIRAI: on `day`, which CAMEO codes will be reported from `subject` to `object`?

    `given_any_event` says that the question is asked of a pair-day known to have at least one event (MIRAI's own
    conditioning); otherwise the empty set is a possible answer.
    """

    kind: Literal["relation"] = "relation"
    day: date
    subject: Iso3
    object: Iso3
    given_any_event: bool = False
    min_mentions: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _two_countries(self) -> Self:
        if self.subject == self.object:
            raise ValueError(f"subject and object are the same country, {self.subject}")
        return self


Question = Annotated[
    BinaryQuestion | MultipleChoiceQuestion | NumericQuestion | RelationQuestion, Field(discriminator="kind")
]


class Evidence(Record):
    """A stored item that a forecast rests on; `added_at` must lie before the `as_of` it was found under."""

    as_of: UtcDatetime
    source: Text
    url: str = ""
    title: str = ""
    text: str = ""
    published_at: UtcDatetime | None = None
    added_at: UtcDatetime

    @model_validator(mode="after")
    def _past(self) -> Self:
        if self.added_at >= self.as_of:
            raise ValueError(f"evidence added at {self.added_at} was not known before as_of {self.as_of}")
        return self


class Forecast(Record):
    """One member's answer to one question, as known at `as_of`; costs in USD (None: unknown), latency in seconds."""

    question_id: Text
    member: Text
    model: str = ""
    as_of: UtcDatetime
    created_at: UtcDatetime
    value: Value
    rationale: str = ""
    evidence: tuple[str, ...] = ()
    raw_text: str = ""
    prompt_hash: str = ""
    corpus_fingerprint: str = ""
    cost_usd: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None = 0.0
    tokens: int = Field(default=0, ge=0)
    latency_s: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0


class FailureReason(StrEnum):
    """Why a member has no answer."""

    UNSUPPORTED = "unsupported"  # this member does not answer this kind of question
    NO_HISTORY = "no_history"  # too little known before as_of to learn or count from
    UNPARSEABLE = "unparseable"
    UNFINISHED = "unfinished"
    REFUSED = "refused"
    PROVIDER = "provider"
    DEADLINE = "deadline"
    BUDGET = "budget"
    ERROR = "error"


class MemberFailure(Record):
    """A member that has no answer: recorded beside the forecasts, never replaced by a number."""

    question_id: Text
    member: Text
    model: str = ""
    as_of: UtcDatetime
    created_at: UtcDatetime
    reason: FailureReason
    detail: str = ""


class Aggregate(Record):
    """The crowd's answer: a pooling rule with its parameters over named forecasts.

    `spread` is the standard deviation of the members' probabilities (mean over options or codes where there are
    several), of a number that of their medians, in its unit.
    """

    question_id: Text
    rule: Text
    parameters: dict[str, Finite] = {}
    as_of: UtcDatetime
    created_at: UtcDatetime
    forecast_ids: tuple[str, ...] = Field(min_length=1)
    value: Value
    spread: Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
    n_failed: int = Field(ge=0)


class Special(StrEnum):
    """Outcomes that leave a question unscored."""

    ANNULLED = "ANNULLED"
    AMBIGUOUS = "AMBIGUOUS"


Outcome = Annotated[
    Special | StrictBool | Annotated[float, Field(strict=True, allow_inf_nan=False)] | str | tuple[CameoCode, ...],
    Field(union_mode="left_to_right"),
]


class Resolution(Record):
    """What happened: yes/no (True/False), an option, a number or fraction, a set of codes, or ANNULLED / AMBIGUOUS."""

    question_id: Text
    outcome: Outcome
    resolved_at: UtcDatetime
    known_at: UtcDatetime
    source: str = ""
    evidence: tuple[str, ...] = ()


class Score(Record):
    """One metric of one forecast or aggregate against its resolution."""

    subject_id: Text
    resolution_id: Text
    metric: Text
    value: Finite
    orientation: Literal["lower_is_better", "higher_is_better"]


QUESTION: TypeAdapter[Any] = TypeAdapter(Question)
"""Validates any question kind from JSON or a dict, by its `kind`."""
