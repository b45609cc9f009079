"""What a language-model member tells its model: how to forecast, what an answer looks like, and the question.

Every question is stated in plain lines (`Kind: binary`, `Subject: China (CHN)`, ...), so that no fact has to be read
out of prose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import db.cameo as cameo
import db.countries as countries
from agents.answer_forms import one_line
from agents.prompting import prompt_hash, render
from db.records import (
    BinaryQuestion,
    EventCriterion,
    MultipleChoiceQuestion,
    NumericQuestion,
    Question,
    RelationQuestion,
)
from tools.untrusted import MARK, quoted

_WHOLE_CODEBOOK = ("direct", "cot")
"""Kinds that are told all 149 base codes, about 2,000 tokens: nothing else would tell them. To the others the tools and
the dossier name the codes that matter, with their titles."""
_BESIDES: dict[str, tuple[str, ...]] = {
    "rag": ("dossier",),
    "react": ("run_python", "invalid_call"),
    "code_act": ("execution", "mixed_reply"),
    "equilibrium": ("answer_incorrect", "answer_candidate"),
    "backward": ("backward", "backward_answer"),
}
"""What kinds of members, and ways of ranking options, tell a model besides."""


def system_prompt(kind: str, question: Question, as_of: datetime, *, asking: str = "", **fields: str) -> str:
    """The standing orders of a kind of member for a kind of question; `fields` are what only that kind has.

    `asking` is the template that says what is to be answered where that is not the question itself.
    """
    if isinstance(question, RelationQuestion):
        answer = render("answer_relation", codes=_codebook(whole=kind in _WHOLE_CODEBOOK))
    else:
        answer = render(asking or f"answer_{question.kind}")
    return render(kind, method=render("method", as_of=moment(as_of), mark=MARK.strip()), answer=answer, **fields)


def question_prompt(question: Question, as_of: datetime, *, candidate: str = "") -> str:
    """The question under its heading: its text, its plain lines, and whatever else was written about it.

    `candidate` is the one option that is to be judged, if one is.
    """
    lines = [*_plain_lines(question, as_of), *([("Candidate", one_line(candidate))] if candidate else [])]
    return render(
        "question",
        text=one_line(question.text),
        lines="\n".join(f"{name}: {value}" for name, value in lines),
        details="".join(f"\n\n{section}" for section in _details(question)),
    )


def backward_prompts(answer: str, as_of: datetime, n: int) -> tuple[str, str]:
    """The standing orders, and the message with an answer, for which `n` questions are asked that it may reply to."""
    return render("backward", as_of=moment(as_of), n=str(n)), render("backward_answer", answer=one_line(answer))


def hash_of(kind: str, question: Question, *, rank: str | None = None) -> str:
    """The hash of all templates that a kind of member, ranking options by `rank`, may use for a kind of question."""
    besides = (*_BESIDES.get(kind, ()), *_BESIDES.get(rank or "", ()))
    return prompt_hash(kind, "method", f"answer_{question.kind}", "question", "author", "repair", *besides)


def moment(at: datetime) -> str:
    """A moment as every prompt states it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _plain_lines(question: Question, as_of: datetime) -> Iterator[tuple[str, str]]:
    yield "Kind", question.kind
    if isinstance(question, RelationQuestion):
        yield from _actors(question.subject, question.object)
        yield "Day", str(question.day)
        yield from _counted_above(question.min_mentions)
        yield "Given", "at least one event is reported" if question.given_any_event else "nothing, there may be none"
    elif isinstance(question, BinaryQuestion) and question.criterion:
        yield from _criterion(question.criterion)
    elif isinstance(question, MultipleChoiceQuestion):
        for option in question.options:
            yield "Option", one_line(option)
    elif isinstance(question, NumericQuestion):
        bounds = (("Lower bound", question.lower), ("Upper bound", question.upper))
        yield from ((name, f"{bound:.15g}") for name, bound in bounds if bound is not None)
        if unit := one_line(question.unit):
            yield "Unit", unit
    yield "Resolved by", moment(question.resolve_by)
    yield "Known until", moment(as_of)


def _criterion(criterion: EventCriterion) -> Iterator[tuple[str, str]]:
    yield from _actors(criterion.subject, criterion.object)
    yield "Window", f"{criterion.first_day} to {criterion.last_day}"
    yield "Codes", "any" if criterion.codes is None else ", ".join(criterion.codes)
    yield "At least", str(criterion.at_least)
    yield from _counted_above(criterion.min_mentions)


def _actors(subject: str, object: str) -> Iterator[tuple[str, str]]:
    yield "Subject", f"{countries.name(subject)} ({subject})"
    yield "Object", f"{countries.name(object)} ({object})"


def _counted_above(min_mentions: int) -> Iterator[tuple[str, str]]:
    if min_mentions:
        yield "Counted above", f"{min_mentions} mentions"


def _details(question: Question) -> Iterator[str]:
    """What the question's author wrote besides, quoted so that no heading or block in it is one of the prompt's."""
    written = (
        ("Resolution criteria", question.resolution_criteria),
        ("Fine print", question.fine_print),
        ("Background", question.background),
    )
    sections = [_section(heading, quoted(text.strip())) for heading, text in written if text.strip()]
    if sections:
        yield render("author", mark=MARK.strip(), sections="\n\n".join(sections))
    if isinstance(question, BinaryQuestion) and question.criterion and question.criterion.codes:
        yield _section("What the codes mean", map(_titled, question.criterion.codes))


def _section(heading: str, lines: Iterable[str]) -> str:
    return f"### {heading}\n\n" + "\n".join(lines)


def _codebook(*, whole: bool) -> str:
    """The roots with their titles, or all roots and base codes, one a line."""
    codes = (code for code in cameo.all_codes() if len(code) <= (3 if whole else 2))
    return ("The codes:\n\n" if whole else "The roots:\n\n") + "\n".join(map(_titled, codes))


def _titled(code: str) -> str:
    return f"{code} {cameo.name(code)}"
