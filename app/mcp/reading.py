"""The tools that only read."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

import db.cameo as cameo
import db.countries as countries
from app.jobs.records import JobStatus
from app.mcp.desk import McpDesk
from app.mcp.results import (
    After,
    ArticleList,
    ArticleRow,
    AsOf,
    Codes,
    Country,
    Day,
    EventList,
    EventRow,
    ForecastPage,
    Leaderboard,
    Limit,
    QuestionPage,
    QuestionSummary,
    QuestionWhole,
    RelationDistribution,
    Share,
    Standing,
)
from app.track_record.ranking import leaderboard
from db.events.filters import EventFilter
from db.ledger.filters import ForecastFilter, QuestionFilter
from db.records import Record

Mentions = Annotated[int, Field(ge=0, description="An event counts if it was mentioned more often than this")]


class ReadTools:
    """Each public method is a tool: its docstring, parameters and result are what an agent is told."""

    def __init__(self, desk: McpDesk) -> None:
        self._desk = desk

    def search_events(
        self,
        text: str = "",
        subject: Country = "",
        object: Country = "",
        codes: Codes = None,
        first_day: Day = None,
        last_day: Day = None,
        as_of: AsOf = "",
        min_mentions: Mentions = 20,
        limit: Limit = 20,
    ) -> EventList:
        """Events between countries that share a word with `text`, best first; without text the newest first."""
        snapshot = self._desk.snapshot(as_of, min_mentions=min_mentions)
        filter = _filter(subject, object, codes, first_day, last_day)
        found = snapshot.search_events(text, filter, limit=limit) if text else snapshot.events(filter, limit=limit)
        rows = [EventRow.model_validate({**_fields(event), "name": cameo.name(event.code)}) for event in found]
        return EventList(as_of=snapshot.as_of, total=snapshot.count_events(filter), events=rows)

    def relation_distribution(
        self,
        subject: Country = "",
        object: Country = "",
        codes: Codes = None,
        first_day: Day = None,
        last_day: Day = None,
        as_of: AsOf = "",
        min_mentions: Mentions = 20,
    ) -> RelationDistribution:
        """How often each relation (CAMEO base code) was seen from one country to another: the base rates."""
        snapshot = self._desk.snapshot(as_of, min_mentions=min_mentions)
        counts = snapshot.relation_distribution(_filter(subject, object, codes, first_day, last_day))
        total = sum(counts.values())
        shares = [Share(code=code, name=cameo.name(code), events=n, share=n / total) for code, n in counts.items()]
        return RelationDistribution(as_of=snapshot.as_of, total=total, relations=shares)

    def search_articles(
        self, query: str = "", first_day: Day = None, last_day: Day = None, as_of: AsOf = "", limit: Limit = 15
    ) -> ArticleList:
        """News articles with any word of `query`, best first; without a query the newest first."""
        snapshot = self._desk.snapshot(as_of, min_mentions=0)
        hits = snapshot.articles.search(query or None, limit=limit, first_day=first_day, last_day=last_day)
        return ArticleList(as_of=snapshot.as_of, articles=[ArticleRow.model_validate(hit) for hit in hits])

    def list_questions(
        self,
        text: Annotated[str, Field(description="Part of the question's text, in any case")] = "",
        state: Annotated[str, Field(description="open, resolved, annulled or ambiguous; empty for all")] = "",
        source: str = "",
        member: Annotated[str, Field(description="Only questions that this member answered")] = "",
        limit: Limit = 50,
        after: After = "",
    ) -> QuestionPage:
        """The ledger's questions, newest first, a page at a time."""
        filter = QuestionFilter(text=text, state=state, source=source, member=member)
        page = self._desk.ledger.views.questions(filter, limit=limit, after=after)
        return QuestionPage(questions=[QuestionSummary.model_validate(row) for row in page.data], next=page.next)

    def get_question(
        self, question_id: Annotated[str, Field(min_length=1, description="Its id, or how the id begins")]
    ) -> QuestionWhole:
        """One question with its forecasts and their reasons, aggregates, failures and resolutions."""
        found = self._desk.ledger.views.question(question_id)
        return QuestionWhole(
            question=_plain(found.question),
            state=found.row.state,
            outcome=found.row.outcome,
            forecasts=[_plain(item) for item in found.forecasts],
            aggregates=[_plain(item) for item in found.aggregates],
            failures=[_plain(item) for item in found.failures],
            resolutions=[_plain(item) for item in found.resolutions],
        )

    def list_forecasts(
        self, question_id: str = "", member: str = "", run_id: str = "", limit: Limit = 50, after: After = ""
    ) -> ForecastPage:
        """Forecasts as recorded, newest first, a page at a time."""
        filter = ForecastFilter(question_id=question_id, member=member, run_id=run_id)
        page = self._desk.ledger.views.forecasts(filter, limit=limit, after=after)
        return ForecastPage(forecasts=[_plain(item) for item in page.data], next=page.next)

    def get_leaderboard(self) -> Leaderboard:
        """Every member's scores with intervals, live forecasts and back-tests apart."""
        rows = leaderboard(self._desk.ledger)
        standings = [Standing.model_validate({**row, "skill": row["skill_vs"]["skill"]}) for row in rows]
        return Leaderboard(members=standings)

    def job_status(self, job_id: Annotated[str, Field(min_length=1)]) -> JobStatus:
        """How a job stands: how much is done, what failed and why, and what it cost."""
        return self._desk.jobs.status(job_id)


def _filter(subject: str, object: str, codes: list[str] | None, first_day: Day, last_day: Day) -> EventFilter:
    return EventFilter(
        first_day=first_day,
        last_day=last_day,
        subjects=(countries.resolve(subject),) if subject else None,
        objects=(countries.resolve(object),) if object else None,
        codes=None if codes is None else tuple(codes),
    )


def _fields(event: object) -> dict[str, Any]:
    return {name: getattr(event, name) for name in EventRow.model_fields if name != "name"}


def _plain(record: Record) -> dict[str, Any]:
    content: dict[str, Any] = record.model_dump(mode="json")
    return content
