"""Open questions to look at twice: the crowd's members differ on them as widely as went with error on earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.hybrid import RULE as HYBRID
from db.records import Aggregate, BinaryQuestion
from db.values import ProbabilityValue
from ensembles.triage import MIN_CLUSTERS

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger

SHOWN = 20
"""As many of the flagged questions are listed, those of the widest spread first."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The spread from which on a question is flagged, source by source; None where spread has foretold no error.

    `overall`, learnt from all sources together, is for those with too few resolved questions to have one of their own.
    """

    overall: float | None
    by_source: Mapping[str, float | None]

    @property
    def any(self) -> bool:
        """Whether questions of some source can be flagged."""
        return self.overall is not None or any(found is not None for found in self.by_source.values())

    def of(self, source: str) -> float | None:
        """The threshold for questions of a source."""
        return self.by_source.get(source, self.overall)


def thresholds(spread: Iterable[Mapping[str, Any]]) -> Thresholds:
    """The thresholds that the `spread` rows of `app.crowd_report` teach: live forecasts alone, since open questions are
    forecast live. A source has one of its own from `MIN_CLUSTERS` clusters on, of fewer there is no interval."""
    live = [row for row in spread if row["track"] == "live"]
    own = {row["source"]: _threshold(row) for row in live if row["n_clusters"] >= MIN_CLUSTERS}
    return Thresholds(own.pop(None, None), own)


def _threshold(row: Mapping[str, Any]) -> float | None:
    """The threshold of a row whose correlation of spread with error lies above 0 with its whole interval."""
    low = row["by_spread"]["low"]
    return float(row["threshold"]) if low is not None and low > 0 else None


def flagged(ledger: Ledger, learnt: Thresholds) -> list[dict[str, Any]]:
    """The open yes/no questions whose latest aggregate has a spread of the threshold or more, the widest first.

    Where the threshold is 0, as where most members agree, a spread of 0 is not flagged. An aggregate with a person's
    number in it is passed over: its spread is not of the members alone.
    """
    if not learnt.any:
        return []
    asked = {question.id: question for question in ledger.open_questions() if isinstance(question, BinaryQuestion)}
    found = []
    for item in _latest(ledger.aggregates(asked)):
        question = asked[item.question_id]
        threshold = learnt.of(question.source)
        if threshold is None or item.spread <= 0 or item.spread < threshold:
            continue
        if isinstance(item.value, ProbabilityValue):
            found.append(_row(question, item.value.probability, item.spread, threshold))
    return sorted(found, key=lambda row: (-float(row["spread"]), str(row["id8"])))


def _row(question: BinaryQuestion, aggregate: float, spread: float, threshold: float) -> dict[str, Any]:
    return {
        "id8": question.id[:8],
        "question": question.text,
        "aggregate": aggregate,
        "spread": spread,
        "threshold": threshold,
        "source": question.source,
    }


def _latest(aggregates: Sequence[Aggregate]) -> Iterable[Aggregate]:
    """Each question's aggregate with the latest cut-off, the last recorded of those with the same."""
    found: dict[str, Aggregate] = {}
    for item in aggregates:
        before = found.get(item.question_id)
        if not item.rule.startswith(f"{HYBRID}:") and (before is None or item.as_of >= before.as_of):
            found[item.question_id] = item
    return found.values()
