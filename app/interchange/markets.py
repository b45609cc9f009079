"""What markets and tournaments have in common: a question, what they say of it now, and what came of it.

What a market says is a forecast of the member `market:` with its name, with the moment it was fetched as `as_of`; it
stands beside the crowd and is never pooled as one of its members (`agents.people`). A question that is fetched again is
the same question, though its words or dates were edited since: what it asked when it was recorded is what was forecast.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import nsmallest
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.people import MARKET
from app.interchange.fetching import JsonSource, NotThere
from app.interchange.fitting import unfit
from app.interchange.options import ImportOptions
from app.interchange.resolving import record_outcomes
from app.interchange.rows import first_problem, read_json
from app.interchange.transfer import Transfer
from db.errors import AuspexError, BadInput
from db.ledger.filters import QuestionFilter
from db.ledger.ledger import Ledger
from db.records import Forecast, Outcome, Question, Resolution
from db.values import ProbabilitiesValue, Value

TOLERANCE = 0.02
"""How far from one the prices of a market's options may sum."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A question as a market lists it; `price` is what it says while it is open, `outcome` what came of it.

    `note` says what could not be taken over of the rest, "" if nothing.
    """

    question: Question
    price: Value | None = None
    outcome: Outcome | None = None
    known_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where in an interface something is: a path and what is asked there."""

    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class NotTaken(AuspexError):
    """A document of a market that is no question here; says why."""


def _identity(document: Document) -> str:
    return str(document.get("id", "?"))


def _whole(document: Document) -> Iterable[Document]:
    return (document,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """How one market's documents are read.

    `documents` gives those behind an address, `parts` the documents of one question each that are in one, and `listed`
    the question in such a part; the last two raise NotTaken for what is no question here. `identity` names a part.
    `again` says where a question that was recorded is, which lists may no longer have.
    """

    name: str
    documents: Callable[[JsonSource, int], AsyncIterator[Document]]
    listed: Callable[[Document], Listed]
    again: Callable[[Question], Address]
    parts: Callable[[Document], Iterable[Document]] = _whole
    identity: Callable[[Document], str] = _identity
    headers: Mapping[str, str] | None = None


def tag_of(name: str) -> str:
    """The tag of questions that were read from a market's own interface."""
    return f"api:{name}"


def import_market(ledger: Ledger, source: str, market: Market, options: ImportOptions) -> Transfer:
    """Record the questions in a saved answer (a file), or behind an address, with prices and outcomes.

    Of a whole interface the questions that are recorded, open, and not in its list are asked for one by one, no more
    than `options.limit`, those that are due first: an outcome never comes with a list of what is open.
    """
    done = Transfer()
    if "://" not in source:
        listed = _read(_saved(Path(source)), market, done)
    else:
        listed = _read(asyncio.run(_fetched(source, market, options)), market, done)
        wanted = _still_open(ledger, market, listed, options.limit)
        listed += _read(asyncio.run(_fetched_again(source, market, wanted, done, options)), market, done)
    record(ledger, listed, done, market.name, now=options.now)
    return done


def _read(documents: Iterable[Document], market: Market, done: Transfer) -> list[Listed]:
    """The questions in these documents; what is none is noted in `done`."""
    listed: list[Listed] = []
    for document in documents:
        done.read += 1
        with _noted(done, _named(document, market)):
            for part in market.parts(document):
                with _noted(done, _named(part, market)):
                    listed.append(market.listed(part))
    return listed


def _named(document: Document, market: Market) -> str:
    """What a document is called, "?" where it is in no shape to say so."""
    try:
        return market.identity(document)
    except (AttributeError, TypeError):
        return "?"


def _still_open(ledger: Ledger, market: Market, listed: Iterable[Listed], limit: int) -> list[Question]:
    """The recorded questions of the market that have no outcome and are not in the list, those due first."""
    seen = {item.question.source_id for item in listed}
    found = ledger.views.stream("question", QuestionFilter(tag=tag_of(market.name), state="open"))
    return nsmallest(limit, (item for item in found if item.source_id not in seen), key=lambda item: item.resolve_by)


def _saved(path: Path) -> list[Document]:
    """The documents of an answer that was saved: one, a list, or a page of results."""
    content = read_json(path)
    rows = content.get("results", [content]) if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"file {path} holds no questions of a market: save what its interface answers")
    return rows


