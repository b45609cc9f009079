"""From the track record's parts to what the charts plot: every number as it stands there, with n and interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.track_record.breakdowns import Part
from app.track_record.breakdowns import Period as MonthOfScores
from app.track_record.comparisons import Comparison
from app.ui.charts.intervals import Point, point
from app.ui.charts.over_time import Period

AGGREGATE = "aggregate ("
"""How the names of pooled answers begin."""


def leaders(rows: Sequence[dict[str, Any]], metric: str, n: str) -> list[Point]:
    """The leaderboard's rows that have a metric, in their order; `n` names the count that the metric rests on."""
    found = [point(row["member"], row[metric], row[n]) for row in rows]
    return [one for one in found if one is not None]


def parts(found: Sequence[Part]) -> list[Point]:
    """Scores by source, horizon or the like."""
    points = [point(part.name, part.brier.as_dict(), part.n) for part in found]
    return [one for one in points if one is not None]


def differences(found: Sequence[Comparison], group: str) -> list[Point]:
    """Members less a reference."""
    points = [point(one.member, one.difference.as_dict(), one.n, group) for one in found]
    return [one for one in points if one is not None]


def months(name: str, found: Sequence[MonthOfScores]) -> list[Period]:
    """A member's scores month by month."""
    made = []
    for month in found:
        bounds = month.brier.as_dict()
        made.append(
            Period(
                name=name,
                first_day=month.first_day,
                mean=month.brier.mean,
                low=bounds["low"],
                high=bounds["high"],
                n=month.n,
            )
        )
    return made


def first_choice(rows: Sequence[dict[str, Any]]) -> str:
    """Whom to look at first: the pooled answer with most questions, else the member with most; "" without any."""
    ranked = sorted(rows, key=lambda row: (not row["member"].startswith(AGGREGATE), -row["n_binary"]))
    return str(ranked[0]["member"]) if ranked else ""
