"""What a batch would do and cost, from what the same members took before, before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.jobs.checks import members_of
from app.jobs.known import is_answer, prompt_hash_of
from app.jobs.records import CostEstimate, ForecastJob
from db.ledger.filters import ForecastFilter

if TYPE_CHECKING:
    from agents.llm.models import ModelTable
    from db.ledger.ledger import Ledger
    from db.records import Question

_SAMPLE = 1000
"""Earlier forecasts of a member that its average is taken over, the newest."""


def estimate(spec: ForecastJob, ledger: Ledger, questions: Sequence[Question]) -> CostEstimate:
    """Forecasts to make and model runs to pay for. A model's cost is its member's average over earlier forecasts in the
    ledger; unknown (None) where it has made none, unless its price is nothing."""
    from agents.members.llm.naming import is_llm, read_name

    members = members_of(spec)
    there = _there(spec, ledger, questions)
    missing = {name: sum((question.id, name) not in there for question in questions) for name in members}
    calls = {name: n * read_name(name).parameters.runs for name, n in missing.items() if is_llm(name) and n}
    averages = _averages(ledger, list(calls))
    costs = [None if averages[name] is None else missing[name] * (averages[name] or 0.0) for name in calls]
    known = [cost for cost in costs if cost is not None]
    return CostEstimate(
        questions=len(questions),
        members=len(members),
        forecasts=sum(missing.values()),
        already_forecast=len(there),
        calls=sum(calls.values()),
        cost_usd=None if len(known) < len(costs) else sum(known),
    )


def _there(spec: ForecastJob, ledger: Ledger, questions: Sequence[Question]) -> set[tuple[str, str]]:
    """(question, member) of what the ledger holds already."""
    by_id, members = {question.id: question for question in questions}, set(members_of(spec))
    return {
        (found.question_id, found.member)
        for found in ledger.forecasts(by_id)
        if found.member in members
        and is_answer(found, found.member, spec.as_of, prompt_hash_of(found.member, by_id[found.question_id]))
    }


def _averages(ledger: Ledger, members: list[str]) -> dict[str, float | None]:
    """What a forecast of each member cost on average, in USD; None where nobody knows."""
    from app.equipment import model_table

    table = model_table()
    return {name: _average(ledger, name, table) for name in members}


def _average(ledger: Ledger, member: str, table: ModelTable) -> float | None:
    from agents.members.llm.naming import read_name
    from app.equipment import SCRIPTED

    made = ledger.views.forecasts(ForecastFilter(member=member), limit=_SAMPLE).data
    costs = [item.cost_usd for item in made if item.cost_usd is not None and item.tokens]
    if costs:
        return sum(costs) / len(costs)
    model = read_name(member).model
    if model == SCRIPTED and model not in table.names:
        return 0.0
    prices = [one.price for one in table.resolve(model).deployments]
    return 0.0 if all(price is not None and price.cost_usd(1, 1) == 0.0 for price in prices) else None
