"""What there is in the ledger: counts, what to filter by, and the runs."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, func, select

from db.ledger.clock import moment
from db.ledger.index_models import AnswerIndex, KindCount, QuestionIndex, RunIndex
from db.ledger.paging import Page, checked_limit, page_of, read_cursor
from db.ledger.rows import Counts, Facets, RunRow


def counts(connection: Connection) -> Counts:
    """How many records of each kind there are, and how the questions stand."""
    kinds = dict(connection.execute(select(KindCount.kind, KindCount.n)).all())
    index = QuestionIndex
    states = dict(connection.execute(select(index.state, func.count()).group_by(index.state)).all())
    return Counts(
        questions=kinds.get("question", 0),
        open=states.get("open", 0),
        resolved=states.get("resolved", 0),
        annulled=states.get("annulled", 0),
        ambiguous=states.get("ambiguous", 0),
        forecasts=kinds.get("forecast", 0),
        aggregates=kinds.get("aggregate", 0),
        failures=kinds.get("failure", 0),
        resolutions=kinds.get("resolution", 0),
        evidence=kinds.get("evidence", 0),
        reviews=kinds.get("review", 0),
        dialogues=kinds.get("dialogue", 0),
    )


def facets(connection: Connection) -> Facets:
    """The sources, kinds, members and tags that there are."""
    kinds = connection.execute(select(QuestionIndex.kind).distinct()).scalars()
    tags = connection.execute(select(QuestionIndex.tags).distinct()).scalars()
    return Facets(
        sources=_distinct(connection, QuestionIndex.source),
        kinds=tuple(sorted(kinds)),
        members=_distinct(connection, AnswerIndex.member),
        tags=tuple(sorted({tag for some in tags for tag in json.loads(some)})),
    )


def run_page(connection: Connection, *, limit: int, after: str) -> Page[RunRow]:
    """A page of runs, newest first; raises BadInput as `Views` says."""
    wanted = select(RunIndex.__table__).order_by(RunIndex.position.desc()).limit(checked_limit(limit) + 1)
    if after:
        wanted = wanted.where(RunIndex.position < int(read_cursor(after, scope="run")))
    rows = connection.execute(wanted).mappings().all()
    kept, following = page_of(rows, limit, key=lambda row: row["position"], scope="run")
    return Page([_run(row) for row in kept], following)


def _run(row: Any) -> RunRow:
    return RunRow(
        run_id=row["run_id"],
        position=row["position"],
        started_at=moment(row["started_at"]),
        n_questions=row["n_questions"],
        n_forecasts=row["n_forecasts"],
        n_aggregates=row["n_aggregates"],
        n_failures=row["n_failures"],
        members=tuple(json.loads(row["members"])),
        cost_usd=None if row["n_unpriced"] else row["cost_usd"],
    )


def _distinct(connection: Connection, column: Any) -> tuple[str, ...]:
    """The distinct texts of a column that leads an index, "" left out: each by one step through the index."""
    first = select(func.min(column).label("value")).where(column > "")
    steps = first.cte("steps", recursive=True)
    following = select(func.min(column)).where(column > steps.c.value).scalar_subquery()
    steps = steps.union_all(select(following).where(steps.c.value.is_not(None)))
    found = connection.execute(select(steps.c.value).where(steps.c.value.is_not(None))).scalars()
    return tuple(sorted(found))
