"""Models that prefer an option of every multiple-choice question, each for a reason of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.dev.answers import Answer
from app.dev.asked import Asked
from app.dev.policies import scripted
from app.dev.replies import Reply

PREFERRED = 0.7
"""The probability of the option preferred; the others share the rest evenly."""


def _preferring(
    choose: Callable[[Sequence[str]], str], preferred: float = PREFERRED
) -> Callable[[Asked], Reply | Answer]:
    """The good model, but of the options of a question it prefers the one that is chosen.

    Asked for a wrong answer it turns its probabilities round, and it judges a candidate as it judges the options.
    """

    def turn(asked: Asked) -> Reply | Answer:
        found = scripted(asked)
        question = asked.question
        if not isinstance(found, Answer) or question is None or len(question.options) < 2:
            return found
        best, others = choose(question.options), len(question.options) - 1
        believed = {option: preferred if option == best else (1 - preferred) / others for option in question.options}
        reasons = f"There is most to be said for {best}."
        found = replace(found, reasons=reasons).saying(rationale=reasons)
        if question.candidate is not None:
            return found.saying(probability=believed[question.candidate])
        shares = {option: (1 - p) / others if asked.wants_wrong else p for option, p in believed.items()}
        return found.saying(options=[{"option": option, "probability": p} for option, p in shares.items()])

    return turn


OPINIONATED: dict[str, Callable[[Asked], Reply | Answer]] = {
    "first-option": _preferring(lambda options: options[0]),
    "one-option": _preferring(max),
    "sure-option": _preferring(max, preferred=1.0),
}
"""Biased: for whatever stands first. Convinced, and certain: of the last in the alphabet, wherever it stands."""
