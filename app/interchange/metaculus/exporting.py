"""Forecasts in the form that Metaculus takes: the body of one POST to /api/questions/forecast/. Nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.interchange.files import write_file
from app.interchange.markets import NotTaken, tag_of
from app.interchange.metaculus.cdf import continuous_cdf
from app.interchange.metaculus.importing import NAME
from app.interchange.metaculus.scaling import Scaling
from app.interchange.options import ExportOptions
from app.interchange.transfer import Transfer
from db.errors import BadInput
from db.ledger.filters import QuestionFilter
from db.ledger.ledger import Ledger
from db.records import Aggregate, Forecast, Question
from db.values import ProbabilitiesValue, ProbabilityValue, QuantilesValue, Value

LEAST, MOST = 0.001, 0.999
"""Probabilities that Metaculus takes; what lies beyond is not moved there, but named."""


def write(ledger: Ledger, target: str, options: ExportOptions) -> Transfer:
    """Write the last forecast of a member (the crowd's aggregate, without) of every open question from Metaculus."""
    asked = {item.id: item for item in ledger.views.stream("question", QuestionFilter(tag=tag_of(NAME), state="open"))}
    if not asked:
        raise BadInput("the ledger has no open questions of Metaculus: auspex import metaculus ADDRESS first")
    said: Iterable[Forecast | Aggregate] = (
        (item for item in ledger.forecasts(asked) if item.member == options.member)
        if options.member
        else ledger.aggregates(asked)
    )
    last = {item.question_id: item for item in said}
    done, rows = Transfer(read=len(asked), file=target), []
    for question in asked.values():
        try:
            if question.id not in last:
                raise NotTaken("no forecast")
            rows.append({"question": int(question.source_id), **body(last[question.id].value, question)})
        except (NotTaken, BadInput) as reason:
            done.skip(question.source_id, str(reason))
    write_file(Path(target), json.dumps(rows, indent=2))
    done.add("forecasts", len(rows))
    return done


def body(value: Value, question: Question) -> dict[str, Any]:
    """A value as a forecast of a question; raises NotTaken or BadInput for one that Metaculus would refuse."""
    if isinstance(value, ProbabilityValue):
        return {"probability_yes": _taken(value.probability)}
    if isinstance(value, ProbabilitiesValue):
        return {"probability_yes_per_category": {name: _taken(p) for name, p in value.probabilities.items()}}
    scaling = Scaling.of_tags(question.tags)
    if isinstance(value, QuantilesValue) and scaling is not None:
        return {"continuous_cdf": continuous_cdf(value, scaling).tolist()}
    raise NotTaken(f"Metaculus takes no {value.kind}")


def _taken(probability: float) -> float:
    if not LEAST <= probability <= MOST:
        raise NotTaken(f"Metaculus takes probabilities from {LEAST} to {MOST}, not {probability:g}")
    return probability
