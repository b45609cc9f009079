"""What came of asking a model, as its caller sees it and as the log keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from agents.llm.attempts import Answer
from agents.llm.chat import Completion
from agents.llm.responses import LONGEST, checked, text_of, tokens_of
from db.calls import CallRecord
from db.errors import MemberFailed, Spent
from db.traces import total_cost_usd


def outcome_of(answer: Answer, *, cost_usd: float | None) -> Completion | MemberFailed:
    """The completion that an answered answer holds, or why it is none; either says what it cost."""
    response = answer.response
    try:
        return checked(response, answer.model.name, cost_usd=cost_usd, latency_s=answer.latency_s, cached=False)
    except MemberFailed as failure:
        prompt_tokens, completion_tokens = tokens_of(response) or (0, 0)
        failure.spent = Spent(
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost_usd=cost_usd,
            latency_s=answer.latency_s,
            text=text_of(response)[:LONGEST],
        )
        return failure


def having_spent(failure: MemberFailed, costs_usd: Sequence[float | None], latency_s: float) -> MemberFailed:
    """The failure of calls without a response, saying what they cost, if there were any."""
    if costs_usd:
        failure.spent = Spent(cost_usd=total_cost_usd(costs_usd), latency_s=latency_s)
    return failure


def record_of(answer: Answer, *, key: str, sample: int, asked: str, at: datetime, error: str) -> CallRecord:
    """The log's row for an answer as it stands; `asked` is the model's name in the request."""
    prompt_tokens, completion_tokens = tokens_of(answer.response) or (0, 0)
    return CallRecord(
        key=key,
        sample=sample,
        created_at=at,
        model=asked,
        model_used=answer.model.name,
        deployment=answer.deployment,
        request=_json(answer.parameters),
        response=_json(answer.response) if answer.response else "",
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost_usd=total_cost_usd(answer.costs_usd),
        latency_s=answer.latency_s,
        attempts=len(answer.costs_usd),
        error=error,
    )


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, default=str)
