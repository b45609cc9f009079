"""A question as it is typed on the command line: about events between two countries, or in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pydantic import ValidationError

from agents.members.registry import models_of
from db import cameo, countries
from db.errors import BadInput
from db.events.store import DEFAULT_VIEW
from db.questions.factory import binary_question
from db.records import BinaryQuestion, EventCriterion, MultipleChoiceQuestion, NumericQuestion, Question, Special

DEFAULT_HORIZON = timedelta(days=30)
"""How far ahead a question in words looks if it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says of a question, as it was typed."""

    text: str
    actors: tuple[str | None, str | None] = (None, None)
    window: tuple[date | None, date | None] = (None, None)
    codes: tuple[str, ...] = ()
    at_least: int = 1
    options: tuple[str, ...] = ()
    number: bool = False
    bounds: tuple[float | None, float | None] = (None, None)
    unit: str = ""
    criteria: str = ""


def question_of(asked: Asked, cut: datetime) -> Question:
    """The question that was typed, opened at `cut`; raises BadInput naming what is wrong with it."""
    if not asked.text.strip():
        raise BadInput("the question has no words: say what you want to know")
    try:
        return _question(asked, cut)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise BadInput(f"this cannot be asked: {reason}") from error
    except OverflowError as error:
        raise BadInput("this cannot be asked: it would end after the year 9999, so say an earlier --by") from error


def check_members(question: Question, members: Sequence[str]) -> None:
    """Raises BadInput where none of the members (all statistical ones, if empty) could read the question."""
    if not (isinstance(question, BinaryQuestion) and question.criterion) and not models_of(members):
        raise BadInput(
            "only a language model can read a question in words: name one, such as --member react:openai/gpt-5, "
            "or say who acts toward whom with --actor1, --actor2, --from and --to"
        )


def opening(asked_from: date | None, now: datetime) -> datetime:
    """As of when a question is asked that does not say: of now, or of the first midnight of its window if earlier."""
    return now if asked_from is None else min(now, datetime.combine(asked_from, time(), tzinfo=UTC))


def _question(asked: Asked, cut: datetime) -> Question:
    """The question that was typed: about events between two countries if it names them, else in words."""
    actors = [actor for actor in asked.actors if actor]
    if actors:
        return _event_question(asked, cut)
    if asked.codes:
        raise BadInput("--codes are events between two countries: say which with --actor1 and --actor2")
    if asked.number and asked.options:
        raise BadInput("--number and --option exclude each other: an answer is a number or one of the options")
    if not asked.number and (asked.bounds != (None, None) or asked.unit):
        raise BadInput("--lower, --upper and --unit are of a number: add --number")
    last = asked.window[1]
    until = datetime.combine(last + timedelta(days=1), time(), tzinfo=UTC) if last else cut + DEFAULT_HORIZON
    if until <= cut:
        raise BadInput(f"--by {last} lies before {cut:%Y-%m-%d %H:%M} UTC, as of which this is asked")
    common = {
        "text": asked.text,
        "resolution_criteria": asked.criteria,
        "open_at": cut,
        "resolve_by": until,
        "source": "auspex-ask",
    }
    if asked.options:
        _check_options(asked.options)
        return MultipleChoiceQuestion.model_validate(common | {"options": asked.options})
    if asked.number:
        lower, upper = asked.bounds
        if lower is not None and upper is not None and lower >= upper:
            raise BadInput(f"--lower {lower:g} is not below --upper {upper:g}")
        return NumericQuestion.model_validate(common | {"lower": lower, "upper": upper, "unit": asked.unit})
    return BinaryQuestion.model_validate(common)


def _check_options(options: tuple[str, ...]) -> None:
    """Raises BadInput for options that could not be told apart, or not from an outcome that is none of them."""
    if len(set(options)) < len(options) or len(options) < 2:
        raise BadInput("give two or more different answers, each with its own --option")
    for option in options:
        if option != option.strip():
            raise BadInput(f"--option {option!r} begins or ends with a space: write it without")
        if option.upper() in set(Special):
            raise BadInput(f"--option {option!r} is what a question is called that has no outcome: say it otherwise")


def _event_question(asked: Asked, cut: datetime) -> BinaryQuestion:
    subject, object = asked.actors
    first, last = asked.window
    if subject is None or object is None:
        raise BadInput("a question about events needs both --actor1 and --actor2")
    if first is None or last is None:
        raise BadInput("a question about events needs its window: --from 2025-06-02 --to 2025-06-08")
    if last < first:
        raise BadInput(f"the window {first}..{last} is empty: --to lies before --from")
    if datetime.combine(last, time(), tzinfo=UTC) < cut:
        raise BadInput(f"--to {last} lies before {cut:%Y-%m-%d %H:%M} UTC, as of which this is asked")
    if asked.options or asked.number:
        raise BadInput("--option and --number are for questions in words: leave out --actor1 and --actor2")
    criterion = EventCriterion(
        subject=countries.resolve(subject),
        object=countries.resolve(object),
        codes=tuple(cameo.check(code) for code in asked.codes) or None,
        first_day=first,
        last_day=last,
        at_least=asked.at_least,
        min_mentions=DEFAULT_VIEW.min_mentions,
    )
    return binary_question(criterion, open_at=cut, text=asked.text)
