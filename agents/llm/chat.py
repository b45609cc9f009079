"""What is asked of a model and what it says: the records that go through the one door."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

Message = Mapping[str, Any]
"""One chat message in OpenAI's shape: `role`, `content`, and for tools `tool_calls`, `tool_call_id`."""

MAX_TOKENS = 4096
DEADLINE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call: the model's name in `models.yaml`, the messages, and how to answer.

    `json_schema` asks for an answer of that JSON schema where the model is able to; `tools` are in OpenAI's shape.
    `deadline_s` is wall-clock time with the provider, whatever the server sends meanwhile: all tries and the waits
    between them, but not the queueing for our own limits. It is no part of what is asked, so not of `key`.
    """

    model: str
    messages: tuple[Message, ...]
    temperature: float | None = None
    max_tokens: int = MAX_TOKENS
    json_schema: Mapping[str, Any] | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: str | Mapping[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    stop: tuple[str, ...] = ()
    logprobs: bool = False
    top_logprobs: int = 0
    seed: int | None = None
    stream: bool = False
    deadline_s: float = DEADLINE_S

    def key(self, sample: int = 0, *, identity: str) -> str:
        """The SHA-256, 64 hex digits, of everything that is asked, and of which sample of it this is.

        `identity` is what the model's name means (`ModelTable.identity`): a name that comes to mean another model asks
        something else.
        """
        said = [field.name for field in fields(self) if field.name not in ("deadline_s", "stream")]
        asked = {name: getattr(self, name) for name in said}
        content = json.dumps([asked, sample, identity], sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What came back, checked: it finished, and it is not a refusal.

    `model_used` is the model that answered, which after a fallback is not the one asked. A cached completion cost
    nothing now (`cost_usd` 0). `cost_usd` is that of all tries, those of models that failed before included; None
    where one of them is unknown: no price, no usage, or broken off while it was answered. `logprobs` are OpenAI's
    `choices[0].logprobs.content`, None where the server sent none or what is none. `response` is the whole answer in
    OpenAI's shape.
    """

    text: str
    model_used: str
    finish_reason: str
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    logprobs: tuple[Mapping[str, Any], ...] | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    latency_s: float = 0.0
    cached: bool = False
    response: Mapping[str, Any]

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.prompt_tokens + self.completion_tokens
