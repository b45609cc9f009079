"""Answers worked out from what was observed, in the JSON shapes that forecasters are asked for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.dev.asked import AskedQuestion
from app.dev.observed import Observed

LOOK_BACK_DAYS = 30
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MAX_CODES = 20
UNOBSERVED = 0.2
"""What a model that saw nothing says of a yes/no question."""
UNOBSERVED_SHARES = {"042": 0.3, "040": 0.25, "043": 0.25, "036": 0.15, "010": 0.12, "051": 0.1}
"""What a model that saw nothing says of the codes of a pair-day: those most reported anywhere."""
SURE = 0.01
"""No closer to 0 or 1 than this."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is written down: `content` is its JSON object, `reasons` what led there."""

    kind: str
    content: Mapping[str, Any]
    reasons: str

    def json(self) -> str:
        """The answer as one JSON object."""
        return json.dumps(self.content, ensure_ascii=False)

    def with_numbers(self, value: Any, *keys: str) -> Answer:
        """The same with `value` in the place of every number under one of `keys`, at any depth."""
        return replace(self, content=_replaced(self.content, keys, value))

    def saying(self, **content: Any) -> Answer:
        """The same with other top-level content."""
        return replace(self, content={**self.content, **content})


def answer(question: AskedQuestion, seen: Observed) -> Answer:
    """The answer to a question from what was seen; every number in it is worked out from the request."""
    reasons, content = _BY_KIND.get(question.kind, _binary)(question, seen)
    return Answer(question.kind, {"rationale": reasons, **content}, reasons)


def _relation(question: AskedQuestion, seen: Observed) -> tuple[str, dict[str, Any]]:
    shares = dict(list(seen.shares.items())[:MAX_CODES])
    source = (
        f"{len(shares)} codes, {len(seen.events)} events on {seen.active_days} days seen" if shares else "none seen"
    )
    any_event = _any_event(question, seen)
    base = {code: any_event * share for code, share in (shares or UNOBSERVED_SHARES).items()}
    roots = {
        root: 1 - math.prod(1 - share for code, share in base.items() if code[:2] == root)
        for root in sorted({code[:2] for code in base})
    }
    codes = [{"code": code, "probability": round(share, 4)} for code, share in {**roots, **base}.items()]
    cited = ", ".join(f"{code} {share:.3f}" for code, share in list(base.items())[:5])
    reasons = f"From {question.subject} to {question.object} ({source}; any event {any_event:.2f}): {cited}."
    return reasons, {"codes": codes}


def _any_event(question: AskedQuestion, seen: Observed) -> float:
    """The share of days with an event among those looked at; 1 where an event is given."""
    if question.given_any_event or question.known_until is None:
        return 1.0
    if not seen.looked:
        return UNOBSERVED
    return max(seen.active_days, 0.5) / seen.days_covered(question.known_until, LOOK_BACK_DAYS)


def _binary(question: AskedQuestion, seen: Observed) -> tuple[str, dict[str, Any]]:
    first, last, known_until = question.first_day, question.last_day, question.known_until
    if first is None or last is None or known_until is None or not seen.looked:
        return f"Nothing to count: a base rate of {UNOBSERVED}.", {"probability": UNOBSERVED}
    n = sum(question.codes is None or code.startswith(question.codes) for _, code in seen.events)
    covered, window = seen.days_covered(known_until, LOOK_BACK_DAYS), (last - first).days + 1
    expected = (n + 0.5) / covered * window
    below = sum(math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(question.at_least))
    probability = round(min(max(1 - below, SURE), 1 - SURE), 4)
    reasons = (
        f"{n} matching events in {covered} days make {expected:.2f} in {window}; "
        f"at least {question.at_least} has the Poisson probability {probability}."
    )
    return reasons, {"probability": probability}


def _multiple_choice(question: AskedQuestion, seen: Observed) -> tuple[str, dict[str, Any]]:
    share = 1 / max(len(question.options), 1)
    if question.candidate is not None:
        return f"One of {len(question.options)} options: {share:.3f}.", {"probability": share}
    options = [{"option": option, "probability": share} for option in question.options]
    return f"Nothing speaks for one of the {len(options)} options: {share:.3f} each.", {"options": options}


def _numeric(question: AskedQuestion, seen: Observed) -> tuple[str, dict[str, Any]]:
    lower, upper = question.lower, question.upper
    if lower is None and upper is None:
        count = len(seen.events) + seen.left_out
        lower, upper = max(0.0, count - 3 * math.sqrt(count + 1)), count + 3 * math.sqrt(count + 1)
    lower = upper - max(1.0, abs(upper)) if lower is None and upper is not None else lower or 0.0
    upper = lower + max(1.0, abs(lower)) if upper is None else upper
    quantiles = [{"level": level, "value": round(lower + level * (upper - lower), 6)} for level in LEVELS]
    return f"Evenly between {lower:g} and {upper:g}.", {"quantiles": quantiles}


_BY_KIND: dict[str, Callable[[AskedQuestion, Observed], tuple[str, dict[str, Any]]]] = {
    "relation": _relation,
    "binary": _binary,
    "multiple_choice": _multiple_choice,
    "numeric": _numeric,
}


def _replaced(content: Any, keys: tuple[str, ...], value: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: value if key in keys else _replaced(inner, keys, value) for key, inner in content.items()}
    return [_replaced(inner, keys, value) for inner in content] if isinstance(content, list) else content
