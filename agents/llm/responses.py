"""What a provider sent, in OpenAI's shape: read, checked, and refused where it is no whole answer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from agents.llm.chat import Completion
from db.errors import MemberFailed, Unparseable
from db.records import FailureReason

LONGEST = 200_000
"""Characters of the longest reply that is read as an answer."""

MOST_TOKENS = 100_000_000
"""Tokens of the largest usage that is believed: a hundred times what a call can have."""

FINISHED = ("stop", "tool_calls", "function_call")
_UNFINISHED = {"length": "its token limit came first", None: "it ended without saying why"}

Response = dict[str, Any]


def plain(value: Any) -> Any:
    """JSON-like data that every store takes: half characters (lone surrogates) become question marks."""
    return json.loads(json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace"))


def sound(response: Response) -> Response:
    """The response without what it cannot mean: a usage that is no count of tokens, log-probabilities that are none.

    Raises ValueError for what is no chat completion: no choices, or one without a message of text and tool calls.
    """
    choices = response.get("choices")
    if not isinstance(choices, list) or not choices:
        raise ValueError("it has no choices")
    usage = response.get("usage") if tokens_of(response) else None
    return {**response, "choices": [_sound(choice) for choice in choices], "usage": usage}


def _sound(choice: Any) -> Response:
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(message, Mapping):
        raise ValueError("a choice has no message")
    if not isinstance(message.get("content") or "", str | list):
        raise ValueError("a message's content is no text")
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list) or not all(map(_is_call, calls)):
        raise ValueError("a tool call has no name or no arguments")
    return {**choice, "logprobs": choice.get("logprobs") if _are_logprobs(choice.get("logprobs")) else None}


def _is_call(call: Any) -> bool:
    called = call.get("function") if isinstance(call, Mapping) else None
    return isinstance(called, Mapping) and all(isinstance(called.get(part), str) for part in ("name", "arguments"))


def _are_logprobs(logprobs: Any) -> bool:
    tokens = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    return isinstance(tokens, list) and all(
        _is_token(token) and all(map(_is_token, token.get("top_logprobs") or [])) for token in tokens
    )


def _is_token(token: Any) -> bool:
    if not isinstance(token, Mapping) or not isinstance(token.get("token"), str):
        return False
    logprob = token.get("logprob")
    others = token.get("top_logprobs")
    return isinstance(logprob, float | int) and math.isfinite(logprob) and isinstance(others, list | None)


def tokens_of(response: Mapping[str, Any]) -> tuple[int, int] | None:
    """Tokens in and out, None where the provider does not say, or says what is no count of tokens."""
    usage = response.get("usage")
    if not isinstance(usage, Mapping):
        return None
    prompt, said = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return (prompt, said) if _is_count(prompt) and _is_count(said) and prompt + said else None


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS


def by_choice(response: Response) -> list[Response]:
    """One response per choice, which keeps its `index`. The first carries the usage of all, so that sums are right."""
    choices = response.get("choices") or []
    nothing = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    return [
        {**response, "choices": [{**choice, "index": at}], "usage": nothing if at else response.get("usage")}
        for at, choice in enumerate(choices)
    ]


def checked(
    response: Response, model_used: str, *, cost_usd: float | None, latency_s: float, cached: bool
) -> Completion:
    """The completion that a response with one choice holds.

    Raises Unparseable for an empty or endless one, MemberFailed for one that is unfinished or a refusal.
    """
    choice = response["choices"][0]
    message = choice["message"]
    text = text_of(response)
    calls = tuple(message.get("tool_calls") or ())
    reason = choice.get("finish_reason")
    refusal = message.get("refusal") or (message.get("provider_specific_fields") or {}).get("refusal")
    if refusal or reason == "content_filter":
        raise MemberFailed(f"{model_used} refused: {refusal or 'content filter'}", reason=FailureReason.REFUSED)
    if len(text) > LONGEST:
        raise Unparseable(f"{model_used} answered {len(text):,} characters, {LONGEST:,} are read", raw_text=text)
    if reason not in FINISHED:
        why = _UNFINISHED.get(reason, f"it ended with {reason!r}")
        raise MemberFailed(f"{model_used} did not finish: {why}", reason=FailureReason.UNFINISHED)
    if not text.strip() and not calls:
        raise Unparseable(f"{model_used} answered nothing", raw_text=text)
    logprobs = (choice.get("logprobs") or {}).get("content")
    prompt_tokens, completion_tokens = tokens_of(response) or (0, 0)
    return Completion(
        text=text,
        model_used=model_used,
        finish_reason=reason,
        tool_calls=calls,
        logprobs=None if logprobs is None else tuple(logprobs),
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost_usd=cost_usd,
        latency_s=latency_s,
        cached=cached,
        response=response,
    )


def text_of(response: Response) -> str:
    """The words of the first choice; some providers send them in parts."""
    content = response["choices"][0]["message"].get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return str(content or "")
