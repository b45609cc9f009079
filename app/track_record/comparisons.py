"""Members against the base rate and against the market, question by question: paired, on what both answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.people import MARKET
from app.scoring import REFERENCE
from app.track_record.selection import LIVE, all_on_track, code_of, codes_of, last_said
from db.ledger.rows import ScoredColumns
from ensembles.scores import brier, skill
from ensembles.significance import Interval, cluster_bootstraps


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A member against a reference on the `n` questions that both answered.

    Each answer of the member stands against the reference's last one as of no later than it: what the reference said
    afterwards rests on news that the member could not know. A question that it had not answered by then is left out.

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
    return _against(all_on_track(columns, track), REFERENCE, np.array([code_of(columns, REFERENCE)]))


def against_market(columns: ScoredColumns, track: str = LIVE) -> list[Comparison]:
    """Every member against what the market of each question said by then ("market:metaculus"), the best first; of a
    question in several markets the last price counts. Raises as `against_base_rate`."""
    return _against(all_on_track(columns, track), MARKET.rstrip(":"), codes_of(columns, MARKET))


def against(columns: ScoredColumns, reference: str, track: str = LIVE) -> list[Comparison]:
    """Every member against the member `reference`, the best first; raises as `against_base_rate`."""
    return _against(all_on_track(columns, track), reference, np.array([code_of(columns, reference)]))


def _against(columns: ScoredColumns, reference: str, codes: NDArray[Any]) -> list[Comparison]:
    """All members against the answers of the members `codes`; `columns` are all answers on one track."""
    of_reference = np.isin(columns.member, codes)
    said = columns.where(of_reference)
    said_scores = brier(outcome=said.outcome, probability=said.probability)
    answers = last_said(columns.where(~of_reference))
    place = _last_by(said, answers)
    answers, theirs = answers.where(place >= 0), said_scores[place[place >= 0]]
    own = brier(outcome=answers.outcome, probability=answers.probability)
    compared = [(code, np.flatnonzero(answers.member == code)) for code in np.unique(answers.member)]
    samples: list[tuple[Any, Any]] = [(own[rows] - theirs[rows], answers.cluster[rows]) for _, rows in compared]
    found = []
    for (code, rows), [difference] in zip(compared, cluster_bootstraps(samples), strict=True):
        score, of_it = float(own[rows].mean()), float(theirs[rows].mean())
        found.append(
            Comparison(
                member=answers.members[code],
                reference=reference,
                n=len(rows),
                n_clusters=len(np.unique(answers.cluster[rows])),
                brier=score,
                reference_brier=of_it,
                difference=difference,
                skill=skill(score=score, reference=of_it),
            )
        )
    return sorted(found, key=lambda comparison: comparison.difference.mean)


def _last_by(said: ScoredColumns, answers: ScoredColumns) -> NDArray[np.intp]:
    """For each answer the place in `said` of the last word on its question as of no later than it, -1 for none."""
    times = np.unique(said.as_of)
    steps = len(times) + 1  # of one question; the first is before all times
    order = np.lexsort((said.position, said.created_at, said.as_of, said.question))
    keys = said.question[order].astype(np.int64) * steps + np.searchsorted(times, said.as_of[order], side="right")
    wanted = answers.question.astype(np.int64) * steps + np.searchsorted(times, answers.as_of, side="right")
    last = np.searchsorted(keys, wanted, side="right") - 1
    found = last >= 0
    found[found] = said.question[order[last[found]]] == answers.question[found]
    return np.where(found, order[last] if len(order) else -1, -1)
