"""What the views of the ledger give: rows of its lists, one question with all that was said of it, and columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.ledger.scorable import Scorable
from db.records import Aggregate, Forecast, MemberFailure, Question, Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow:
    """A question in a list, and how it stands.

    `state` is open, resolved, annulled or ambiguous by the last resolution recorded; `outcome` says it in words ("yes",
    an option, a number, codes), "" while open; `outcome_number` is 1, 0 or a fraction of a yes/no question, or the
    number. `known_at` is that resolution's, `first_known_at` the earliest of all. `probability` is the last aggregate's
    of a yes/no question. `subject`, `object` and `first_day` (ISO) are "" of a question about no two countries.
    """

    id: str
    position: int
    kind: str
    source: str
    source_id: str
    text: str
    tags: tuple[str, ...]
    subject: str
    object: str
    first_day: str
    open_at: datetime
    resolve_by: datetime
    state: str
    outcome: str
    outcome_number: float | None
    known_at: datetime | None
    first_known_at: datetime | None
    resolved_at: datetime | None
    n_forecasts: int
    probability: float | None
    last_forecast_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDetail:
    """A question with all that was said of it, each list in the order in which it was recorded.

    Of the resolutions the last counts. `evidence` are the ids of all that its forecasts and resolutions name.
    """

    row: QuestionRow
    question: Question
    forecasts: list[Forecast]
    aggregates: list[Aggregate]
    failures: list[MemberFailure]
    resolutions: list[Resolution]
    n_reviews: int
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """What was recorded under one run id. `started_at` is the earliest `created_at` of it; `cost_usd` is what its
    forecasts cost, None where one of them does not say."""

    run_id: str
    position: int
    started_at: datetime
    n_questions: int
    n_forecasts: int
    n_aggregates: int
    n_failures: int
    members: tuple[str, ...]
    cost_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many records there are; of the questions also how many stand how."""

    questions: int
    open: int
    resolved: int
    annulled: int
    ambiguous: int
    forecasts: int
    aggregates: int
    failures: int
    resolutions: int
    evidence: int
    reviews: int
    dialogues: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What there is to filter by, each in alphabetical order. `members` are those that answered or failed, and the
    aggregates as "aggregate (rule)"."""

    sources: tuple[str, ...]
    kinds: tuple[str, ...]
    members: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoredColumns:
    """Every answer to a yes/no question that can be scored, one a place, in the order in which they were recorded.

    That is each probability said with an `as_of` before the outcome was known first, of questions that came out yes, no
    or as a fraction. Codes are places in the tuples of their names: `question` in `questions` (ids), `member` in
    `members` (an aggregate's is "aggregate (rule)"), `source` in `sources`, `cluster` in `clusters`
    (`db.clusters`). Times are datetime64[us] in UTC; `known_at` is that of the resolution
    that counts, `horizon_days` the days from `as_of` to the question's `resolve_by`. `live` says that it was made
    before it could rest on the outcome (`db.ledger.live`); the others are back-tests. A member may have several answers
    to a question: `app.track_record` counts the last.
    """

    questions: tuple[str, ...]
    members: tuple[str, ...]
    sources: tuple[str, ...]
    clusters: tuple[str, ...]
    position: NDArray[np.int64]
    question: NDArray[np.int32]
    member: NDArray[np.int32]
    source: NDArray[np.int32]
    cluster: NDArray[np.int32]
    as_of: NDArray[np.datetime64]
    created_at: NDArray[np.datetime64]
    known_at: NDArray[np.datetime64]
    horizon_days: NDArray[np.float64]
    probability: NDArray[np.float64]
    outcome: NDArray[np.float64]
    live: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.position)

    def where(self, rows: NDArray[Any]) -> ScoredColumns:
        """Only these rows: a mask, or places in any order."""
        return ScoredColumns(
            questions=self.questions,
            members=self.members,
            sources=self.sources,
            clusters=self.clusters,
            position=self.position[rows],
            question=self.question[rows],
            member=self.member[rows],
            source=self.source[rows],
            cluster=self.cluster[rows],
            as_of=self.as_of[rows],
            created_at=self.created_at[rows],
            known_at=self.known_at[rows],
            horizon_days=self.horizon_days[rows],
            probability=self.probability[rows],
            outcome=self.outcome[rows],
            live=self.live[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScorableAnswers:
    """All that can be scored: `binary`, answers to yes/no questions, as columns, and the `others` whole."""

    binary: ScoredColumns
    others: list[Scorable]
