"""The supervisor: a model that reads what the members said and why, and may overrule their pooled number.

After the AIA Forecaster (2025): it answers with a confidence, and only a high one replaces what the crowd says
(`ensembles.pooling.supervised_pool`). Off unless asked for. Its number is recorded as a forecast of its own, which
stands apart from the crowd and is scored beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from agents.answer_forms import Chance, Form, form_schema
from agents.answers import parse_form
from agents.asking import asked
from agents.llm.chat import Request
from agents.members.llm.prompts import moment, question_prompt
from agents.people import SUPERVISOR
from agents.prompting import render
from db.errors import BadInput, MemberFailed
from db.records import Aggregate, BinaryQuestion, FailureReason, Forecast, MemberFailure
from db.traces import total_cost_usd
from db.values import ProbabilityValue, probability_of_yes
from ensembles.pooling import supervised_pool
from tools.untrusted import MARK, quoted

if TYPE_CHECKING:
    from agents.llm.client import LlmClient

SUPERVISED = "supervised"
"""What the rule of an aggregate in which a supervisor had the last word begins with: `supervised:logit_pool`."""
GRADES = {"low": 0.0, "medium": 0.5, "high": 1.0}
"""The confidence that `supervised_pool` takes, by its name in the answer."""
MAX_RATIONALE = 4000
"""Characters that the supervisor reads of one member's reasons."""


class VerdictForm(Form):
    """The shape of a supervisor's answer."""

    rationale: str = ""
    confidence: Literal["low", "medium", "high"]
    probability: Chance


async def supervise(
    question: BinaryQuestion,
    crowd: Sequence[Forecast],
    pooled: Aggregate,
    *,
    model: str,
    client: LlmClient,
    created_at: datetime,
) -> Forecast | MemberFailure:
    """What `model` says after reading the forecasts that were pooled; `supervised` puts it in its place.

    The answer is asked for once more, with the reason, where it cannot be read. Raises ValueError where the pooled
    value is no probability of yes.
    """
    system = render("supervisor", as_of=moment(pooled.as_of), mark=MARK.strip())
    told = render(
        "supervised",
        question=question_prompt(question, pooled.as_of),
        pooled=f"{probability_of_yes(pooled.value):.4f}",
        forecasts="\n\n".join(_shown(at, item) for at, item in enumerate(_read(crowd, pooled), start=1)),
    )
    messages = ({"role": "system", "content": system}, {"role": "user", "content": told})
    request = Request(model=model, messages=messages, json_schema=form_schema(VerdictForm))
    common: dict[str, Any] = {"question_id": question.id, "member": SUPERVISOR + model, "created_at": created_at}
    common["as_of"] = pooled.as_of
    try:
        said, calls = await asked(client, request, partial(parse_form, VerdictForm))
    except (MemberFailed, BadInput) as error:  # BadInput: a model that cannot be asked as it is configured
        reason = FailureReason(error.reason) if isinstance(error, MemberFailed) else FailureReason.UNSUPPORTED
        return MemberFailure(model=model, reason=reason, detail=str(error), **common)
    [rationale, raw_text] = client.redacted([said.rationale, calls[-1].text])
    return Forecast(
        model=calls[-1].model_used,
        value=ProbabilityValue(probability=said.probability),
        rationale=rationale,
        raw_text=raw_text,
        prompt_hash=hashlib.sha256(f"{system}\0{told}".encode()).hexdigest(),  # other numbers are another question
        cost_usd=total_cost_usd(call.cost_usd for call in calls),
        tokens=sum(call.tokens for call in calls),
        latency_s=sum(call.latency_s for call in calls),
        **common,
    )


def supervised(pooled: Aggregate, verdict: Forecast, *, created_at: datetime) -> Aggregate:
    """The crowd's aggregate with the supervisor's last word: its number if it was sure, else the pooled one."""
    confidence = GRADES[parse_form(VerdictForm, verdict.raw_text).confidence]
    p = supervised_pool(
        probability_of_yes(pooled.value), supervisor=probability_of_yes(verdict.value), confidence=confidence
    )
    return Aggregate(
        question_id=pooled.question_id,
        rule=f"{SUPERVISED}:{pooled.rule}",
        parameters={**pooled.parameters, "confidence": confidence},
        as_of=pooled.as_of,
        created_at=created_at,
        forecast_ids=(*pooled.forecast_ids, verdict.id),
        value=ProbabilityValue(probability=float(p)),
        spread=pooled.spread,
        n_failed=pooled.n_failed,
    )


def _read(crowd: Sequence[Forecast], pooled: Aggregate) -> list[Forecast]:
    """The forecasts that were pooled, in the aggregate's order."""
    by_id = {forecast.id: forecast for forecast in crowd}
    return [by_id[identifier] for identifier in pooled.forecast_ids]


def _shown(number: int, forecast: Forecast) -> str:
    """A forecast without its member's name: a famous model's number is worth no more."""
    said = f"### Forecaster {number}: {probability_of_yes(forecast.value):.4f}"
    reasons = forecast.rationale.strip()[:MAX_RATIONALE]
    return "\n".join([said, "", *(quoted(reasons) if reasons else ["It counted, and gave no reasons in words."])])
