"""The pooling rules held against each other on the ledger's resolved yes/no questions: what the Crowd page draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.benchmark.pooling.candidates import fixed
from app.benchmark.pooling.crowd import Crowd
from app.benchmark.pooling.measure import compared, summary
from app.crowd_report import TRACKS
from app.learning import moment, panel
from app.ui.charts.intervals import Point, point
from db.ledger.track_record import TrackRecord
from ensembles.registry import DEFAULT_RULE
from ensembles.scores import brier

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every fixed rule over the same answers of one track: n questions in so many clusters that all members answered.

    Each row has the rule's Brier score, log loss, skill, and its difference to the default rule with a verdict.
    `average` is the mean member's Brier score, `best` the best member in hindsight with its own.
    """

    track: str
    members: tuple[str, ...]
    n: int
    clusters: int
    incomplete: int
    rows: tuple[Row, ...]
    average: float
    best: tuple[str, float]


def compare_rules(record: TrackRecord, members: tuple[str, ...], track: str) -> Comparison | None:
    """The comparison on a track ("live" or "back-test"); None without a question that all members answered."""
    crowd = _crowd(record, members, track)
    if crowd is None:
        return None
    said = {name: rule(crowd) for name, rule in fixed().items()}
    found = compared(said, crowd, said[DEFAULT_RULE])
    each = [brier(outcome=crowd.outcome, probability=column).mean() for column in crowd.probability.T]
    best = int(np.argmin(each))
    return Comparison(
        track=track,
        members=crowd.members,
        n=len(crowd),
        clusters=len(np.unique(crowd.cluster)),
        incomplete=crowd.incomplete,
        rows=tuple(sorted(({"rule": name} | row for name, row in found.items()), key=lambda row: float(row["brier"]))),
        average=float(np.mean(each)),
        best=(crowd.members[best], float(summary(crowd.probability[:, best], crowd)["brier"])),
    )


def _crowd(record: TrackRecord, members: tuple[str, ...], track: str) -> Crowd | None:
    """What the members with any answer on a track said, as a matrix; rows with a gap left out, None without any."""
    questions, as_of, probability = panel(record, members, live=TRACKS[track])
    answered = np.asarray(np.isfinite(probability).any(axis=0), dtype=np.bool_)
    members = tuple(name for name, kept in zip(members, answered, strict=True) if kept)
    probability = probability[:, answered]
    complete = np.asarray(np.isfinite(probability).all(axis=1), dtype=np.bool_)
    if not members or not complete.any():
        return None
    crowd = Crowd(
        dataset="ledger",
        market=False,
        members=members,
        incomplete=int((~complete).sum()),
        probability=probability,
        outcome=np.array([float(question.outcome) for question in questions]),
        cluster=np.array([question.cluster for question in questions]),
        source=np.array([question.source for question in questions]),
        asked_at=np.array([moment(found) for found in as_of]),
        known_at=np.array([moment(question.known_at) for question in questions]),
        human=np.full(len(questions), np.nan),
    )
    return crowd.where(complete)


def difference_points(found: Comparison) -> list[Point]:
    """Each rule's Brier score less the default's, with its interval."""
    points = (point(row["rule"], row["diff"], found.n) for row in found.rows if row["rule"] != DEFAULT_RULE)
    return [one for one in points if one is not None]
