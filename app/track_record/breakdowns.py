"""The Brier score in parts: over time, by source, by horizon, by member. Lower is better; every part with its n."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.track_record.selection import LIVE, answers_of, on_track
from db.ledger.rows import ScoredColumns
from ensembles.scores import brier
from ensembles.significance import Interval, cluster_bootstraps

HORIZONS = ((7, "up to a week"), (30, "up to a month"), (90, "up to a quarter"), (365, "up to a year"))
"""Days from a forecast's `as_of` to when the outcome is due, at most, and what that is called."""
LONGER = "longer"

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The mean Brier score of `n` answers with its 95 % interval over `n_clusters` clusters (`db.clusters`).

    The interval's bounds are NaN with fewer than two clusters.
    """

    name: str
    n: int
    n_clusters: int
    brier: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Period(Part):
    """The answers of the month that begins on `first_day`, which its name says as 2025-06."""

    first_day: date


def over_time(
    columns: ScoredColumns, member: str, track: str = LIVE, *, clock: Literal["known_at", "created_at"] = "known_at"
) -> list[Period]:
    """A member's Brier score by the month in which the outcome was known, or the forecast made, the earliest first.

    Months without answers are left out. Raises BadInput for a track that there is not.
    """
    said = answers_of(columns, member, track)
    moments = said.known_at if clock == "known_at" else said.created_at
    months, month = np.unique(moments.astype("datetime64[M]"), return_inverse=True)
    days: list[date] = months.astype("datetime64[D]").tolist()
    parts = _parts(said, [(str(name), np.flatnonzero(month == place)) for place, name in enumerate(months)])
    return [
        Period(name=part.name, n=part.n, n_clusters=part.n_clusters, brier=part.brier, first_day=day)
        for part, day in zip(parts, days, strict=True)
    ]


def by_source(columns: ScoredColumns, member: str, track: str = LIVE) -> list[Part]:
    """A member's Brier score by the source of the questions, in alphabetical order; raises as `over_time`."""
    said = answers_of(columns, member, track)
    return _parts(said, [(name, np.flatnonzero(said.source == code)) for code, name in enumerate(said.sources)])


def by_horizon(columns: ScoredColumns, member: str, track: str = LIVE) -> list[Part]:
    """A member's Brier score by how far ahead the outcome was due (HORIZONS), the nearest first; raises as above."""
    said = answers_of(columns, member, track)
    place = np.searchsorted([days for days, _ in HORIZONS], said.horizon_days, side="left")
    names = [*(name for _, name in HORIZONS), LONGER]
    return _parts(said, [(name, np.flatnonzero(place == number)) for number, name in enumerate(names)])


def by_member(columns: ScoredColumns, track: str = LIVE) -> list[Part]:
    """Every member's Brier score on its own questions, the best first; raises as above."""
    said = on_track(columns, track)
    parts = _parts(said, [(name, np.flatnonzero(said.member == code)) for code, name in enumerate(said.members)])
    return sorted(parts, key=lambda part: part.brier.mean)


def _parts(columns: ScoredColumns, parts: Sequence[tuple[str, Places]]) -> list[Part]:
    """The parts that hold any answer."""
    held = [(name, rows) for name, rows in parts if len(rows)]
    scores = brier(outcome=columns.outcome, probability=columns.probability)
    samples: list[tuple[Any, Any]] = [(scores[rows], columns.cluster[rows]) for _, rows in held]
    return [
        Part(name=name, n=len(rows), n_clusters=len(np.unique(columns.cluster[rows])), brier=interval)
        for (name, rows), [interval] in zip(held, cluster_bootstraps(samples), strict=True)
    ]
