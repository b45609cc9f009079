"""What the event store counted: how often windows like the question's met its criterion, in one sentence."""

from __future__ import annotations

from db.events.snapshot import Snapshot
from db.questions.resolver import criterion_of
from db.records import Question
from tools.registry import toolbox


def counted_base_rate(question: Question, snapshot: Snapshot) -> str:
    """The sentence; empty where the question has no criterion to count, or the store does not know enough."""
    criterion = criterion_of(question)
    if criterion is None or criterion.min_mentions != snapshot.view.min_mentions:
        return ""
    found = toolbox(snapshot)["get_base_rate"](
        head_entities=[criterion.subject],
        tail_entities=[criterion.object],
        relations=None if criterion.codes is None else list(criterion.codes),
        window_days=(criterion.last_day - criterion.first_day).days + 1,
        at_least=criterion.at_least,
    )
    return "" if found.failed else found.text
