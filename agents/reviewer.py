"""Peer review: every model marks every rationale, its own included, without being told whose it is.

"AI Predicts AGI" (arXiv 2412.09385) has models mark reports on nine criteria, 1 to 5, and does not publish the nine:
those of `prompts/review.md` are ours. A review that cannot be had is a `MemberFailure`; no mark is ever filled in.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from agents.answer_forms import Form
from agents.answers import parse_form
from agents.asking import asked
from agents.gathering import all_of
from agents.llm.chat import Request
from agents.members.llm.naming import KINDS
from agents.members.llm.prompts import moment, question_prompt
from agents.people import SHOWN, SUPERVISOR
from agents.prompting import prompt_hash, render, template
from db.errors import BadInput, MemberFailed, Unparseable
from db.records import FailureReason, Forecast, MemberFailure, Question
from db.reviews import PeerReview
from db.traces import total_cost_usd
from tools.untrusted import MARK, quoted

if TYPE_CHECKING:
    from agents.llm.client import LlmClient

Progress = Callable[[int, int], None]
Keep = Callable[[PeerReview | MemberFailure], None]

REVIEWER = "review:"
"""Before a model's name: the member that a failed review is recorded under."""
MAX_RATIONALE = 20_000
"""Characters of a rationale that its reviewers read."""
MAX_REVIEWS_AT_ONCE = 64
"""Reviews by one model in flight at most."""

_CRITERION = re.compile(r"^- `(\w+)`: ", re.MULTILINE)
_TEMPLATES = ("review", "review_forecast", "question", "author", "repair")
_NOBODY = "the forecaster"


class ReviewForm(Form):
    """The shape of a review."""

    comment: str = ""
    marks: dict[str, Annotated[float, Field(ge=1, le=5, multiple_of=1)]]


@cache
def criteria() -> tuple[str, ...]:
    """The names of the criteria, in the order of the prompt file that defines them."""
    return tuple(_CRITERION.findall(template("review")))


def review_hash() -> str:
    """The hash of all templates that a review is asked for with: other criteria make other reviews."""
    return prompt_hash(*_TEMPLATES)


def author(member: str) -> str:
    """The model behind a member's name, which as an assessor would review itself; empty where there is none."""
    kind, _, rest = member.partition(":")
    return rest.partition("?")[0].removesuffix(SHOWN) if kind in (*KINDS, SUPERVISOR.removesuffix(":")) else ""


async def review(
    question: Question,
    forecasts: Sequence[Forecast],
    reviewers: Sequence[str],
    client: LlmClient,
    *,
    created_at: datetime,
    done: Collection[tuple[str, str]] = (),
    keep: Keep | None = None,
    progress: Progress | None = None,
) -> list[PeerReview | MemberFailure]:
    """One review or failure for each of the models `reviewers` and each forecast, reviewer by reviewer.

    Pairs (model, forecast id) in `done` are left out; `keep` is given each as it ends, so that none is lost if the rest
    is broken off; `progress` hears how many of how many have come to an end. All are asked at once, as far as the
    models' limits go; an answer that cannot be read is asked for once more, with the reason. Raises ValueError for a
    forecast of another question or without a rationale, UnknownName for a model that there is none of, before anything
    is asked.
    """
    for forecast in forecasts:
        if forecast.question_id != question.id or not forecast.rationale.strip():
            raise ValueError(f"forecast {forecast.id} is of another question, or has no rationale to review")
    slots = {model: asyncio.Semaphore(client.table.resolve(model).at_once(MAX_REVIEWS_AT_ONCE)) for model in reviewers}

    pairs = [(model, forecast) for model in slots for forecast in forecasts if (model, forecast.id) not in done]
    ended = 0

    async def one(model: str, forecast: Forecast) -> PeerReview | MemberFailure:
        nonlocal ended
        async with slots[model]:
            found = await _review(question, forecast, model, client, created_at)
        if keep is not None:
            keep(found)
        ended += 1
        if progress is not None:
            progress(ended, len(pairs))
        return found

    return await all_of(one(model, forecast) for model, forecast in pairs)


async def _review(
    question: Question, forecast: Forecast, model: str, client: LlmClient, created_at: datetime
) -> PeerReview | MemberFailure:
    messages = (
        {"role": "system", "content": render("review", as_of=moment(forecast.as_of), mark=MARK.strip())},
        {"role": "user", "content": _shown(question, forecast)},
    )
    try:
        form, calls = await asked(client, Request(model=model, messages=messages, json_schema=_schema()), read_review)
    except (MemberFailed, BadInput) as error:
        reason = FailureReason(error.reason) if isinstance(error, MemberFailed) else FailureReason.UNSUPPORTED
        return MemberFailure(
            question_id=question.id,
            member=REVIEWER + model,
            model=model,
            as_of=forecast.as_of,
            created_at=created_at,
            reason=reason,
            detail=f"no review of forecast {forecast.id} by {forecast.member}: {error}",
        )
    return PeerReview(
        question_id=question.id,
        assessor=model,
        respondent=forecast.member,
        forecast_id=forecast.id,
        model=calls[-1].model_used,
        created_at=created_at,
        marks={name: int(form.marks[name]) for name in criteria()},
        comment=client.redacted(form.comment),
        prompt_hash=review_hash(),
        cost_usd=total_cost_usd(call.cost_usd for call in calls),
        tokens=sum(call.tokens for call in calls),
        latency_s=sum(call.latency_s for call in calls),
    )


def read_review(text: str) -> ReviewForm:
    """The review that a reply holds: a whole mark from 1 to 5 for every criterion and none besides, else Unparseable
    with the reason."""
    form = parse_form(ReviewForm, text)
    if missing := [name for name in criteria() if name not in form.marks]:
        raise Unparseable(f"the reply has no mark for {missing[0]!r}", raw_text=text)
    if unknown := sorted(form.marks.keys() - set(criteria())):
        raise Unparseable(f"the reply marks {unknown[0][:40]!r}, which is none of the criteria", raw_text=text)
    return form


def _shown(question: Question, forecast: Forecast) -> str:
    """The forecast and its reasons, quoted, without the names of the member and its model."""
    reasons = forecast.rationale.strip()
    left_out = len(reasons) - MAX_RATIONALE
    cut = f"\n… {left_out:,} more characters" if left_out > 0 else ""
    return render(
        "review_forecast",
        question=question_prompt(question, forecast.as_of),
        forecast="\n".join(quoted(forecast.value.model_dump_json(exclude={"kind"}))),
        reasons="\n".join(quoted(_unnamed(reasons[:MAX_RATIONALE], forecast) + cut)),
    )


def _unnamed(text: str, forecast: Forecast) -> str:
    """The text without the names of its member and model, should it give itself away by them."""
    models = [author(forecast.member), *forecast.model.split(", ")]
    names = {forecast.member, *models, *(model.rpartition("/")[2] for model in models)} - {""}
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", _NOBODY, text, flags=re.IGNORECASE)


def _schema() -> dict[str, Any]:
    """The JSON schema of a review, for models that can be held to one."""
    mark = {"type": "integer", "enum": [1, 2, 3, 4, 5]}
    marks = {
        "type": "object",
        "properties": dict.fromkeys(criteria(), mark),
        "required": list(criteria()),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"comment": {"type": "string"}, "marks": marks},
        "required": ["comment", "marks"],
        "additionalProperties": False,
    }
