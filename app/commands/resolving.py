"""`auspex questions resolve` and `annul`: outcomes that a person brings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from app.cli.options import moment, plain_text
from app.commands.places import open_ledger
from app.commands.questions import dump, found_question
from app.outcomes import outcome_text, read_outcome
from app.output import emit_json, out
from db.errors import BadInput
from db.questions.resolver import criterion_of
from db.records import Outcome, Question, Resolution, Special

BY_HAND = "by hand"


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
    """Record what came of a question; `known_at` is when it became knowable, see `_knowable`.

    What the event store resolves by itself is overruled only where `known_at` is given.
    """

    def outcome_of(question: Question) -> Outcome:
        if criterion_of(question) is not None and known_at is None:
            raise BadInput(
                "the event store resolves this question: auspex resolve. To overrule it, say when the outcome was "
                "known: --known-at 2025-06-09"
            )
        return read_outcome(question, outcome)

    _record(
        question_id,
        outcome_of,
        known_at,
        plain_text(source, "--source") or BY_HAND,
        ledger,
        correct=correct,
        as_json=as_json,
    )


def annul(
    question_id: str, known_at: str | None, reason: str, ledger: str | None, *, correct: bool, as_json: bool
) -> None:
    """Take a question out of scoring."""
    source = f"{BY_HAND}: {plain_text(reason, '--reason')}" if reason else BY_HAND
    _record(question_id, lambda _: Special.ANNULLED, known_at, source, ledger, correct=correct, as_json=as_json)


def _record(
    question_id: str,
    outcome_of: Callable[[Question], Outcome],
    known_at: str | None,
    source: str,
    ledger: str | None,
    *,
    correct: bool,
    as_json: bool,
) -> None:
    now = datetime.now(UTC)
    with open_ledger(ledger) as book:
        question = found_question(book, question_id)
        resolution = Resolution(
            question_id=question.id,
            outcome=outcome_of(question),
            resolved_at=now,
            known_at=_knowable(question, known_at, now),
            source=source,
        )
        before = book.resolutions([question.id]).get(question.id)
        if before is not None and before.outcome != resolution.outcome and not correct:
            raise BadInput(
                f"the question is resolved as {outcome_text(before.outcome)}, not {outcome_text(resolution.outcome)}: "
                "add --correct to correct that"
            )
        new = book.resolve([resolution], correct=correct)
        counts = book.resolutions([question.id])[question.id]
    if as_json:
        emit_json({"questions": [dump(question)], "resolution": dump(counts), "new": new})
        return
    out.print(question.text, style="bold", highlight=False)
    done = "Recorded" if new else "Recorded before"
    out.print(f"{done}: {outcome_text(counts.outcome)}, known at {counts.known_at:%Y-%m-%d %H:%M} UTC.")
    out.print("Next: auspex leaderboard, auspex crowd report, auspex assist report", style="dim")


def _knowable(question: Question, known_at: str | None, now: datetime) -> datetime:
    """When the outcome became knowable: as said, else now, but no later than the question was to be resolved.

    What was forecast after that could have seen the outcome and must not pass for a live forecast. Raises BadInput
    for a moment in the future, and for one that is not after the question was opened.
    """
    known = moment(known_at, "--known-at") if known_at else min(now, question.resolve_by)
    if known > now:
        raise BadInput(f"--known-at {known:%Y-%m-%d %H:%M} UTC is in the future: nothing is known of it yet")
    if known <= question.open_at:
        raise BadInput(
            f"--known-at {known:%Y-%m-%d %H:%M} UTC is not after the question was asked "
            f"({question.open_at:%Y-%m-%d %H:%M} UTC): what was known then is no forecast"
        )
    return known
