"""Polymarket's Gamma interface (https://docs.polymarket.com): markets of two outcomes, yes and no or other names.

Lists stand as JSON inside strings. Which price is whose is read from the outcomes' names: yes is not always first.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from app.interchange.fetching import JsonSource
from app.interchange.markets import (
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
from db.records import BinaryQuestion, MultipleChoiceQuestion, Outcome
from db.values import ProbabilityValue

NAME = "polymarket"
_PAGE = 100
_YES_NO = {"yes", "no"}


def read(ledger: Ledger, source: str, options: ImportOptions) -> Transfer:
    """Record the markets of a saved answer or behind an address, such as https://gamma-api.polymarket.com."""
    market = Market(name=NAME, documents=_documents, listed=_listed)
    return import_market(ledger, source, market, options)


async def _documents(source: JsonSource, limit: int) -> AsyncIterator[Document]:
    if source.one_document:
        found = await source.document()
        for item in found if isinstance(found, list) else [found]:
            yield item
        return
    at, size = 0, min(limit, _PAGE)
    while page := await source.get("/markets", closed="false", limit=size, offset=at):
        for item in page:
            yield item
        at += len(page)


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
    """Whether the outcome is final, and no longer proposed or disputed."""
    return bool(item.get("closed")) and item.get("umaResolutionStatus", "resolved") == "resolved"


def _binary(item: Document, prices: Mapping[str, float]) -> Listed:
    question = BinaryQuestion(**_common(item))
    yes = prices.get("yes")
    if not item.get("closed"):
        return Listed(question=question, price=None if yes is None else ProbabilityValue(probability=yes))
    if not _resolved(item) or yes is None:
        return Listed(question=question, note="it is closed and its outcome is not final")
    outcome: Outcome = bool(yes) if yes in (0.0, 1.0) else yes
    return Listed(question=question, outcome=outcome, known_at=moment(item.get("closedTime")))


def _choice(item: Document, names: list[str], prices: Mapping[str, float]) -> Listed:
    question = MultipleChoiceQuestion(**_common(item), options=tuple(names))
    if not item.get("closed"):
        return Listed(question=question, price=shared(names, [prices[name] for name in names]) if prices else None)
    came = [name for name, price in prices.items() if price == 1.0]
    if not _resolved(item) or len(came) != 1:
        return Listed(question=question, note="it is closed, and no one outcome of it is final")
    return Listed(question=question, outcome=came[0], known_at=moment(item.get("closedTime")))
