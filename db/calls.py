"""A call to a language model as it is logged, and what calls added up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call, or one answer from the log (`cached`), or one failure (`error`).

    `key` is the hash of everything that was asked, `sample` which of several answers to it this is. `model` was asked,
    `model_used` answered (or failed) by its `deployment`. `request` and `response` are whole, as JSON; an answer from
    the log repeats neither, and a failure before an answer has no response. `cost_usd` None: unknown.
    """

    key: str
    sample: int
    created_at: datetime
    model: str
    model_used: str
    deployment: str
    request: str = ""
    response: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    latency_s: float = 0.0
    attempts: int = 0
    cached: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What was spent on one model: `calls` of all kinds, of them `hits` (from the log) and `failed`.

    `cost_usd` is what is known of the cost, None if nothing is; `unpriced` calls used tokens of unknown price.
    """

    model: str
    calls: int
    hits: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    unpriced: int

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.prompt_tokens + self.completion_tokens
