"""Rows of our own files as records: whole ones as they are, and plain ones, such as a person's in a spreadsheet.

A forecast is said now: its `created_at` is the time of the import, whatever the row claims, so that nobody can make one
that was live by dating it back, and it is said in no name that only Auspex itself answers under. An `id` proves
neither, since anyone can work it out. Whoever moves a ledger of their own takes the forecasts over as recorded.

A question or outcome with an `id` was exported, and is taken over to the letter. An id that does not fit is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.interchange.fitting import unfit
from app.interchange.reserved import refuse_reserved
from app.outcomes import read_outcome
from db.errors import BadInput
from db.outcomes import NO_CODES
from db.records import QUESTION, BinaryQuestion, Forecast, Question, Resolution, Special

Fields = Mapping[str, Any]

_DERIVED = ("probability", "outcome_number")


def question_of(row: Fields) -> Question:
    """The question that a row says; raises ValueError (pydantic's) for one that says none."""
    found: Question = QUESTION.validate_json(json.dumps({"kind": "binary", **row}))
    return found


def forecast_of(row: Fields, question: Question, *, now: datetime, as_recorded: bool = False) -> Forecast:
    """The forecast that a row says of `question`, said `now`; raises BadInput or ValueError for one that says none, and
    for one in a reserved name (`app.interchange.reserved`).

    With `as_recorded` a row with an id is taken over to the letter, with its moments and whoever said it.
    """
    fields = {name: value for name, value in row.items() if name not in _DERIVED}
    if "value" not in fields and row.get("probability") is not None:
        fields["value"] = {"kind": "probability", "probability": row["probability"]}
    recorded = Forecast.model_validate_json(json.dumps(fields)) if fields.get("id") else None
    if recorded is None or not as_recorded:
        fields.pop("id", None)
        fields = {"as_of": now.isoformat(), "cost_usd": None} | fields | {"created_at": now.isoformat()}
        refuse_reserved(str(fields.get("member", "")))
    found = Forecast.model_validate_json(json.dumps(fields))
    if found.as_of > now or found.created_at > now:
        raise BadInput("it is dated later than now")
    if reason := unfit(found.value, question):
        raise BadInput(reason)
    return found


def resolution_of(row: Fields, question: Question, *, now: datetime) -> Resolution:
    """What a row says came of `question`; raises BadInput or ValueError for one that says nothing."""
    fields = {name: value for name, value in row.items() if name not in _DERIVED}
    if not fields.get("id"):
        fields = {"known_at": now.isoformat()} | fields | {"resolved_at": now.isoformat()}
        fields["outcome"] = _outcome(fields.get("outcome"), question)
    found = Resolution.model_validate_json(json.dumps(fields))
    if found.known_at > now:
        raise BadInput("its known_at is later than now")
    return found


def _outcome(said: Any, question: Question) -> Any:
    """What a person says came of `question`; raises BadInput for what cannot have come of it."""
    if isinstance(said, str):
        return said if said in tuple(Special) else read_outcome(question, said)
    if isinstance(said, bool):
        return read_outcome(question, "yes" if said else "no")
    if isinstance(said, list):
        return read_outcome(question, ", ".join(map(str, said)) or NO_CODES)
    if isinstance(said, int | float) and isinstance(question, BinaryQuestion):
        return _share(float(said))
    return read_outcome(question, str(said))


def _share(said: float) -> bool | float:
    """A yes/no question's outcome as a number: 1 is yes, 0 is no, and between them it is a fraction."""
    if not 0 <= said <= 1:
        raise BadInput(f"{said:g} is no outcome of a yes/no question: say yes, no or a fraction")
    return bool(said) if said in (0, 1) else said
