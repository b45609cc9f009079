"""Question sets: a round's questions into the ledger, and out of it as the file that they came from.

A question of a dataset is one question here for each of its resolution dates; it is open from the forecast due date to
the end of that date, when its value is due. A question of a market or tournament is one question, open as long as it is
there, and what the market said when the set was frozen is a forecast of the member `market:` with its source's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from pydantic import ValidationError

from agents.people import MARKET
from app.interchange.forecastbench.documents import LICENCE, MISSING, QuestionSet, SetQuestion
from app.interchange.forecastbench.wording import Background, Frozen, filled, parts, template
from app.interchange.rows import first_problem
from app.interchange.transfer import Transfer
from db.errors import BadInput
from db.ledger.filters import QuestionFilter
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, Forecast, Question
from db.values import ProbabilityValue

TAG = "forecastbench"
DATASET = "forecastbench:dataset"
"""The tag of a dataset's questions, each about one resolution date."""
ROUND = "llm"
"""The question set of a round that models answer; `human` is the shorter one that people did."""


def tag_of(question_set: str) -> str:
    """The tag of a set's questions, from the set's file name: `forecastbench:2026-08-16-llm`."""
    return f"{TAG}:{question_set.removesuffix('.json')}"


def set_name(due: date, round: str = ROUND) -> str:
    """The file name of a round's question set."""
    return f"{due.isoformat()}-{round}.json"


def end_of(day: date) -> datetime:
    """The first moment after a day, in UTC."""
    return datetime.combine(day + timedelta(1), time(), tzinfo=UTC)


def start_of(day: date) -> datetime:
    """The first moment of a day, in UTC."""
    return datetime.combine(day, time(), tzinfo=UTC)


def import_question_set(ledger: Ledger, found: QuestionSet, *, now: datetime) -> Transfer:
    """Record the questions of a set, and the markets' prices with `now` as the time they were recorded at."""
    done = Transfer(read=len(found.questions))
    questions: list[Question] = []
    prices: list[Forecast] = []
    for item in found.questions:
        try:
            made = list(_questions(item, found))
        except ValidationError as error:
            done.skip(item.id, first_problem(error))
            continue
        questions += made
        if (price := market_price(item)) is not None and item.freeze_datetime is not None:
            prices += [_price_of(question, item, item.freeze_datetime, price, now) for question in made]
        elif item.resolution_dates is None:
            done.skip(item.id, f"its price {item.freeze_datetime_value!r} is no probability: taken without it")
    done.add("questions", ledger.append(questions))
    done.add("forecasts", ledger.append(prices, run_id=_run(found)))
    return done


def market_price(item: SetQuestion) -> float | None:
    """What the market said of a question when the set was frozen, None where that is no probability."""
    if item.resolution_dates is not None:
        return None
    try:
        price = float(item.freeze_datetime_value or MISSING)
    except ValueError:
        return None
    return price if 0 <= price <= 1 else None


def _run(found: QuestionSet) -> str:
    return f"import-{found.question_set.removesuffix('.json')}"[:40]


def _questions(item: SetQuestion, found: QuestionSet) -> Iterator[BinaryQuestion]:
    due = found.forecast_due_date
    for day in item.resolution_dates if item.resolution_dates is not None else (None,):
        opened = item.market_info_open_datetime or start_of(due)
        yield BinaryQuestion(
            text=filled(item.question, due=due, resolution_date=day),
            resolution_criteria=filled(item.resolution_criteria or "", due=due, resolution_date=day),
            fine_print=filled(item.market_info_resolution_criteria or "", due=due, resolution_date=day),
            background=_background(item).written(),
            open_at=opened,
            close_at=item.market_info_close_datetime if day is None else end_of(due),
            resolve_by=(item.market_info_close_datetime or end_of(due)) if day is None else end_of(day),
            source=item.source,
            source_id=item.id,
            url=item.url or "",
            tags=(TAG, tag_of(found.question_set), *(() if day is None else (DATASET,))),
            licence=LICENCE,
        )


def _background(item: SetQuestion) -> Background:
    frozen = None
    if market_price(item) is None and item.freeze_datetime is not None:
        value = item.freeze_datetime_value or "", item.freeze_datetime_value_explanation or ""
        frozen = Frozen(item.freeze_datetime, *value)
    return Background(item.background or "", item.source_intro or "", frozen)


def _price_of(question: Question, item: SetQuestion, frozen: datetime, price: float, now: datetime) -> Forecast:
    return Forecast(
        question_id=question.id,
        member=MARKET + item.source,
        as_of=frozen,
        created_at=now,
        value=ProbabilityValue(probability=price),
        rationale=item.freeze_datetime_value_explanation or "",
        raw_text=item.freeze_datetime_value or "",
    )


def asked_in(ledger: Ledger, question_set: str) -> list[BinaryQuestion]:
    """The questions of a set, in its order; raises BadInput for a set that was not imported."""
    stream = ledger.views.stream("question", QuestionFilter(tag=tag_of(question_set)))
    found = [question for question in stream if isinstance(question, BinaryQuestion)]
    if not found:
        raise BadInput(f"the ledger has no questions of {question_set}: auspex import forecastbench {question_set}")
    return found


def resolution_day(question: BinaryQuestion) -> date | None:
    """The resolution date of a dataset's question, None for a market's."""
    return (question.resolve_by - timedelta(1)).date() if DATASET in question.tags else None


def export_question_set(ledger: Ledger, question_set: str) -> QuestionSet:
    """The set that was imported, as it was; a text that was missing is missing again."""
    questions = asked_in(ledger, question_set)
    due = date.fromisoformat(question_set[:10])
    prices = _prices(ledger, questions)
    groups: dict[tuple[str, str], list[BinaryQuestion]] = {}
    for question in questions:
        groups.setdefault((question.source, question.source_id), []).append(question)
    rows = tuple(_row(group, due, prices.get(group[0].id)) for group in groups.values())
    return QuestionSet(forecast_due_date=due, question_set=question_set, questions=rows)


def _prices(ledger: Ledger, questions: Iterable[Question]) -> dict[str, Forecast]:
    """The first price of each question."""
    found: dict[str, Forecast] = {}
    for forecast in ledger.forecasts(question.id for question in questions):
        if forecast.member.startswith(MARKET):
            found.setdefault(forecast.question_id, forecast)
    return found


def _row(group: list[BinaryQuestion], due: date, price: Forecast | None) -> SetQuestion:
    first, background = group[0], parts(group[0].background)
    days = tuple(day for question in group if (day := resolution_day(question)) is not None)
    frozen = background.frozen
    if price is not None and frozen is None:
        frozen = Frozen(price.as_of, price.raw_text, price.rationale)

    def unfilled(text: str) -> str:
        return template(text, due=due, resolution_date=days[0]) if days else text

    return SetQuestion(
        id=first.source_id,
        source=first.source,
        question=unfilled(first.text),
        resolution_criteria=unfilled(first.resolution_criteria),
        background=background.text,
        market_info_open_datetime=None if days else first.open_at,
        market_info_close_datetime=None if days else first.close_at,
        market_info_resolution_criteria=unfilled(first.fine_print),
        url=first.url,
        freeze_datetime=frozen.at if frozen else None,
        freeze_datetime_value=frozen.value if frozen else None,
        freeze_datetime_value_explanation=frozen.explanation if frozen else None,
        source_intro=background.source_intro,
        resolution_dates=days or None,
    )
