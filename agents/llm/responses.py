"""What a provider sent, in OpenAI's shape: read, checked, and refused where it is no whole answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agents.llm.chat import Completion
from db.errors import MemberFailed, Unparseable
from db.records import FailureReason

LONGEST = 200_000
"""Characters of the longest reply that is read as an answer."""

Response = dict[str, Any]


def plain(value: Any) -> Any:
    """JSON-like data that every store takes: half characters (lone surrogates) become question marks."""
    return json.loads(json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace"))


def tokens_of(response: Mapping[str, Any]) -> tuple[int, int] | None:
    """Tokens in and out, None where the provider does not say."""
    usage = response.get("usage") or {}
    prompt, said = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
    return (prompt, said) if prompt + said else None


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
    text = _text(message.get("content"))
    calls = tuple(message.get("tool_calls") or ())
    reason = choice.get("finish_reason")
    refusal = message.get("refusal") or (message.get("provider_specific_fields") or {}).get("refusal")
    if refusal or reason == "content_filter":
        raise MemberFailed(f"{model_used} refused: {refusal or 'content filter'}", reason=FailureReason.REFUSED)
    if len(text) > LONGEST:
        raise Unparseable(f"{model_used} answered {len(text):,} characters, {LONGEST:,} are read", raw_text=text)
    if reason in (None, "length"):
        ended = "its token limit" if reason else "an end of the stream"
        raise MemberFailed(f"{model_used} did not finish: {ended} came first", reason=FailureReason.UNFINISHED)
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


def _text(content: Any) -> str:
    """The content as text; some providers send it in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return str(content or "")
