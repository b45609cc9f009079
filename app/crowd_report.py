"""How the crowd leans, what its disagreement tells, and what the ledger has taught: one report over resolved questions.

Only yes/no questions, and forecasts made live and back-tests apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import numpy as np

from agents.people import stands_apart
from app.learning import by_member, moment, panel, rows_of
from db.errors import BadInput
from db.ledger.track_record import TrackRecord
from ensembles.adaptive import learn
from ensembles.habits import acquiescence, roundness
from ensembles.pooling import logit_pool
from ensembles.power import EFFECT
from ensembles.scores import brier
from ensembles.significance import Interval, cluster_bootstrap
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
    return {
        "questions": len(record.questions),
        "members": [row for track in TRACKS for row in _habits(record, names, track)],
        "spread": [row for track in TRACKS for row in _spread(record, crowd, track)],
        "effective": [row for track in TRACKS for row in _effective(record, crowd, track)],
        "crowd": current,
        "learnt": _learnt(record, current, now) if current else [],
    }


def newest_crowd(record: TrackRecord) -> list[str]:
    """The members that answered the newest of the resolved questions, by cut-off."""
    answers = [said for said in record.forecasts if not stands_apart(said.member)]
    newest = max((said.as_of for said in answers), default=None)
    return sorted({said.member for said in answers if said.as_of == newest})


def _habits(record: TrackRecord, names: Sequence[str], track: str) -> list[dict[str, Any]]:
    """A row per member that answered: its lean to yes, its love of round numbers, its Brier score."""
    rows = rows_of(record, names, live=TRACKS[track])
    leans = acquiescence(outcome=rows.outcome, probability=rows.probability, cluster=rows.cluster)
    found = []
    for at, (member, lean, round) in enumerate(zip(rows.members, leans, roundness(rows.probability), strict=True)):
        if not lean.n:
            continue
        said = ~np.isnan(rows.probability[:, at])
        scores = brier(outcome=rows.outcome[said], probability=rows.probability[said, at])
        [interval] = cluster_bootstrap(scores, rows.cluster[said])
        counts = {"share_of_fives": round.share_of_fives, "share_of_tens": round.share_of_tens}
        found.append({"member": member, "track": track} | _plain(lean) | counts | {"brier": interval.as_dict()})
    return sorted(found, key=lambda row: float(row["brier"]["mean"]))


def _spread(record: TrackRecord, crowd: Sequence[str], track: str) -> list[dict[str, Any]]:
    """What the members' spread told of the error of their logit pool, over all questions and source by source."""
    questions, _, probability = panel(record, crowd, live=TRACKS[track])
    if not ((~np.isnan(probability)).sum(axis=1) > 1).any():
        return []
    found = triage(
        outcome=[float(question.outcome) for question in questions],
        probability=probability,
        aggregate=logit_pool(probability, quorum=0),
        cluster=[question.cluster for question in questions],
        source=[question.source for question in questions],
    )
    return [{"track": track} | _plain(one) for one in found]


def _effective(record: TrackRecord, crowd: Sequence[str], track: str) -> list[dict[str, Any]]:
    """How many independent members the crowd is worth, if two answered the same questions."""
    rows = rows_of(record, crowd, live=TRACKS[track])
    answered = ~np.isnan(rows.probability).all(axis=0)
    if answered.sum() < 2:
        return []
    n = effective_number_of_members(rows.probability[:, answered], outcome=rows.outcome, weight=rows.cluster_weight())
    return [{"track": track, "members": int(answered.sum()), "n": len(rows), "effective": n}]


def _learnt(record: TrackRecord, crowd: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """For either type of question the rule that this crowd is pooled by now, and why."""
    history = rows_of(record, crowd)
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
