"""What members may know of earlier questions: outcomes from the ledger, bound to the snapshot they are asked under."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from agents.members.past import Past, PastOutcome, PastOutcomes
from db.events.snapshot import Snapshot

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger


def past_of(ledger: Ledger) -> Past:
    """A reader of this ledger's outcomes with `known_at` before a snapshot's `as_of`, corrections included."""

    def past(snapshot: Snapshot, sources: Collection[str]) -> PastOutcomes:
        if not sources:
            return PastOutcomes(snapshot.as_of)
        known = ledger.track_record(known_before=snapshot.as_of, members=()).questions
        asked = ledger.questions(key for key, item in known.items() if item.source in sources)
        return PastOutcomes(
            snapshot.as_of,
            [
                PastOutcome(
                    question_id=question.id,
                    source=question.source,
                    series=question.source_id,
                    horizon_days=(question.resolve_by - question.open_at).days,
                    outcome=known[question.id].outcome,
                    known_at=known[question.id].known_at,
                )
                for question in asked
            ],
        )

    return past
