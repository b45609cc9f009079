"""How the crowd leans, what its disagreement tells, and what the ledger has taught: one report over resolved questions.

Only yes/no questions, and forecasts made live and back-tests apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.people import stands_apart
from app.learning import by_member, history_from, moment, panel
from db.errors import BadInput
from db.ledger.track_record import TrackRecord
from ensembles.adaptive import learn
from ensembles.habits import acquiescence, roundness
from ensembles.history import History
from ensembles.pooling import logit_pool
from ensembles.power import EFFECT
from ensembles.scores import brier
from ensembles.significance import Interval, cluster_bootstraps
from ensembles.triage import triage
from ensembles.weighting import effective_number_of_members

TRACKS = {"live": True, "back-test": False}


def crowd_report(record: TrackRecord, members: Sequence[str], *, now: datetime) -> dict[str, Any]:
    """Everything that `auspex crowd report` says, as JSON data.

    `members` are whom it is about; without any it is about everybody, and the learnt state that of those that answered
    the newest resolved questions. Raises BadInput for a member without a forecast of a resolved question.
    """
    known = {said.member for said in record.forecasts}
    if unknown := [name for name in members if name not in known]:
        having = ", ".join(sorted(known)) or "nobody"
        raise BadInput(f"{unknown[0]!r} has no forecast of a resolved yes/no question; these have: {having}")
    names = sorted(set(members) or known)
    crowd = [name for name in names if not stands_apart(name)]
    current = crowd if members else newest_crowd(record)
    answers = {track: _Answers.on(record, names, live=live) for track, live in TRACKS.items()}
    return {
        "questions": len(record.questions),
        "members": [row for track, said in answers.items() for row in _habits(said, track)],
        "spread": [row for track, said in answers.items() for row in _spread(said.of(crowd), track)],
        "effective": [row for track, said in answers.items() for row in _effective(said.of(crowd).history, track)],
        "crowd": current,
        "learnt": _learnt(answers["live"].of(current).history, now) if current else [],
    }


def newest_crowd(record: TrackRecord) -> list[str]:
    """The members that answered the newest of the resolved questions, by cut-off."""
    answers = [said for said in record.forecasts if not stands_apart(said.member)]
    newest = max((said.as_of for said in answers), default=None)
    return sorted({said.member for said in answers if said.as_of == newest})


@dataclass(frozen=True, slots=True)
class _Answers:
    """What members said on one track, with the source of each row."""

    history: History
    source: NDArray[np.str_]

    @classmethod
    def on(cls, record: TrackRecord, members: Sequence[str], *, live: bool) -> Self:
        asked = panel(record, members, live=live)
        return cls(history_from(members, *asked), np.array([question.source for question in asked[0]], dtype=np.str_))

    def of(self, members: Sequence[str]) -> Self:
        """The answers of some of the members, on the rows that any of them answered."""
        history = self.history.of(members)
        rows = np.asarray((~np.isnan(history.probability)).any(axis=1), dtype=np.bool_)
        return type(self)(history.where(rows), self.source[rows])


def _habits(answers: _Answers, track: str) -> list[dict[str, Any]]:
    """A row per member that answered: its lean to yes, its love of round numbers, its Brier score."""
    rows = answers.history
    leans = acquiescence(outcome=rows.outcome, probability=rows.probability, cluster=rows.cluster)
    round = roundness(rows.probability)
    having = [place for place, lean in enumerate(leans) if lean.n]
    scores: list[tuple[ArrayLike, ArrayLike]] = []
    for place in having:
        said = ~np.isnan(rows.probability[:, place])
        score = brier(outcome=rows.outcome[said], probability=rows.probability[said, place])
        scores.append((score, rows.cluster[said]))
    found = []
    for place, [interval] in zip(having, cluster_bootstraps(scores), strict=True):
        shares = {"share_of_fives": round[place].share_of_fives, "share_of_tens": round[place].share_of_tens}
        who = {"member": rows.members[place], "track": track}
        found.append(who | _plain(leans[place]) | shares | {"brier": interval.as_dict()})
    return sorted(found, key=lambda row: float(row["brier"]["mean"]))


def _spread(answers: _Answers, track: str) -> list[dict[str, Any]]:
    """What the members' spread told of the error of their logit pool, over all questions and source by source."""
    rows = answers.history
    if not ((~np.isnan(rows.probability)).sum(axis=1) > 1).any():
        return []
    found = triage(
        outcome=rows.outcome,
        probability=rows.probability,
        aggregate=logit_pool(rows.probability, quorum=0),
        cluster=rows.cluster,
        source=answers.source,
    )
    return [{"track": track} | _plain(one) for one in found]


def _effective(rows: History, track: str) -> list[dict[str, Any]]:
    """How many independent members the crowd is worth, if two answered the same questions."""
    answered = ~np.isnan(rows.probability).all(axis=0)
    if answered.sum() < 2:
        return []
    n = effective_number_of_members(rows.probability[:, answered], outcome=rows.outcome, weight=rows.cluster_weight())
    return [{"track": track, "members": int(answered.sum()), "n": len(rows), "effective": n}]


def _learnt(history: History, now: datetime) -> list[dict[str, Any]]:
    """For either type of question the rule that this crowd is pooled by now, and why."""
    found = {kind: learn(history, market=kind == "market", now=moment(now)) for kind in ("market", "data")}
    return [
        {"type": kind, "effect": EFFECT}
        | _plain(learnt)
        | {"parameters": by_member(learnt.parameters, history.members)}
        for kind, learnt in found.items()
    ]


def _plain(result: Any) -> dict[str, Any]:
    """A result's fields as JSON data, its intervals as such, without what only computes."""
    values = {field.name: getattr(result, field.name) for field in fields(result) if field.name != "pool"}
    return {name: value.as_dict() if isinstance(value, Interval) else value for name, value in values.items()}
