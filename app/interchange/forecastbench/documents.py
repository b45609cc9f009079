"""The three documents of ForecastBench, as they stand in its files.

A missing text is "N/A" there and None here. A question of a market or tournament has no `resolution_dates`; one of a
dataset is asked for several. An `id` that is a list is a combination of questions, which is no question here.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from db.records import UtcDatetime
from db.values import Probability

LICENCE = "CC BY-SA 4.0"
"""That of its questions and resolutions."""
MISSING = "N/A"

_SET_NAME = re.compile(r"\d{4}-\d{2}-\d{2}-[\w-]+\.json")


def _present(value: Any) -> Any:
    """None for what the files call missing."""
    return None if value in (MISSING, "") else value


def _moment(value: Any) -> Any:
    """A date or time as the files write it, which is in UTC where it names no zone."""
    if _present(value) is None:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if isinstance(found, datetime) and found.tzinfo is None else found


def _finite(value: Any) -> Any:
    """None for NaN, which some files have where nothing is known."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


SomeText = Annotated[str | None, BeforeValidator(_present)]
SomeMoment = Annotated[UtcDatetime | None, BeforeValidator(_moment)]
SomeDate = Annotated[date | None, BeforeValidator(_present)]
SetName = Annotated[str, Field(pattern=_SET_NAME)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class SetQuestion(_Document):
    """One question of a question set. `freeze_datetime_value` is a market's price, or a series' last value, as text."""

    id: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    question: Annotated[str, Field(min_length=1)]
    resolution_criteria: SomeText = None
    background: SomeText = None
    market_info_open_datetime: SomeMoment = None
    market_info_close_datetime: SomeMoment = None
    market_info_resolution_criteria: SomeText = None
    url: SomeText = None
    freeze_datetime: SomeMoment = None
    freeze_datetime_value: SomeText = None
    freeze_datetime_value_explanation: SomeText = None
    source_intro: SomeText = None
    resolution_dates: Annotated[tuple[date, ...] | None, BeforeValidator(_present)] = None


class SetResolution(_Document):
    """What became of a question on a date; `resolved_to` of an unresolved one is a market's price, no outcome."""

    id: Annotated[str, Field(min_length=1)]
    source: str
    resolution_date: date
    resolved_to: Annotated[Probability | None, BeforeValidator(_finite)] = None
    resolved: bool


class SetForecast(_Document):
    """The probability of yes; `resolution_date` is None for a question of a market."""

    id: Annotated[str, Field(min_length=1)]
    source: str
    forecast: Probability
    resolution_date: SomeDate = None
    reasoning: str | None = None


class QuestionSet(_Document):
    """The questions of one round. `forecast_due_date` is the day before whose end forecasts are handed in."""

    forecast_due_date: date
    question_set: SetName
    questions: tuple[SetQuestion, ...]


class ResolutionSet(_Document):
    """What became of one round's questions."""

    forecast_due_date: date
    question_set: SetName
    resolutions: tuple[SetResolution, ...]


class ForecastSet(_Document):
    """What one forecaster says of one round's questions."""

    organization: Annotated[str, Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)]
    model_organization: str
    question_set: SetName
    forecasts: tuple[SetForecast, ...]

    @property
    def due_date(self) -> date:
        """The round's forecast due date, with which the name of its question set begins."""
        return date.fromisoformat(self.question_set[:10])