async def _fetched(address: str, market: Market, options: ImportOptions) -> list[Document]:
    found: list[Document] = []
    async with JsonSource(address, headers=market.headers, trusted=options.trusted) as source:
        async for document in market.documents(source, options.limit):
            found.append(document)
            options.progress(len(found), None, market.name)
            if len(found) == options.limit:
                break
    return found


async def _fetched_again(
    address: str, market: Market, wanted: Sequence[Question], done: Transfer, options: ImportOptions
) -> list[Document]:
    """The documents of questions that were recorded; what is there no longer is noted in `done`."""
    found: list[Document] = []
    asked: set[str] = set()
    async with JsonSource(address, headers=market.headers, trusted=options.trusted) as source:
        for number, question in enumerate(() if source.one_document else wanted, start=1):
            at = market.again(question)
            if str(at) in asked:  # another question of a group
                continue
            asked.add(str(at))
            try:
                found += await source.one_or_more(at.path, **at.parameters)
            except NotThere:
                done.skip(question.source_id, f"it is not at {market.name} any more: resolve it by hand")
            options.progress(number, len(wanted), f"{market.name}, recorded before")
    return found


@contextmanager
def _noted(done: Transfer, identity: str) -> Iterator[None]:
    """What is no question here, or not in the shape that it should have, is noted in `done`, and the rest goes on."""
    try:
        yield
    except NotTaken as reason:
        done.skip(identity, str(reason))
    except ValidationError as error:
        done.skip(identity, first_problem(error))
    except KeyError as error:
        done.skip(identity, f"it has no field {error}")
    except (ArithmeticError, AttributeError, IndexError, TypeError, ValueError) as error:
        done.skip(identity, f"it is not in the shape that is known: {error}")


def record(ledger: Ledger, listed: Iterable[Listed], done: Transfer, name: str, *, now: datetime) -> None:
    """Record questions that are new, and of all of them prices and outcomes; what cannot be is noted in `done`."""
    known = {item.source_id: item for item in ledger.views.stream("question", QuestionFilter(tag=tag_of(name)))}
    fresh: list[Question] = []
    prices: list[Forecast] = []
    outcomes: list[Resolution] = []
    for item in listed:
        key = item.question.source_id
        if key not in known:
            fresh.append(item.question)
        question = known.setdefault(key, item.question)
        if question.id != item.question.id:
            done.skip(key, "it was edited since it was recorded: kept as it was, its price and outcome are taken")
        if item.note:
            done.skip(key, item.note)
        if item.price is not None:
            if reason := unfit(item.price, question):
                done.skip(key, f"its price is not taken: {reason}")
            else:
                prices.append(_price(question, item.price, name, now))
        if item.outcome is not None:
            known_at = item.known_at if item.known_at is not None and item.known_at <= now else now
            made = {"question_id": question.id, "outcome": item.outcome, "source": question.url or name}
            outcomes.append(Resolution(**made, resolved_at=now, known_at=known_at))
    done.add("questions", ledger.append(fresh))
    done.add("forecasts", ledger.append(prices, run_id=f"import-{now:%Y%m%dT%H%M%S}"))
    record_outcomes(ledger, outcomes, done)


def _price(question: Question, price: Value, name: str, now: datetime) -> Forecast:
    return Forecast(question_id=question.id, member=MARKET + name, as_of=now, created_at=now, value=price)


def moment(value: Any) -> datetime | None:
    """A time as interfaces write it: ISO 8601, in UTC where it names no zone; None for none."""
    if not value:
        return None
    found = datetime.fromisoformat(str(value))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def epoch_ms(value: Any) -> datetime | None:
    """A time in milliseconds since 1970; None for none."""
    return None if value is None else datetime.fromtimestamp(float(value) / 1000, tz=UTC)


def shared(names: Sequence[str], prices: Sequence[float]) -> ProbabilitiesValue | None:
    """The prices of options that exclude each other as shares of their sum, which is one but for rounding and spread.

    None where it is further from one than `TOLERANCE`: then they are no probabilities.
    """
    total = sum(prices)
    if len(names) != len(prices) or not abs(total - 1) <= TOLERANCE:
        return None
    return ProbabilitiesValue(probabilities={name: price / total for name, price in zip(names, prices, strict=True)})


def required(moment: datetime | None, what: str) -> datetime:
    """The time; raises NotTaken where there is none."""
    if moment is None:
        raise NotTaken(f"it does not say when it {what}")
    return moment
