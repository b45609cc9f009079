"""Whether a forecast set is one that the benchmark takes, by the rules that it states."""

from __future__ import annotations

from collections import Counter
from datetime import date

from app.interchange.forecastbench.documents import ForecastSet, QuestionSet

MOST_MISSING = 0.05
"""The share of forecasts that may be missing; a set that lacks more is left out of the benchmark."""

_SHOWN = 3
_Row = tuple[str, str, date | None]


def validate(found: ForecastSet, against: QuestionSet | None = None) -> list[str]:
    """What is wrong with a forecast set, a sentence each; none if nothing is.

    With a question set also whether it answers each of its questions once, and no others.
    """
    rows = Counter[_Row]((item.source, item.id, item.resolution_date) for item in found.forecasts)
    problems = [] if rows else ["there is no forecast in it"]
    if twice := [row for row, n in rows.items() if n > 1]:
        problems.append(f"{len(twice)} questions are answered twice: {_named(twice)}")
    return problems if against is None else problems + _against(found, rows, against)


def asked(questions: QuestionSet) -> list[_Row]:
    """Every forecast that a question set asks for: source, id and resolution date."""
    return [
        (item.source, item.id, day)
        for item in questions.questions
        for day in (item.resolution_dates if item.resolution_dates is not None else (None,))
    ]


def _against(found: ForecastSet, rows: Counter[_Row], against: QuestionSet) -> list[str]:
    problems = []
    if found.question_set != against.question_set:
        problems.append(f"it answers {found.question_set}, and the questions are {against.question_set}")
    wanted = dict.fromkeys(asked(against))
    if strange := [row for row in rows if row not in wanted]:
        problems.append(f"{len(strange)} forecasts are of nothing that was asked: {_named(strange)}")
    if missing := [row for row in wanted if row not in rows]:
        share = len(missing) / len(wanted)
        fate = ", too many to be taken" if share > MOST_MISSING else ""
        problems.append(f"{len(missing)} of {len(wanted)} forecasts ({share:.1%}) are missing{fate}: {_named(missing)}")
    return problems


def _named(rows: list[_Row]) -> str:
    named = ", ".join(" ".join(str(part) for part in row if part is not None) for row in rows[:_SHOWN])
    return named if len(rows) <= _SHOWN else f"{named} and {len(rows) - _SHOWN} more"
