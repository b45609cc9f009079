"""Manifold (https://docs.manifold.markets/api): yes/no markets and those of several answers that exclude each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from app.interchange.fetching import JsonSource
from app.interchange.markets import (
    Address,
    Document,
    Listed,
    Market,
    NotTaken,
    epoch_ms,
    import_market,
    required,
    shared,
    tag_of,
)
from app.interchange.options import ImportOptions
from app.interchange.transfer import Transfer
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, MultipleChoiceQuestion, Outcome, Question, Special
from db.values import ProbabilityValue

NAME = "manifold"
_LIST = "/v0/markets"
_PAGE = 500
_YES_NO: dict[object, Outcome] = {"YES": True, "NO": False, "CANCEL": Special.ANNULLED}


def read(ledger: Ledger, source: str, options: ImportOptions) -> Transfer:
    """Record the markets of a saved answer or behind an address, such as https://api.manifold.markets."""
    market = Market(name=NAME, documents=_documents, listed=_listed, again=_again)
    return import_market(ledger, source, market, options)


async def _documents(source: JsonSource, limit: int) -> AsyncIterator[Document]:
    """Each market whole: lists of them lack the description, which is what decides."""
    if source.one_document:
        for item in await source.one_or_more():
            yield await _whole(source, item)
        return
    last: dict[str, str] = {}
    while page := await source.objects(_LIST, limit=min(limit, _PAGE), **last):
        for item in page:
            yield await _whole(source, item)
        last = {"before": source.named(page[-1], _LIST)}


async def _whole(source: JsonSource, item: Document) -> Document:
    if "textDescription" in item:
        return item
    return await source.object(f"/v0/market/{source.named(item, _LIST)}")


def _again(question: Question) -> Address:
    """Where one market is; lists begin with the newest and may not reach it."""
    return Address(f"/v0/market/{quote(question.source_id, safe='')}")


def _listed(item: Document) -> Listed:
    kind = item.get("outcomeType")
    if kind == "BINARY":
        return _binary(item)
    if kind != "MULTIPLE_CHOICE":
        raise NotTaken(f"a market of type {kind} is no question here")
    if not item.get("shouldAnswersSumToOne", True):
        raise NotTaken("its answers do not exclude each other")
    return _choice(item)


def _common(item: Document) -> dict[str, Any]:
    """The fields of every question. A market that was resolved early closes then; what it asked stays what it was."""
    opened = required(epoch_ms(item["createdTime"]), "opened")
    closes = required(epoch_ms(item.get("closeTime")), "closes")
    return {
        "text": item["question"],
        "background": item.get("textDescription") or "",
        "open_at": opened,
        "close_at": closes,
        "resolve_by": max(opened, closes),
        "source": NAME,
        "source_id": str(item["id"]),
        "url": item.get("url") or "",
        "tags": (tag_of(NAME),),
        "licence": "Manifold terms of service",
    }


def _binary(item: Document) -> Listed:
    question = BinaryQuestion(**_common(item))
    if not item.get("isResolved"):
        return Listed(question=question, price=ProbabilityValue(probability=item["probability"]))
    outcome, note = _binary_outcome(item)
    return Listed(question=question, outcome=outcome, known_at=epoch_ms(item.get("resolutionTime")), note=note)


def _binary_outcome(item: Document) -> tuple[Outcome | None, str]:
    """Yes, no, annulled, or with MKT the probability that it was settled at."""
    said = item.get("resolution")
    if said in _YES_NO:
        return _YES_NO[said], ""
    share = item.get("resolutionProbability")
    if said == "MKT" and share is not None:
        return (bool(share) if share in (0, 1) else float(share)), ""
    return None, f"its outcome {said!r} is none that is known"


def _choice(item: Document) -> Listed:
    answers = item.get("answers") or ()
    names = [answer["text"] for answer in answers]
    question = MultipleChoiceQuestion(**_common(item), options=tuple(names))
    if not item.get("isResolved"):
        shares = [float(answer["probability"]) for answer in answers]
        return Listed(question=question, price=shared(names, shares))
    said = item.get("resolution")
    texts = {str(answer["id"]): answer["text"] for answer in answers}
    outcome = Special.ANNULLED if said == "CANCEL" else texts.get(str(said))
    note = "" if outcome is not None else f"its outcome {said!r} is not one of its answers"
    return Listed(question=question, outcome=outcome, known_at=epoch_ms(item.get("resolutionTime")), note=note)
