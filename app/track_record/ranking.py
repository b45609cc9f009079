"""The leaderboard from the ledger's columns: the rows of `app.scoring.leaderboard`, a hundred times sooner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.scoring import REFERENCE, Scored, empty_row, ranked, score
from app.scoring import leaderboard as rank_others
from app.track_record.selection import code_of, last_said
from db.ledger.rows import ScorableAnswers, ScoredColumns
from ensembles.scores import brier, log_score, skill
from ensembles.significance import cluster_bootstraps

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger

Row = dict[str, Any]
Ints = NDArray[np.intp]


def leaderboard(ledger: Ledger) -> list[Row]:
    """One row per member and track, as `app.scoring.leaderboard` describes them, of all that the ledger can score."""
    found = ledger.views.scorable()
    return rank(found.binary, scored_others(found))


def scored_others(found: ScorableAnswers) -> list[Scored]:
    """The scores of the answers to questions other than yes/no, without those that are not scored."""
    return [scored for item in found.others if (scored := score(item)) is not None]


def rank(binary: ScoredColumns, others: Sequence[Scored]) -> list[Row]:
    """The leaderboard of yes/no answers in columns and of the scores of the others."""
    rows = {(row["track"], row["member"]): row for row in rank_others(others)}
    for row in _binary_rows(last_said(binary)):
        key = row["track"], row["member"]
        rows[key] = _merged(rows[key], row) if key in rows else row
    return ranked(rows.values())


def _merged(others: Row, binary: Row) -> Row:
    of_binary = ("n_binary", "brier", "log_score", "skill_vs")
    return {**others, "n": others["n"] + binary["n"], **{key: binary[key] for key in of_binary}}


def _binary_rows(columns: ScoredColumns) -> list[Row]:
    """The rows of one answer per member, question and track."""
    outcome, said = columns.outcome, columns.probability
    scores = np.stack([metric(outcome=outcome, probability=said) for metric in (brier, log_score)], axis=1)
    groups, places = _groups(columns)
    samples = [(scores[rows], columns.cluster[rows]) for rows in places]
    reference = code_of(columns, REFERENCE)
    references = {live: places[i] for i, (member, live) in enumerate(groups) if member == reference}
    found = []
    for (member, live), rows, intervals in zip(groups, places, cluster_bootstraps(samples), strict=True):
        row = empty_row(columns.members[member], live=live)
        row |= {"n": len(rows), "n_binary": len(rows)}
        row |= {metric: interval.as_dict() for metric, interval in zip(("brier", "log_score"), intervals, strict=True)}
        against = references.get(live, np.empty(0, dtype=np.intp))
        row["skill_vs"] |= _skill(columns.question, scores[:, 0], rows, against)
        found.append(row)
    return found


def _groups(columns: ScoredColumns) -> tuple[list[tuple[int, bool]], list[Ints]]:
    """The pairs of member and live that there are, and the places of each one's answers."""
    label = columns.member.astype(np.int64) * 2 + columns.live
    labels, start = np.unique(np.sort(label), return_index=True)
    order = np.argsort(label, kind="stable")
    return [(int(one) // 2, bool(one % 2)) for one in labels], np.split(order, start[1:]) if len(labels) else []


def _skill(question: NDArray[Any], scores: NDArray[np.float64], rows: Ints, against: Ints) -> Row:
    """1 - Brier / Brier of the reference on the questions that both answered; None without any."""
    _, own, known = np.intersect1d(question[rows], question[against], assume_unique=True, return_indices=True)
    if not len(own):
        return {"skill": None, "n": 0}
    mean, of_reference = scores[rows[own]].mean(), scores[against[known]].mean()
    return {"skill": skill(score=float(mean), reference=float(of_reference)), "n": len(own)}
