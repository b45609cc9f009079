"""Questions as pages of the index, and one question with all that was said of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from db.ledger.clock import microseconds, moment, moment_or_none
from db.ledger.filters import QuestionFilter
from db.ledger.index_models import AnswerIndex, QuestionIndex
from db.ledger.models import Entry
from db.ledger.paging import Page, checked_limit, page_of, read_cursor
from db.ledger.rows import QuestionDetail, QuestionRow
from db.records import QUESTION, Aggregate, Forecast, MemberFailure, Resolution

_PREFIX = re.compile(r"[0-9a-f]{1,20}")


def question_page(
    connection: Connection, filter: QuestionFilter, *, limit: int, after: str, newest_first: bool
) -> Page[QuestionRow]:
    """A page of the questions that the filter lets through; raises BadInput as `Views` says."""
    scope = f"question {filter} {newest_first}"
    wanted = select(QuestionIndex.__table__).where(*question_conditions(filter))
    if after:
        last = int(read_cursor(after, scope=scope))
        wanted = wanted.where(QuestionIndex.position < last if newest_first else QuestionIndex.position > last)
    order = QuestionIndex.position.desc() if newest_first else QuestionIndex.position
    found = connection.execute(wanted.order_by(order).limit(checked_limit(limit) + 1)).mappings().all()
    kept, following = page_of(found, limit, key=lambda row: row["position"], scope=scope)
    return Page([_row(row) for row in kept], following)


def question_conditions(filter: QuestionFilter) -> list[ColumnElement[bool]]:
    """What the index's row of a question that the filter lets through fulfils."""
    index = QuestionIndex
    equal = {index.source: filter.source, index.kind: filter.kind, index.state: filter.state}
    found: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value]
    if filter.text:
        found.append(index.search_text.contains(filter.text.casefold(), autoescape=True))
    if filter.tag:
        found.append(index.tags.contains(json.dumps(filter.tag, ensure_ascii=False), autoescape=True))
    if filter.member:
        answered = (AnswerIndex.question_id == index.id) & (AnswerIndex.member == filter.member)
        found.append(exists(select(AnswerIndex.position).where(answered, AnswerIndex.kind != "failure")))
    if filter.opened_from is not None:
        found.append(index.open_at >= microseconds(filter.opened_from))
    if filter.opened_to is not None:
        found.append(index.open_at < microseconds(filter.opened_to))
    return found


def question_ids(connection: Connection, prefix: str, *, most: int) -> list[str]:
    """Up to `most` ids of questions that begin with `prefix`."""
    if not _PREFIX.fullmatch(prefix):
        return []
    within = (QuestionIndex.id >= prefix) & (QuestionIndex.id < prefix + "g")  # past every hexadecimal digit
    return list(connection.execute(select(QuestionIndex.id).where(within).limit(most)).scalars())


def question_detail(connection: Connection, question_id: str) -> QuestionDetail:
    """The question with this id, which is there, and all that was said of it."""
    row = connection.execute(select(QuestionIndex.__table__).where(QuestionIndex.id == question_id)).mappings().one()

    def bodies(kind: str) -> list[str]:
        of_kind = (Entry.kind == kind) & (Entry.question_id == question_id)
        return list(connection.execute(select(Entry.body).where(of_kind).order_by(Entry.position)).scalars())

    forecasts = [Forecast.model_validate_json(body) for body in bodies("forecast")]
    resolutions = [Resolution.model_validate_json(body) for body in bodies("resolution")]
    reviews = (Entry.kind == "review") & (Entry.question_id == question_id)
    return QuestionDetail(
        row=_row(row),
        question=QUESTION.validate_json(bodies("question")[0]),
        forecasts=forecasts,
        aggregates=[Aggregate.model_validate_json(body) for body in bodies("aggregate")],
        failures=[MemberFailure.model_validate_json(body) for body in bodies("failure")],
        resolutions=resolutions,
        n_reviews=connection.execute(select(func.count()).select_from(Entry).where(reviews)).scalar_one(),
        evidence=_evidence(forecasts, resolutions),
    )


def _evidence(forecasts: list[Forecast], resolutions: list[Resolution]) -> tuple[str, ...]:
    """What they name, once each; a member's update names the forecasts that it was shown, which are no evidence."""
    own = {forecast.id for forecast in forecasts}
    named = [*(forecast.evidence for forecast in forecasts), *(resolution.evidence for resolution in resolutions)]
    return tuple(dict.fromkeys(item for items in named for item in items if item not in own))


_READ: dict[str, Callable[[Any], Any]] = {
    "tags": lambda tags: tuple(json.loads(tags)),
    "open_at": moment,
    "resolve_by": moment,
    **dict.fromkeys(("known_at", "first_known_at", "resolved_at", "last_forecast_at"), moment_or_none),
}
_AS_IT_IS = [name for name in QuestionRow.__dataclass_fields__ if name not in _READ]


def _row(found: Any) -> QuestionRow:
    same = {name: found[name] for name in _AS_IT_IS}
    return QuestionRow(**same, **{name: read(found[name]) for name, read in _READ.items()})
