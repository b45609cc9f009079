"""What goes wrong, by the model's name: a table from the good model's turn to the bad one.

`TURNS` change whatever the good model would have said; `ANSWERS` leave its tool calls alone and spoil its answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.dev.answers import Answer
from app.dev.asked import Asked
from app.dev.opinionated import OPINIONATED
from app.dev.policies import scripted, written
from app.dev.replies import Reply
from app.dev.wayward import WAYWARD

GOOD = "scripted"
OTHERS = {**WAYWARD, **OPINIONATED}
"""Models that take turns of their own."""
DRIP_S = 0.05
HUGE_BYTES = 2_000_000
RETRY_AFTER_S = 1
NO_SUCH_CODES = ("999", "21")

_MESSAGES = {
    401: "Incorrect API key provided.",
    402: "Insufficient credits.",
    404: "The model does not exist.",
    429: "Rate limit reached.",
    500: "The server had an error while processing your request.",
    502: "Bad gateway.",
    503: "The service is unavailable.",
    529: "Overloaded.",
}
_STATUS = re.compile(r"(fault|flaky)-([45]\d\d)(-bare)?(?:-(\d+))?")


def status_fault(model: str, n_before: int) -> Reply | None:
    """The error that "fault-503" always and "flaky-503-2" at its first two requests gives; None where there is none.

    `n_before` counts the requests that this model has had already. A 429 says when to come back, "-bare" does not.
    """
    named = _STATUS.fullmatch(model)
    if named is None or (named[1] == "flaky" and n_before >= int(named[4] or 1)):
        return None
    status = int(named[2])
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 429 and not named[3] else {}
    return Reply(status=status, text=_MESSAGES.get(status, "An error."), headers=headers)


def _with(value: Any, *keys: str) -> Callable[[Answer, Asked], Reply]:
    """Answers in which the numbers under `keys` are `value`."""

    def spoil(found: Answer, asked: Asked) -> Reply:
        return written(found.with_numbers(value, *keys), asked)

    return spoil


def _wrong_codes(found: Answer, asked: Asked) -> Reply:
    if found.kind != "relation":
        return written(found, asked)
    wrong = [{"code": code, "probability": 0.9} for code in NO_SUCH_CODES]
    return written(found.saying(codes=[*found.content["codes"], *wrong]), asked)


def _malformed(found: Answer, asked: Asked) -> Reply:
    text = written(found, asked).text
    return Reply(text=text.replace('":', '"', 1))


def _repaired(found: Answer, asked: Asked) -> Reply:
    bad = _malformed(found, asked)
    return written(found, asked) if bad.text in asked.said else bad


def _huge(found: Answer, asked: Asked) -> Reply:
    return written(found.saying(rationale="very " * (HUGE_BYTES // 5)), asked)


def _mirai_set(found: Answer, asked: Asked) -> Reply:
    if found.kind != "relation":
        return written(found, asked)
    chosen = [item["code"] for item in found.content["codes"] if item["probability"] >= 0.2]
    base = [code for code in chosen if len(code) == 3]
    return Reply(text=json.dumps({root: [c for c in base if c[:2] == root] for root in sorted({c[:2] for c in base})}))


TURNS: dict[str, Callable[[Reply], Reply]] = {
    "drip": lambda good: replace(good, drip_s=DRIP_S),
    "truncated": lambda good: replace(good, truncate="closed"),
    "truncated-quietly": lambda good: replace(good, truncate="quiet"),
    "length": lambda good: replace(good, text=good.text[: len(good.text) // 2], tool_calls=(), finish_reason="length"),
    "empty": lambda good: Reply(text=""),
    "refusal": lambda good: Reply(refusal="I'm sorry, but I can't help with that."),
    "no-n": lambda good: replace(good, ignores=frozenset({"n"})),
    "no-logprobs": lambda good: replace(good, ignores=frozenset({"logprobs"})),
}

ANSWERS: dict[str, Callable[[Answer, Asked], Reply]] = {
    "malformed": _malformed,
    "fenced": lambda found, asked: Reply(text=f"```json\n{found.json()}\n```"),
    "percent": _with("85%", "probability", "value"),
    "out-of-range": _with(1.2, "probability", "level"),
    "negative": _with(-0.1, "probability", "level"),
    "nan": _with(float("nan"), "probability", "value"),
    "infinity": _with(float("inf"), "probability", "value"),
    "comma": _with("0,7", "probability", "value"),
    "two-numbers": lambda found, asked: Reply(text=f"{found.json()}\n{found.json()}"),
    "huge": _huge,
    "wrong-code": _wrong_codes,
    "repaired": _repaired,
    "no-schema": lambda found, asked: Reply(
        text=f"Here is what I think.\n\n```json\n{found.json()}\n```\n\nGood luck!"
    ),
    "mirai-set": _mirai_set,
}


def models() -> list[str]:
    """The models that there are, with an example of each error: "fault-" and "flaky-" take any from 400 on."""
    errors = [f"{kind}-{status}{tail}" for status in _MESSAGES for kind, tail in (("fault", ""), ("flaky", "-2"))]
    return [GOOD, *TURNS, *ANSWERS, *OTHERS, "fault-429-bare", *errors]


def has_model(model: str) -> bool:
    """Whether there is a model of this name; "scripted-" with any ending is the good model too."""
    return model in models() or model.startswith(f"{GOOD}-") or _STATUS.fullmatch(model) is not None


def turn(asked: Asked, *, n_before: int) -> Reply:
    """What the model that is asked says; `n_before` counts the requests that it has had already."""
    model = asked.model
    if (error := status_fault(model, n_before)) is not None:
        return error
    found = OTHERS.get(model, scripted)(asked)
    if isinstance(found, Answer):
        found = ANSWERS.get(model, written)(found, asked)
    return TURNS[model](found) if model in TURNS else found
