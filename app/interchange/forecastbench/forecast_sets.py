"""Forecast sets: what a member, or the crowd, says of a round, as the file that is handed in; and others' as members.

The benchmark takes what is missing for 0.5, and a set of which more than a twentieth is missing for none. Neither is a
forecast, so that a set which lacks any answer is refused, with what it lacks, unless it is asked for all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from app.interchange.forecastbench.documents import ForecastSet, SetForecast
from app.interchange.forecastbench.question_sets import asked_in, end_of, resolution_day, set_name, start_of
from app.interchange.reserved import refuse_reserved
from app.interchange.transfer import Transfer
from db.errors import BadInput
from db.ledger.ledger import Ledger
from db.records import Aggregate, BinaryQuestion, Forecast
from db.values import ProbabilityValue

_SHOWN = 5
_NOT_IN_NAMES = re.compile(r"[^\w-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """Who hands a forecast set in: an organization, its model's name, and whose model that is."""

    organization: str
    model: str = "Auspex"
    model_organization: str = ""

    def __post_init__(self) -> None:
        if not _NOT_IN_NAMES.sub("", self.organization):
            raise BadInput("say who hands the forecasts in: --organization NAME, with letters or digits")

    def file_name(self, due: date, number: int) -> str:
        """What the benchmark calls the file: `<due>.<organization>.<n>.json`."""
        return f"{due.isoformat()}.{_NOT_IN_NAMES.sub('-', self.organization).strip('-')}.{number}.json"


@dataclass(frozen=True, slots=True)
class Built:
    """A forecast set, and the questions of its round that it has no forecast of."""

    forecasts: ForecastSet
    missing: tuple[BinaryQuestion, ...]

    def refuse_gaps(self) -> None:
        """Raise BadInput, naming the first of them, if there is any question without a forecast."""
        if not self.missing:
            return
        total = len(self.forecasts.forecasts) + len(self.missing)
        named = ", ".join(row_name(question) for question in self.missing[:_SHOWN])
        more = "" if len(self.missing) <= _SHOWN else f" and {len(self.missing) - _SHOWN} more"
        raise BadInput(
            f"{len(self.missing)} of {total} questions have no forecast: {named}{more}; "
            "forecast them first, or write the set as it is with --incomplete"
        )


def row_name(question: BinaryQuestion) -> str:
    """A question as the benchmark knows it: source, id and, of a dataset's, the resolution date."""
    day = resolution_day(question)
    return f"{question.source} {question.source_id}" + ("" if day is None else f" {day}")


def forecast_set(ledger: Ledger, due: date, entrant: Entrant, *, member: str = "", round: str = "llm") -> Built:
    """What a member (the crowd's aggregate, without) last said of a round, as of no later than its due date.

    Raises BadInput where the round was not imported.
    """
    name = set_name(due, round)
    asked = asked_in(ledger, name)
    ids = [question.id for question in asked]
    said: Iterable[Forecast | Aggregate] = (
        (forecast for forecast in ledger.forecasts(ids) if forecast.member == member)
        if member
        else ledger.aggregates(ids)
    )
    last = {item.question_id: item for item in said if item.as_of <= end_of(due)}
    rows = {question.id: _row(question, item) for question in asked if (item := last.get(question.id)) is not None}
    made = ForecastSet(
        organization=entrant.organization,
        model=entrant.model,
        model_organization=entrant.model_organization or entrant.organization,
        question_set=name,
        forecasts=tuple(row for row in rows.values() if row is not None),
    )
    return Built(made, tuple(question for question in asked if rows.get(question.id) is None))


def _row(question: BinaryQuestion, item: Forecast | Aggregate) -> SetForecast | None:
    if not isinstance(item.value, ProbabilityValue):
        return None
    return SetForecast(
        id=question.source_id,
        source=question.source,
        forecast=item.value.probability,
        resolution_date=resolution_day(question),
        reasoning=_reasoning(item) or None,
    )


def _reasoning(item: Forecast | Aggregate) -> str:
    if isinstance(item, Forecast):
        return item.rationale
    return f"{item.rule} of {len(item.forecast_ids)} forecasts"


def placed(path: Path, due: date, entrant: Entrant) -> Path:
    """Where the set is written: `path`, or in the folder `path` under the first number that is free.

    Raises BadInput for a file name that the benchmark would not take.
    """
    if path.is_dir():
        numbers = range(1, 1000)
        return next(at for n in numbers if not (at := path / entrant.file_name(due, n)).exists())
    if not any(path.name == entrant.file_name(due, n) for n in _number(path.name)):
        raise BadInput(f"the benchmark would not take a file called {path.name}: call it {entrant.file_name(due, 1)}")
    return path


def _number(name: str) -> list[int]:
    part = name.removesuffix(".json").rpartition(".")[2]
    return [int(part)] if part.isdecimal() and int(part) > 0 else []


def member_of(found: ForecastSet) -> str:
    """The name under which somebody's forecast set is recorded: organization and model."""
    return f"{found.organization}/{found.model}"[:200]


def import_forecast_set(ledger: Ledger, found: ForecastSet, *, member: str = "", now: datetime) -> Transfer:
    """Record somebody's forecasts of a round as a member's, with the start of the due date as their `as_of`.

    `created_at` is `now`: the ledger saw them no earlier, and of what was resolved by then they are no live forecasts.
    Raises BadInput where the round was not imported, and for a reserved name (`app.interchange.reserved`).
    """
    forecaster = member or member_of(found)
    refuse_reserved(forecaster)
    done = Transfer(read=len(found.forecasts))
    asked = {(item.source, item.source_id, resolution_day(item)): item for item in asked_in(ledger, found.question_set)}
    made: dict[str, Forecast] = {}
    for item in found.forecasts:
        question = asked.get((item.source, item.id, item.resolution_date))
        name = " ".join(str(part) for part in (item.source, item.id, item.resolution_date) if part)
        if question is None:
            done.skip(name, f"no question of {found.question_set} in the ledger is about this")
        elif question.id in made:
            done.skip(name, "it is there twice: the first was taken")
        else:
            made[question.id] = Forecast(
                question_id=question.id,
                member=forecaster,
                model=found.model,
                as_of=start_of(found.due_date),
                created_at=now,
                value=ProbabilityValue(probability=item.forecast),
                rationale=item.reasoning or "",
                cost_usd=None,
            )
    done.add("forecasts", _append(ledger, list(made.values()), found))
    return done


def _append(ledger: Ledger, forecasts: Sequence[Forecast], found: ForecastSet) -> int:
    return ledger.append(forecasts, run_id=f"import-{found.question_set.removesuffix('.json')}"[:40])
