"""`auspex crowd review`: models mark each other's reasons for the forecasts of one question."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agents.reviewer import author, review_hash
from agents.reviewer import review as review_all
from app.benchmark.review.matrix import ReviewMatrix, of_reviews
from app.benchmark.review.summary import summary
from app.benchmark.review.tables import agreement, assessors, number, place
from app.commands.places import open_ledger
from app.commands.questions import dump, found_question
from app.equipment import model_client
from app.output import emit_json, err, money, out, progress_bar, table
from db.errors import BadInput
from db.records import Forecast, MemberFailure, Question
from db.reviews import PeerReview

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger


@dataclass(slots=True)
class Asked:
    """What was asked for now: reviews and failures, how many were new in the ledger, and what all calls cost in USD,
    None where that is unknown."""

    made: list[PeerReview | MemberFailure] = field(default_factory=list)
    recorded: int = 0
    cost_usd: float | None = 0.0


def review(question_id: str, models: list[str], budget_usd: float | None, ledger: str | None, *, as_json: bool) -> None:
    """Have the models review the newest forecast of each member that gave reasons; record and show what they say.

    Without `models`, those of the members reviewed. Reviews that are recorded are not asked for again. Exit code 1
    where a review could not be had.
    """
    started = time.monotonic()
    with open_ledger(ledger) as book:
        question = found_question(book, question_id)
        forecasts = reviewable(book.forecasts([question.id]))
        if not forecasts:
            raise BadInput(
                f"no forecast of question {question.id[:8]} gives reasons to review: ask a language model first"
            )
        wanted = list(dict.fromkeys(models or filter(None, (author(item.member) for item in forecasts))))
        if not wanted:
            raise BadInput("no model made these forecasts: say who reviews them with --model")
        asked = _ask(question, forecasts, wanted, book, budget_usd)
        known = _counting(book, question, forecasts, wanted)
    failures = [item for item in asked.made if isinstance(item, MemberFailure)]
    matrix = of_reviews(known, {item.member: author(item.member) for item in forecasts}) if known else None
    found: dict[str, Any] = {
        "question_id": question.id,
        "reviews": [dump(item) for item in known],
        "recorded": asked.recorded,
        "failures": [
            {"member": failure.member, "reason": failure.reason, "detail": failure.detail, "n": 1}
            for failure in failures
        ],
        **(summary(matrix) if matrix else {}),
        "cost_usd": asked.cost_usd,
        "seconds": time.monotonic() - started,
    }
    if as_json:
        emit_json(found)
    else:
        _show(question, matrix, found)
    for failure in failures:
        err.print(f"{failure.member}: {failure.detail} ({failure.reason})", highlight=False)
    if failures:
        sys.exit(1)


def reviewable(forecasts: Sequence[Forecast]) -> list[Forecast]:
    """The newest forecast of each member that gave reasons, by `as_of` and then by when it was recorded."""
    newest: dict[str, Forecast] = {}
    for forecast in sorted(forecasts, key=lambda item: item.as_of):
        if forecast.rationale.strip():
            newest[forecast.member] = forecast
    return list(newest.values())


def _ask(
    question: Question, forecasts: Sequence[Forecast], models: list[str], book: Ledger, budget_usd: float | None
) -> Asked:
    """Ask for the reviews that are not there yet; each is recorded as it ends."""
    found = Asked()
    done = {(item.assessor, item.forecast_id) for item in _current(book, question)}
    if all((model, forecast.id) in done for model in models for forecast in forecasts):
        return found

    def keep(item: PeerReview | MemberFailure) -> None:
        found.recorded += book.append([item])

    with model_client(models, book.address, budget_usd=budget_usd) as client, progress_bar("reviews") as update:

        async def within() -> None:
            now = datetime.now(UTC)
            try:
                found.made = await review_all(
                    question, forecasts, models, client, created_at=now, done=done, keep=keep, progress=update
                )
            finally:
                await client.aclose()

        asyncio.run(within())
        found.cost_usd = client.cost_usd
    return found


def _current(book: Ledger, question: Question) -> list[PeerReview]:
    """The reviews that were asked for as they are today: other criteria make other reviews."""
    current = review_hash()
    return [item for item in book.reviews([question.id]) if item.prompt_hash == current]


def _counting(
    book: Ledger, question: Question, forecasts: Sequence[Forecast], models: Sequence[str]
) -> list[PeerReview]:
    """The recorded reviews of these forecasts by these models, one of each pair."""
    pairs = {(item.assessor, item.forecast_id): item for item in reversed(_current(book, question))}
    wanted = ((model, forecast.id) for model in models for forecast in forecasts)
    return [pairs[pair] for pair in wanted if pair in pairs]


def _show(question: Question, matrix: ReviewMatrix | None, found: dict[str, Any]) -> None:
    out.print(question.text, style="bold", highlight=False)
    if matrix is not None:
        by_name = dict(zip(found["matrix"]["respondents"], zip(*found["matrix"]["marks"], strict=True), strict=True))
        table(
            "Marks by reviewer, mean over criteria",
            ("forecast by", *matrix.assessors, "centred", "rank"),
            [
                (
                    row["respondent"],
                    *(number(mark, 2) for mark in by_name[row["respondent"]]),
                    number(row["centred"], 2, signed=True),
                    place(row["rank"]),
                )
                for row in found["respondents"]
            ],
            "1 (poor) to 5 (excellent). Centred: minus each reviewer's own mean. No pool is weighed by these marks.",
        )
        for one in (assessors(found), agreement(found)):
            if one.rows:
                table(one.title, one.columns, one.rows, one.note)
    out.print(f"{found['recorded']} new in the ledger, {money(found['cost_usd'])}, {found['seconds']:.1f} s.")
