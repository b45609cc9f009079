"""`auspex questions resolve` and `annul`: outcomes that a person brings."""

from __future__ import annotations

from datetime import UTC, datetime

from app.by_hand import BY_HAND, Said, Wording, record
from app.cli.options import moment, plain_text
from app.commands.places import open_ledger
from app.commands.questions import dump, found_question
from app.output import emit_json, out
from db.outcomes import outcome_text

_WORDING = Wording(known_at="--known-at", correct="add --correct")


def resolve(
    question_id: str,
    outcome: str,
    known_at: str | None,
    source: str,
    ledger: str | None,
    *,
    correct: bool,
    as_json: bool,
) -> None:
    """Record what came of a question; see `app.by_hand.record`."""
    said = Said(
        outcome=outcome,
        known_at=_moment(known_at),
        source=plain_text(source, "--source") or BY_HAND,
        correct=correct,
    )
    _record(question_id, said, ledger, as_json=as_json)


def annul(
    question_id: str, known_at: str | None, reason: str, ledger: str | None, *, correct: bool, as_json: bool
) -> None:
    """Take a question out of scoring."""
    source = f"{BY_HAND}: {plain_text(reason, '--reason')}" if reason else BY_HAND
    said = Said(outcome=None, known_at=_moment(known_at), source=source, correct=correct)
    _record(question_id, said, ledger, as_json=as_json)


def _moment(known_at: str | None) -> datetime | None:
    return moment(known_at, "--known-at") if known_at else None


def _record(question_id: str, said: Said, ledger: str | None, *, as_json: bool) -> None:
    with open_ledger(ledger) as book:
        question = found_question(book, question_id)
        recorded = record(book, question, said, now=datetime.now(UTC), wording=_WORDING)
    counts = recorded.resolution
    if as_json:
        emit_json({"questions": [dump(question)], "resolution": dump(counts), "new": int(recorded.new)})
        return
    out.print(question.text, style="bold", highlight=False)
    done = "Recorded" if recorded.new else "Recorded before"
    out.print(f"{done}: {outcome_text(counts.outcome)}, known at {counts.known_at:%Y-%m-%d %H:%M} UTC.")
    out.print("Next: auspex leaderboard, auspex crowd report, auspex assist report", style="dim")
