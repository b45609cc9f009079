"""What the ledger teaches a rule: the resolved yes/no questions as a history, never beyond what was known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.crowd import LearntRule
from agents.people import stands_apart
from db.questions.sources import is_market
from db.records import BinaryQuestion, Question
from ensembles.adaptive import Learnt, learn
from ensembles.history import History
from ensembles.odds import Floats
from ensembles.registry import DEFAULT_RULE

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger
    from db.ledger.track_record import ResolvedBinary, TrackRecord


def history_of(ledger: Ledger, members: Sequence[str], *, as_of: datetime) -> History:
    """What became of these members' earlier answers, one row per question and cut-off that any of them answered.

    Only outcomes with `known_at` before `as_of` are read, and of the forecasts only the live ones: a back-test may rest
    on what a model has learnt of the outcome since.
    """
    return rows_of(ledger.track_record(known_before=as_of, members=members), members)


def rows_of(record: TrackRecord, members: Sequence[str], *, live: bool = True) -> History:
    """The rows of these members, each once, in a track record: their live forecasts or, if not `live`, back-tests."""
    members = tuple(dict.fromkeys(members))
    return history_from(members, *panel(record, members, live=live))


def history_from(
    members: Sequence[str], questions: Sequence[ResolvedBinary], as_of: Sequence[datetime], probability: Floats
) -> History:
    """What `panel` gave of these members as a history."""
    return History(
        members=tuple(members),
        probability=probability,
        outcome=np.array([question.outcome for question in questions], dtype=np.float64),
        asked_at=_moments(as_of),
        known_at=_moments([question.known_at for question in questions]),
        cluster=np.array([question.cluster for question in questions], dtype=np.str_),
        market=np.array([is_market(question.source) for question in questions], dtype=np.bool_),
    )


def panel(
    record: TrackRecord, members: Sequence[str], *, live: bool
) -> tuple[list[ResolvedBinary], list[datetime], Floats]:
    """Question, cut-off and answers (members,) of every row that any of these members, all distinct, answered; NaN for
    the others.

    Of two forecasts of one member for one row the later recorded counts.
    """
    places = {member: place for place, member in enumerate(members)}
    chosen = [said for said in record.forecasts if said.live == live and said.member in places]
    rows: dict[tuple[str, datetime], int] = {}
    row_of = [rows.setdefault((said.question_id, said.as_of), len(rows)) for said in chosen]
    probability = np.full((len(rows), len(members)), np.nan)
    if chosen:
        probability[row_of, [places[said.member] for said in chosen]] = [said.probability for said in chosen]
    return [record.questions[question_id] for question_id, _ in rows], [as_of for _, as_of in rows], probability


def moment(value: datetime) -> np.datetime64:
    """A moment as numpy has it: in UTC, without a zone, to the microsecond."""
    return np.datetime64(value.astimezone(UTC).replace(tzinfo=None), "us")


def _moments(values: Sequence[datetime]) -> NDArray[np.datetime64]:
    return np.array([value.astimezone(UTC).replace(tzinfo=None) for value in values], dtype="datetime64[us]")


@dataclass(frozen=True, slots=True)
class Rules:
    """The pooling rule of yes/no questions of market type, that of data questions, and that of all other kinds."""

    market: str | LearntRule = DEFAULT_RULE
    data: str | LearntRule = DEFAULT_RULE
    others: str = DEFAULT_RULE

    def of(self, question: Question) -> str | LearntRule:
        """The rule for a question."""
        if not isinstance(question, BinaryQuestion):
            return self.others
        return self.market if is_market(question.source) else self.data

    @property
    def learnt(self) -> tuple[str, ...]:
        """The names of those that were learnt."""
        return tuple(dict.fromkeys(rule.name for rule in (self.market, self.data) if isinstance(rule, LearntRule)))


def learnt_rules(ledger: Ledger, questions: Sequence[Question], members: Sequence[str], *, as_of: datetime) -> Rules:
    """The rules that the ledger teaches these members for these questions as of a moment.

    The default one where it teaches nothing, or where no question is of the type.
    """
    types = {is_market(question.source) for question in questions if isinstance(question, BinaryQuestion)}
    crowd = sorted(member for member in set(members) if not stands_apart(member))
    history = history_of(ledger, crowd, as_of=as_of) if types and crowd else None
    if history is None or not len(history):
        return Rules()
    rules = {market: _rule(learn(history, market=market, now=moment(as_of)), history.members) for market in types}
    return Rules(rules.get(True, DEFAULT_RULE), rules.get(False, DEFAULT_RULE))


def _rule(learnt: Learnt, members: tuple[str, ...]) -> str | LearntRule:
    if learnt.rule == DEFAULT_RULE:
        return DEFAULT_RULE
    parameters = by_member(learnt.parameters, members)
    return LearntRule(name=learnt.rule, parameters=parameters, members=members, pool=learnt.pool)


def by_member(parameters: Mapping[str, float], members: Sequence[str]) -> dict[str, float]:
    """Learnt parameters with each member's weight under its name, `weight[climatology]` for `w0`: a record tells whose
    it is, whoever was absent."""
    names = {f"w{place}": f"weight[{member}]" for place, member in enumerate(members)}
    return {names.get(name, name): value for name, value in parameters.items()}
