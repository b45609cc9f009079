"""Metaculus's questions, by its interface (https://www.metaculus.com/api/): each a question here, groups as several.

Opt-in: its terms let nobody train or evaluate a model on its data without its permission.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

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
    tag_of,
)
from app.interchange.metaculus.scaling import Scaling
from app.interchange.options import ImportOptions
from app.interchange.transfer import Transfer
from db.errors import BadInput
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, MultipleChoiceQuestion, NumericQuestion, Outcome, Question, Special
from db.values import ProbabilitiesValue, ProbabilityValue, QuantilesValue, Value

NAME = "metaculus"
TERMS = (
    "Metaculus's terms of use (https://www.metaculus.com/terms-of-use/) let nobody use what its interface gives to "
    "train or evaluate AI models without its permission"
)
SECONDS = "s since 1970-01-01 UTC"
"""The unit of a question whose answer is a date."""

_LIST = "/api/posts/"
_PAGES = "https://www.metaculus.com/questions/"
_PAGE = 100
_QUARTILES = (0.25, 0.5, 0.75)
_SPECIAL = {"annulled": Special.ANNULLED, "ambiguous": Special.AMBIGUOUS}
_OUTSIDE = ("above_upper_bound", "below_lower_bound")
_YES_NO = {"yes": True, "no": False}


def read(ledger: Ledger, source: str, options: ImportOptions) -> Transfer:
    """Record the questions of a saved post or of those behind an address, such as https://www.metaculus.com.

    Raises BadInput, which states the terms, unless they were accepted.
    """
    if not options.accept_terms:
        raise BadInput(f"{TERMS}: if you have it, say so with --accept-terms")
    market = Market(
        name=NAME,
        documents=_documents,
        listed=_listed,
        parts=_parts,
        identity=_identity,
        again=_again,
        headers={"Authorization": f"Token {options.token}"} if options.token else None,
    )
    return import_market(ledger, source, market, options)


async def _documents(source: JsonSource, limit: int) -> AsyncIterator[Document]:
    """Each post whole: lists of them lack the descriptions and criteria."""
    if source.one_document:
        for post in await source.one_or_more(under="results"):
            yield post
        return
    at, more = 0, True
    while more:
        page = await source.object(_LIST, limit=min(limit, _PAGE), offset=at, statuses="open")
        posts = page.get("results")
        if not isinstance(posts, list):
            raise source.strange(_LIST, "it has no results")
        for post in posts:
            yield await source.object(f"{_LIST}{source.named(post, _LIST)}/")
        at += len(posts)
        more = bool(page.get("next")) and bool(posts)


def _again(question: Question) -> Address:
    """Where the post of a question is, which may be one of several in it."""
    return Address(f"{_LIST}{quote(question.url.removeprefix(_PAGES).strip('/'), safe='')}/")


def _parts(post: Document) -> Iterator[Document]:
    """The post once for each of its questions; those of a group share what the group says."""
    if post.get("conditional"):
        raise NotTaken("a conditional question, which is not asked here")
    group = post.get("group_of_questions")
    if group:
        said = {name: group.get(name) or "" for name in ("description", "resolution_criteria", "fine_print")}
        for question in group["questions"]:
            yield {**post, "question": {**question, **{name: question.get(name) or said[name] for name in said}}}
    elif post.get("question"):
        yield post
    else:
        raise NotTaken("a post without a question")


def _identity(post: Document) -> str:
    return str((post.get("question") or post).get("id", "?"))


def _listed(post: Document) -> Listed:
    item = post["question"]
    if item["type"] not in _READ:
        raise NotTaken(f"a question of type {item['type']} is none that is known")
    question = _question(item, post)
    if item.get("resolution") in (None, ""):
        return Listed(question=question, price=_price(item))
    outcome, note = _outcome(item, question)
    return Listed(question=question, outcome=outcome, known_at=_known_at(item), note=note)


def _known_at(item: Document) -> datetime | None:
    """When the outcome could be known first: a question closes early because it came, and is resolved days later."""
    ends = (moment(item.get("actual_close_time")), moment(item.get("actual_resolve_time")))
    return min((end for end in ends if end is not None), default=None)


def _question(item: Document, post: Document) -> Question:
    opened = required(moment(item.get("open_time") or item.get("created_at")), "opens")
    due = required(moment(item.get("scheduled_resolve_time") or item.get("scheduled_close_time")), "resolves")
    common: dict[str, Any] = {
        "text": item.get("title") or post["title"],
        "resolution_criteria": item.get("resolution_criteria") or "",
        "fine_print": item.get("fine_print") or "",
        "background": item.get("description") or "",
        "open_at": opened,
        "close_at": moment(item.get("scheduled_close_time")),
        "resolve_by": due,
        "source": NAME,
        "source_id": str(item["id"]),
        "url": f"{_PAGES}{post['id']}/",
        "tags": (tag_of(NAME),),
        "licence": "Metaculus terms of use",
    }
    return _READ[item["type"]](item, common)


def _binary(item: Document, common: dict[str, Any]) -> Question:
    return BinaryQuestion(**common)


def _choice(item: Document, common: dict[str, Any]) -> Question:
    return MultipleChoiceQuestion(**common, options=tuple(item["options"]))


def _numeric(item: Document, common: dict[str, Any]) -> Question:
    """A number between closed bounds; beyond an open one anything may come."""
    scaling = Scaling.of(item)
    return NumericQuestion(
        **common | {"tags": (*common["tags"], scaling.tag)},
        lower=None if scaling.open_lower else scaling.range_min,
        upper=None if scaling.open_upper else scaling.range_max,
        unit=SECONDS if item["type"] == "date" else item.get("unit") or "",
    )


_READ = {"binary": _binary, "multiple_choice": _choice, "numeric": _numeric, "discrete": _numeric, "date": _numeric}


def _price(item: Document) -> Value | None:
    """The community prediction, where it is shown."""
    latest = ((item.get("aggregations") or {}).get("recency_weighted") or {}).get("latest") or {}
    centers = latest.get("centers")
    if not centers or any(center is None for center in centers):
        return None
    if item["type"] == "binary":
        return ProbabilityValue(probability=centers[0])
    if item["type"] == "multiple_choice":
        total = sum(centers)
        shares = {name: center / total for name, center in zip(item["options"], centers, strict=True)}
        return ProbabilitiesValue(probabilities=shares)
    return _quartiles(latest, Scaling.of(item))


def _quartiles(latest: Mapping[str, Any], scaling: Scaling) -> QuantilesValue | None:
    bounds = (latest.get("interval_lower_bounds"), latest.get("centers"), latest.get("interval_upper_bounds"))
    if not all(bounds):
        return None
    places = [float(bound[0]) for bound in bounds if bound]
    return QuantilesValue(levels=_QUARTILES, values=tuple(scaling.value(place) for place in places))


def _outcome(item: Document, question: Question) -> tuple[Outcome | None, str]:
    """What came, or None and why it cannot be told."""
    said = str(item["resolution"])
    if said in _SPECIAL:
        return _SPECIAL[said], ""
    if said in _OUTSIDE:
        return None, f"it resolved {said.replace('_', ' ')}, which is no number"
    if isinstance(question, BinaryQuestion):
        return (_YES_NO[said], "") if said in _YES_NO else (None, f"its outcome {said!r} is none that is known")
    if isinstance(question, MultipleChoiceQuestion):
        return (said, "") if said in question.options else (None, f"its outcome {said!r} is not one of its options")
    return (_seconds(said) if item["type"] == "date" else float(said)), ""


def _seconds(date: str) -> float:
    found = datetime.fromisoformat(date)
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
