"""Documents in the shapes that the markets' interfaces give them."""

from __future__ import annotations

import json
from typing import Any

CREATED_MS, CLOSES_MS, RESOLVED_MS = 1_767_225_600_000, 1_798_761_600_000, 1_775_001_600_000


def manifold(id: str, **other: Any) -> dict[str, Any]:
    """A whole market of Manifold: yes or no, open at .25."""
    return {
        "id": id,
        "creatorUsername": "ada",
        "question": f"Will {id} happen?",
        "url": f"https://manifold.markets/ada/{id}",
        "createdTime": CREATED_MS,
        "closeTime": CLOSES_MS,
        "outcomeType": "BINARY",
        "mechanism": "cpmm-1",
        "probability": 0.25,
        "isResolved": False,
        "volume": 120.5,
        "totalLiquidity": 100,
        "uniqueBettorCount": 7,
        "textDescription": "Resolves yes if it does.",
    } | other


def manifold_choice(id: str, **other: Any) -> dict[str, Any]:
    """A market of Manifold with three answers of which one comes."""
    answers = [
        {"id": f"{id}-{n}", "index": n, "text": text, "probability": share, "isOther": False}
        for n, (text, share) in enumerate((("red", 0.5), ("green", 0.3), ("blue", 0.2)))
    ]
    choice = {"outcomeType": "MULTIPLE_CHOICE", "answers": answers, "shouldAnswersSumToOne": True}
    found = manifold(id, **choice, **other)
    del found["probability"]
    return found


def resolved(resolution: str, **other: Any) -> dict[str, Any]:
    """What Manifold says of a resolved market besides."""
    return {"isResolved": True, "resolution": resolution, "resolutionTime": RESOLVED_MS} | other


def polymarket(id: int, outcomes: tuple[str, ...], prices: tuple[str, ...], **other: Any) -> dict[str, Any]:
    """A market of Polymarket, open."""
    return {
        "id": str(id),
        "question": f"Will {id} happen?",
        "conditionId": f"0x{id:064x}",
        "slug": f"will-{id}-happen",
        "description": 'This market will resolve to "Yes" if it does.',
        "resolutionSource": "",
        "startDate": "2026-01-02T21:43:23.123456Z",
        "endDate": "2026-12-31T00:00:00Z",
        "outcomes": json.dumps(outcomes),
        "outcomePrices": json.dumps(prices),
        "clobTokenIds": json.dumps(["1", "2"]),
        "closed": False,
        "active": True,
        "liquidityNum": 1234.5,
        "volumeNum": 9876.5,
        "umaResolutionStatuses": "[]",
    } | other


def closed(**other: Any) -> dict[str, Any]:
    """What Polymarket says of a market whose outcome is final."""
    return {"closed": True, "closedTime": "2026-03-04 05:06:07+00", "umaResolutionStatus": "resolved"} | other


def metaculus_question(id: int, type: str, **other: Any) -> dict[str, Any]:
    """A question of Metaculus, open."""
    return {
        "id": id,
        "title": f"Question {id}?",
        "description": "Some background.",
        "created_at": "2025-12-30T10:00:00Z",
        "open_time": "2026-01-01T12:00:00Z",
        "scheduled_close_time": "2026-12-01T12:00:00Z",
        "scheduled_resolve_time": "2026-12-31T12:00:00Z",
        "actual_resolve_time": None,
        "type": type,
        "options": None,
        "status": "open",
        "resolution": None,
        "resolution_criteria": "As it says.",
        "fine_print": "",
        "unit": "",
        "open_upper_bound": False,
        "open_lower_bound": False,
        "scaling": {"range_min": None, "range_max": None, "zero_point": None, "inbound_outcome_count": None},
        "aggregations": {"recency_weighted": {"history": [], "latest": None}},
    } | other


def community(*centers: float, **other: Any) -> dict[str, Any]:
    """A community prediction."""
    return {"aggregations": {"recency_weighted": {"history": [], "latest": {"centers": list(centers)} | other}}}


def post(id: int, **other: Any) -> dict[str, Any]:
    """A post of Metaculus around a question, a group or something else."""
    return {"id": id, "title": f"Post {id}", "slug": f"post-{id}", "status": "open", "comment_count": 3} | other
