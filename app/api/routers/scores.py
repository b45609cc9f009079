"""Scores: of single forecasts, and of members over all that can be scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api import examples
from app.api.callers import needs
from app.api.described import reads
from app.api.freshness import Fresh
from app.api.queries import AnswerQuery
from app.api.schemas import Answer, PageOf
from app.api.service import Desk
from db.ledger.api_keys import Scope
from db.ledger.ledger import Ledger
from db.ledger.paging import Page
from db.records import Aggregate, Forecast

router = APIRouter(prefix="/v1", tags=["scores"], dependencies=[needs(Scope.READ)])
Track = Literal["live", "back-test"]


class ScoreRow(Answer):
    """The metrics of one forecast or aggregate against the resolution that counts.

    Brier and log scores (nats) are better the lower they are; `live`: made before it could rest on the outcome.
    """

    forecast_id: str
    resolution_id: str
    question_id: str
    member: str
    track: Track
    metrics: dict[str, float]


class ScoreQuery(AnswerQuery):
    """Which forecasts' scores."""

    of: Literal["forecasts", "aggregates"] = "forecasts"

    def filter(self) -> Any:
        """The ledger's own words for it."""
        return AnswerQuery(**self.model_dump(exclude={"of"})).filter()


class Leaderboard(Answer):
    """A row for each member and track: how many questions of each kind, and every metric with its interval.

    An interval is `{"mean", "low", "high", "level"}`; null where there is nothing to score.
    """

    members: list[dict[str, Any]] = Field(description="Sorted by Brier score, each track for itself.")


@router.get(
    "/scores",
    operation_id="list_scores",
    summary="List scores of forecasts, newest first",
    responses=reads(examples.page_of(examples.SCORE)),
)
def list_scores(query: Annotated[ScoreQuery, Query()], desk: Desk, fresh: Fresh) -> PageOf[ScoreRow]:
    """The scores of a page of forecasts; those that cannot be scored (yet) are left out, so that a page may be short
    or empty and still lead on."""
    fresh.by_ledger()
    views = desk.ledger.views
    found: Page[Forecast] | Page[Aggregate]
    if query.of == "forecasts":
        found = views.forecasts(query.filter(), limit=query.limit, after=query.cursor)
    else:
        found = views.aggregates(query.filter(), limit=query.limit, after=query.cursor)
    rows = _scores(desk.ledger, found.data)
    return PageOf[ScoreRow](data=rows, next_cursor=found.next or None)


def _scores(ledger: Ledger, wanted: Sequence[Forecast | Aggregate]) -> list[ScoreRow]:
    """The scores of what can be scored of these, in their order; whether one is live can rest on others."""
    from app.scoring import score  # numpy and more: not for those who only read
    from db.ledger.scorable import scorable

    resolutions = ledger.resolutions({item.question_id for item in wanted})
    resolutions = {key: one for key, one in resolutions.items() if one.outcome not in ("ANNULLED", "AMBIGUOUS")}
    if not resolutions:
        return []
    items = scorable(
        {question.id: question for question in ledger.questions(resolutions)},
        [*ledger.forecasts(resolutions), *ledger.aggregates(resolutions)],
        resolutions,
        first_known=ledger.first_known(resolutions),
    )
    known = {item.forecast.id: item for item in items}
    rows = []
    for item in (known[one.id] for one in wanted if one.id in known):
        scored = score(item)
        if scored is not None:
            rows.append(
                ScoreRow(
                    forecast_id=item.forecast.id,
                    resolution_id=item.resolution.id,
                    question_id=item.question.id,
                    member=scored.member,
                    track="live" if item.live else "back-test",
                    metrics=scored.metrics,
                )
            )
    return rows


@router.get(
    "/leaderboard",
    operation_id="get_leaderboard",
    summary="Rank members by their scores",
    responses=reads({"members": [{"member": "climatology", "track": "live", "n": 120, "n_binary": 120}]}),
)
def get_leaderboard(desk: Desk, fresh: Fresh) -> Leaderboard:
    """Everything that can be scored, kinds of question and tracks apart, with 95 % intervals over clusters."""
    from app.track_record import leaderboard

    fresh.by_ledger()
    head = desk.ledger.views.head()
    return Leaderboard(members=desk.standing.at(head, lambda: leaderboard(desk.ledger)))
