"""What showing did: models' updates on a person's number against their first answers and what needs no second call.

Study 2 of "Wisdom of the Silicon Crowd" (arXiv 2402.19379) on the ledger's own forecasts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.people import SHOWN
from app.assisted import track, verdict
from app.hybrid import compared
from db.records import Forecast
from ensembles.scores import brier
from ensembles.significance import cluster_bootstrap

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger

WAYS = ("first", "update", "average", "hybrid")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCase:
    """One update on a resolved question: the Brier score of each of WAYS, in their order."""

    question_id: str
    member: str
    live: bool
    scores: tuple[float, ...]


def shown_cases(ledger: Ledger) -> list[ShownCase]:
    """Every update whose question is resolved."""
    found = []
    scorable = [item for item in ledger.scorable() if isinstance(item.forecast, Forecast)]
    by_id = {item.forecast.id: item.forecast for item in scorable if isinstance(item.forecast, Forecast)}
    for item in scorable:
        update, outcome = by_id[item.forecast.id], item.resolution.outcome
        if not update.member.endswith(SHOWN) or not isinstance(outcome, bool | float):
            continue
        first, human = (by_id[key] for key in update.evidence)
        [row] = compared(human, [first, update])
        said = np.array([getattr(row, way) for way in WAYS], dtype=np.float64)
        scores = brier(outcome=np.full(len(WAYS), float(outcome)), probability=said)
        found.append(
            ShownCase(
                question_id=item.question.id, member=first.member, live=item.live, scores=tuple(map(float, scores))
            )
        )
    return found


def shown_effects(found: Sequence[ShownCase]) -> list[dict[str, Any]]:
    """One row per track that has any: n updates, members, questions, the Brier score of each of WAYS, and the update's
    differences to the other three, below 0 where the update is better. Intervals resample questions."""
    tracks: dict[bool, list[ShownCase]] = defaultdict(list)
    for case in found:
        tracks[case.live].append(case)
    return [_row(live, tracks[live]) for live in sorted(tracks, reverse=True)]


def _row(live: bool, group: Sequence[ShownCase]) -> dict[str, Any]:
    scores = np.array([case.scores for case in group])
    others = [place for place, way in enumerate(WAYS) if way != "update"]
    ahead = scores[:, [WAYS.index("update")]] - scores[:, others]
    intervals = cluster_bootstrap(np.column_stack([scores, ahead]), [case.question_id for case in group])
    compared_to = dict(zip((WAYS[place] for place in others), intervals[len(WAYS) :], strict=True))
    questions = len({case.question_id for case in group})
    return {
        "track": track(live),
        "n": len(group),
        "members": sorted({case.member for case in group}),
        "questions": questions,
        "brier": {way: interval.as_dict() for way, interval in zip(WAYS, intervals, strict=False)},
        "update_minus": {way: interval.as_dict() for way, interval in compared_to.items()},
        "verdicts": {way: verdict(interval, questions=questions) for way, interval in compared_to.items()},
    }
