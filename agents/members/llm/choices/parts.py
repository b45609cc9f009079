"""One run that asks its model several things at once about the options of a question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from agents.answers import Parsed
from agents.gathering import all_of
from agents.members.llm.run import Task, most_common
from agents.members.llm.run_log import RunLog
from db.errors import MemberFailed
from db.records import FailureReason, MultipleChoiceQuestion
from db.values import ProbabilitiesValue
from ensembles.odds import Floats

T = TypeVar("T")
Part = Callable[[RunLog], Awaitable[T]]


async def at_once(log: RunLog, parts: Sequence[Part[T]]) -> list[T | MemberFailed]:
    """What the parts answer, in order, a failure in the place of each that does not.

    Each part has a log of its own, so that its steps stand together; all are added to `log`, however this ends.
    """
    logs = [RunLog() for _ in parts]
    try:
        return await all_of(_outcome(part, own) for part, own in zip(parts, logs, strict=True))
    finally:
        log.add(logs)


async def _outcome(part: Part[T], log: RunLog) -> T | MemberFailed:
    try:
        found = await part(log)
    except MemberFailed as failure:
        log.note(f"No answer to this part: {failure}")
        return failure
    for note in found.notes if isinstance(found, Parsed) else ():
        log.note(note)
    return found


def all_answered(outcomes: Sequence[T | MemberFailed], what: str) -> list[T]:
    """The answers where every part gave one, else MemberFailed with the most common reason; `what` names the parts."""
    failures = [outcome for outcome in outcomes if isinstance(outcome, MemberFailed)]
    if failures:
        raise failed(failures, asked=len(outcomes), what=what)
    return [outcome for outcome in outcomes if not isinstance(outcome, MemberFailed)]


def failed(failures: Sequence[MemberFailed], *, asked: int, what: str) -> MemberFailed:
    """The failure of a run in which too many of the parts asked failed."""
    listed = [(FailureReason(failure.reason), str(failure)) for failure in failures]
    reason, detail = most_common(listed, asked=asked, what=what)
    return MemberFailed(detail, reason=reason)


def options_of(task: Task) -> tuple[str, ...]:
    """The options of the question; raises MemberFailed(reason=unsupported) where it has none."""
    if not isinstance(task.question, MultipleChoiceQuestion):
        raise MemberFailed("only a multiple-choice question has options", reason=FailureReason.UNSUPPORTED)
    return task.question.options


def in_order(task: Task, options: Sequence[str]) -> Task:
    """The task with the question's options in this order; it stays the same question, with the same id."""
    return replace(task, question=task.question.model_copy(update={"options": tuple(options)}))


def row(options: Sequence[str], parsed: Parsed) -> list[float]:
    """The probabilities of an answer in the order of `options`."""
    if not isinstance(parsed.value, ProbabilitiesValue):
        raise MemberFailed("the answer has no probability for each option", reason=FailureReason.UNSUPPORTED)
    return [parsed.value.probabilities[option] for option in options]


def value(options: Sequence[str], probability: Floats) -> ProbabilitiesValue:
    """Probabilities in the order of `options` as a forecast's value."""
    return ProbabilitiesValue(probabilities=dict(zip(options, map(float, probability), strict=True)))
