"""Members against the base rate and against the market, question by question: paired, on what both answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.people import MARKET
from app.scoring import REFERENCE
from app.track_record.selection import LIVE, code_of, codes_of, on_track
from db.ledger.rows import ScoredColumns
from ensembles.scores import brier, skill
from ensembles.significance import Interval, cluster_bootstraps


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A member against a reference on the `n` questions that both answered.

    `difference` is the member's mean Brier score less the reference's, below 0 where the member is better, with its
    95 % interval over `n_clusters` clusters (`db.clusters`). `skill` is 1 - Brier / Brier of the reference,
    NaN where the reference is perfect.
    """

    member: str
    reference: str
    n: int
    n_clusters: int
    brier: float
    reference_brier: float
    difference: Interval
    skill: float


def against_base_rate(columns: ScoredColumns, track: str = LIVE) -> list[Comparison]:
    """Every member against climatology, the best first; none where climatology answered nothing.

    Raises BadInput for a track that there is not.
    """
    return _against(on_track(columns, track), REFERENCE, np.array([code_of(columns, REFERENCE)]))


def against_market(columns: ScoredColumns, track: str = LIVE) -> list[Comparison]:
    """Every member against what the market of each question said ("market:metaculus"), the best first; of a question in
    several markets the last price counts. Raises as `against_base_rate`."""
    return _against(on_track(columns, track), MARKET.rstrip(":"), codes_of(columns, MARKET))


def against(columns: ScoredColumns, reference: str, track: str = LIVE) -> list[Comparison]:
    """Every member against the member `reference`, the best first; raises as `against_base_rate`."""
    return _against(on_track(columns, track), reference, np.array([code_of(columns, reference)]))


def _against(columns: ScoredColumns, reference: str, codes: NDArray[Any]) -> list[Comparison]:
    scores = brier(outcome=columns.outcome, probability=columns.probability)
    known = np.full(len(columns.questions), np.nan)
    of_reference = np.flatnonzero(np.isin(columns.member, codes))
    in_time = np.lexsort((columns.created_at[of_reference], columns.as_of[of_reference]))
    known[columns.question[of_reference[in_time]]] = scores[of_reference[in_time]]  # the last one written stays
    shared = ~np.isnan(known[columns.question]) & ~np.isin(columns.member, codes)
    compared = [(code, np.flatnonzero(shared & (columns.member == code))) for code in np.unique(columns.member[shared])]
    samples: list[tuple[Any, Any]] = [
        (scores[rows] - known[columns.question[rows]], columns.cluster[rows]) for _, rows in compared
    ]
    found = []
    for (code, rows), [difference] in zip(compared, cluster_bootstraps(samples), strict=True):
        own, theirs = float(scores[rows].mean()), float(known[columns.question[rows]].mean())
        found.append(
            Comparison(
                member=columns.members[code],
                reference=reference,
                n=len(rows),
                n_clusters=len(np.unique(columns.cluster[rows])),
                brier=own,
                reference_brier=theirs,
                difference=difference,
                skill=skill(score=own, reference=theirs),
            )
        )
    return sorted(found, key=lambda comparison: comparison.difference.mean)
