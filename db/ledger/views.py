"""Reading the ledger for pages, interfaces and scores: lists in pages, one question whole, streams and columns.

Everything is read from the ledger's index (`db.ledger.index`), and whole records by their position in the journal. A
page costs the same wherever it lies and however long the ledger is. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, overload

from sqlalchemy import Engine, func, select

from db.errors import AmbiguousName, UnknownName
from db.ledger import record_lists, summaries
from db.ledger.engine import reading
from db.ledger.filters import ForecastFilter, QuestionFilter
from db.ledger.models import Entry
from db.ledger.paging import Page
from db.ledger.question_lists import question_detail, question_ids, question_page
from db.ledger.rows import Counts, Facets, QuestionDetail, QuestionRow, RunRow, ScorableAnswers, ScoredColumns
from db.ledger.scored import scorable_answers, scored_columns
from db.records import Aggregate, Forecast, MemberFailure, Question, Record, Resolution

Kind = Literal["question", "forecast", "aggregate", "resolution", "failure"]

_ANY = ForecastFilter()
_ANY_QUESTION = QuestionFilter()


class Views:
    """The views of one ledger; get them by `Ledger.views`, and use them while the ledger is open.

    Lists are newest first unless said otherwise. `limit` is 1 to 1000, `after` the cursor that came with the page
    before, "" for the first; both raise BadInput where they are something else.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def head(self) -> int:
        """The position of the last row recorded, 0 in an empty ledger: what was read is current while it stays."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(Entry.position))).scalar_one() or 0

    def head_chain(self) -> str:
        """The chain value of the last row recorded, "" in an empty ledger: it stands for the whole journal before it,
        so that a ledger that was restored and went on otherwise has another at the same position."""
        with reading(self._engine) as connection:
            wanted = select(Entry.chain).order_by(Entry.position.desc()).limit(1)
            return connection.execute(wanted).scalar() or ""

    def counts(self) -> Counts:
        """How many records of each kind there are, and how the questions stand."""
        with reading(self._engine) as connection:
            return summaries.counts(connection)

    def facets(self) -> Facets:
        """The sources, kinds, members and tags that there are."""
        with reading(self._engine) as connection:
            return summaries.facets(connection)

    def questions(
        self, filter: QuestionFilter = _ANY_QUESTION, *, limit: int = 50, after: str = "", newest_first: bool = True
    ) -> Page[QuestionRow]:
        """A page of the questions that the filter lets through, in the order in which they were recorded."""
        with reading(self._engine) as connection:
            return question_page(connection, filter, limit=limit, after=after, newest_first=newest_first)

    def question(self, id_or_prefix: str) -> QuestionDetail:
        """The question with this id, or the only one whose id begins so, with all that was said of it.

        Raises UnknownName without one, AmbiguousName with several.
        """
        with reading(self._engine) as connection:
            found = question_ids(connection, id_or_prefix, most=5)
            if not found:
                raise UnknownName(
                    f"there is no question {id_or_prefix!r}: see auspex questions list", name=id_or_prefix
                )
            if len(found) > 1:
                raise AmbiguousName(
                    f"several questions begin with {id_or_prefix!r}: {', '.join(found)}; give more digits",
                    name=id_or_prefix,
                    candidates=found,
                )
            return question_detail(connection, found[0])

    def forecasts(
        self, filter: ForecastFilter = _ANY, *, limit: int = 50, after: str = "", newest_first: bool = True
    ) -> Page[Forecast]:
        """A page of forecasts."""
        with reading(self._engine) as connection:
            return record_lists.page(connection, Forecast, filter, limit=limit, after=after, newest_first=newest_first)

    def aggregates(
        self, filter: ForecastFilter = _ANY, *, limit: int = 50, after: str = "", newest_first: bool = True
    ) -> Page[Aggregate]:
        """A page of aggregates, whose member is "aggregate (rule)"."""
        with reading(self._engine) as connection:
            return record_lists.page(connection, Aggregate, filter, limit=limit, after=after, newest_first=newest_first)

    def failures(
        self, filter: ForecastFilter = _ANY, *, limit: int = 50, after: str = "", newest_first: bool = True
    ) -> Page[MemberFailure]:
        """A page of members' failures."""
        with reading(self._engine) as connection:
            return record_lists.page(
                connection, MemberFailure, filter, limit=limit, after=after, newest_first=newest_first
            )

    def resolutions(
        self, filter: ForecastFilter = _ANY, *, limit: int = 50, after: str = "", newest_first: bool = True
    ) -> Page[Resolution]:
        """A page of resolutions, corrections among them; of the filter only the question and the times count."""
        with reading(self._engine) as connection:
            return record_lists.page(
                connection, Resolution, filter, limit=limit, after=after, newest_first=newest_first
            )

    def runs(self, *, limit: int = 50, after: str = "") -> Page[RunRow]:
        """A page of the runs under which anything was recorded, by their first answer."""
        with reading(self._engine) as connection:
            return summaries.run_page(connection, limit=limit, after=after)

    @overload
    def stream(self, kind: Literal["question"], filter: QuestionFilter = ...) -> Iterator[Question]: ...
    @overload
    def stream(self, kind: Literal["forecast"], filter: ForecastFilter = ...) -> Iterator[Forecast]: ...
    @overload
    def stream(self, kind: Literal["aggregate"], filter: ForecastFilter = ...) -> Iterator[Aggregate]: ...
    @overload
    def stream(self, kind: Literal["failure"], filter: ForecastFilter = ...) -> Iterator[MemberFailure]: ...
    @overload
    def stream(self, kind: Literal["resolution"], filter: ForecastFilter = ...) -> Iterator[Resolution]: ...
    def stream(self, kind: Kind, filter: QuestionFilter | ForecastFilter | None = None) -> Iterator[Record]:
        """All records of a kind that the filter lets through and that are there now, oldest first, one at a time.

        Memory stays the same however many there are, and no transaction is held open meanwhile.
        """
        return record_lists.stream(self._engine, kind, filter)

    def stream_json(self, kind: Kind, filter: QuestionFilter | ForecastFilter | None = None) -> Iterator[str]:
        """As `stream`, each record as the JSON that it was recorded as: some ten times faster."""
        return record_lists.stream_json(self._engine, kind, filter)

    def scored(self) -> ScoredColumns:
        """The columns of all answers to yes/no questions that can be scored."""
        with reading(self._engine) as connection:
            return scored_columns(connection)

    def scorable(self) -> ScorableAnswers:
        """All that can be scored, of every kind of question; the same as `Ledger.scorable`."""
        with reading(self._engine) as connection:
            return scorable_answers(connection)
