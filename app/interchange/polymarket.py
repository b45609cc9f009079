"""Polymarket's Gamma interface (https://docs.polymarket.com): markets of two outcomes, yes and no or other names.

Lists stand as JSON inside strings. Which price is whose is read from the outcomes' names: yes is not always first.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from app.interchange.fetching import JsonSource
from app.interchange.markets import (
    Address,
    Document,
    Listed,
    Market,
    NotTaken,
    import_market,
    moment,
    required,
    shared,
    tag_of,
)
from app.interchange.options import ImportOptions
from app.interchange.transfer import Transfer
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, MultipleChoiceQuestion, Outcome, Question
from db.values import ProbabilityValue

NAME = "polymarket"
_PAGE = 100
_YES_NO = {"yes", "no"}
_ROUNDING = 1e-3
"""How far from 0 or 1 the price of a resolved market's outcome may lie."""
_HALF = 0.5
"""The price of yes and of no where a market resolved half of each."""


def read(ledger: Ledger, source: str, options: ImportOptions) -> Transfer:
    """Record the markets of a saved answer or behind an address, such as https://gamma-api.polymarket.com."""
    market = Market(name=NAME, documents=_documents, listed=_listed, again=_again)
    return import_market(ledger, source, market, options)


async def _documents(source: JsonSource, limit: int) -> AsyncIterator[Document]:
    if source.one_document:
        for item in await source.one_or_more():
            yield item
        return
    at, size = 0, min(limit, _PAGE)
    while page := await source.objects("/markets", closed="false", limit=size, offset=at):
        for item in page:
            yield item
        at += len(page)


def _again(question: Question) -> Address:
    """Where a market is that the list of open ones no longer has; nothing is there while it is open."""
    return Address("/markets", {"condition_ids": question.source_id, "closed": "true"})


def _listed(item: Document) -> Listed:
    names, said = _inner(item, "outcomes"), _inner(item, "outcomePrices", "[]")
    prices = dict(zip(names, map(float, said), strict=True)) if len(said) == len(names) else {}
    if {name.lower() for name in names} == _YES_NO:
        return _binary(item, {name.lower(): price for name, price in prices.items()})
    return _choice(item, names, prices)


def _inner(item: Document, name: str, default: str | None = None) -> list[str]:
    """A list of texts that stands as JSON inside a string."""
    text = item[name] if default is None else item.get(name) or default
    found = json.loads(text) if isinstance(text, str) else text
    if not isinstance(found, list):
        raise NotTaken(f"its {name} are no list")
    return [str(part) for part in found]


def _common(item: Document) -> dict[str, Any]:
    opened = required(moment(item.get("startDate") or item.get("createdAt")), "opened")
    ends = required(moment(item.get("endDate")), "ends")
    return {
        "text": item["question"],
        "resolution_criteria": item.get("description") or "",
        "fine_print": item.get("resolutionSource") or "",
        "open_at": opened,
        "close_at": ends,
        "resolve_by": ends,
        "source": NAME,
        "source_id": str(item.get("conditionId") or item["id"]),
        "url": f"https://polymarket.com/market/{item['slug']}" if item.get("slug") else "",
        "tags": (tag_of(NAME),),
        "licence": "Polymarket terms of use",
    }


def _resolved(item: Document) -> bool:
    """Whether the outcome is final: said to be, and no longer proposed or disputed."""
    return bool(item.get("closed")) and item.get("umaResolutionStatus") == "resolved"


def _came(prices: Mapping[str, float]) -> str:
    """The outcome that a resolved market's prices name: one is 1 and the others 0, but for rounding; "" for none."""
    sure = [name for name, price in prices.items() if abs(price - 1) <= _ROUNDING]
    none = [name for name, price in prices.items() if abs(price) <= _ROUNDING]
    return sure[0] if len(sure) == 1 and len(sure) + len(none) == len(prices) else ""


def _binary(item: Document, prices: Mapping[str, float]) -> Listed:
    question = BinaryQuestion(**_common(item))
    yes = prices.get("yes")
    if not item.get("closed"):
        return Listed(question=question, price=None if yes is None else ProbabilityValue(probability=yes))
    if not _resolved(item):
        return Listed(question=question, note="it is closed and its outcome is not final")
    came = _came(prices)
    outcome: Outcome | None = came == "yes" if came else _HALF if set(prices.values()) == {_HALF} else None
    if outcome is None:
        return Listed(question=question, note="it is resolved, and its prices are neither yes, no nor half of each")
    return Listed(question=question, outcome=outcome, known_at=moment(item.get("closedTime")))


def _choice(item: Document, names: list[str], prices: Mapping[str, float]) -> Listed:
    question = MultipleChoiceQuestion(**_common(item), options=tuple(names))
    if not item.get("closed"):
        return Listed(question=question, price=shared(names, [prices[name] for name in names]) if prices else None)
    came = _came(prices) if _resolved(item) else ""
    if not came:
        return Listed(question=question, note="it is closed, and no one outcome of it is final")
    return Listed(question=question, outcome=came, known_at=moment(item.get("closedTime")))
