"""Writing the files of ForecastBench, a missing text as it is there."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from app.interchange.forecastbench.documents import MISSING, ForecastSet, QuestionSet, SetQuestion

_EMPTY = ("background",)
"""Texts that are empty where they are missing; all others are "N/A"."""
_DAYS_ONLY = frozenset({"polymarket"})
"""Sources that say of an opening the day alone."""


def question_set_json(found: QuestionSet) -> str:
    """A question set as its file."""
    content = {
        "forecast_due_date": found.forecast_due_date.isoformat(),
        "question_set": found.question_set,
        "questions": [_question(item) for item in found.questions],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def forecast_set_json(found: ForecastSet) -> str:
    """A forecast set as its file."""
    return json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=2)


def _question(item: SetQuestion) -> dict[str, Any]:
    found = {name: _field(name, value) for name, value in item}
    if item.source in _DAYS_ONLY and item.market_info_open_datetime is not None:
        found["market_info_open_datetime"] = item.market_info_open_datetime.date().isoformat()
    return found


def _field(name: str, value: Any) -> Any:
    if value is None:
        return "" if name in _EMPTY else MISSING
    if isinstance(value, tuple):
        return [day.isoformat() for day in value]
    return value.isoformat() if isinstance(value, datetime) else value
