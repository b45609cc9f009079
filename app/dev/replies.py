"""What the server is to say, and how that looks on the wire in the shape of OpenAI's chat completions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

Json = dict[str, Any]

_CHARACTERS_PER_TOKEN = 4
_TOKEN = re.compile(r"\s*(?:\w+|[^\w\s])|\s+")
_TOKEN_PROBABILITY = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call of a tool: its name, and its arguments, given as they are (text too, which need not be JSON)."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)

    @property
    def python(self) -> str:
        """The call as Python."""
        return f"{self.name}({self.python_arguments})"

    @property
    def python_arguments(self) -> str:
        """The arguments as Python passes them by keyword; text that is no JSON as it is."""
        if isinstance(self.arguments, str):
            return self.arguments
        return ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())

    @property
    def json_arguments(self) -> str:
        """The arguments as a model sends them."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply of the server, right or wrong.

    `status` other than 200 is an error with `text` as its message. `finish_reason` None means the fitting one.
    `delay_s` passes before anything is sent. `drip_s` sends one byte (streaming: one chunk) that often, without end.
    `truncate` stops half-way: "closed" drops the connection, "quiet" ends the HTTP answer as if it were whole.
    `raw` is sent as the body, whatever was asked. `logprobs` are OpenAI's `logprobs.content`; None makes some up when
    they are asked for. `ignores` names request parameters ("n", "logprobs") that have no effect.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    finish_reason: str | None = None
    refusal: str | None = None
    delay_s: float = 0.0
    drip_s: float | None = None
    truncate: Literal["closed", "quiet"] | None = None
    raw: bytes | None = None
    logprobs: Sequence[Mapping[str, Any]] | None = None
    ignores: frozenset[str] = frozenset()

    @property
    def is_answer(self) -> bool:
        """Whether this is a chat completion, and not an error or raw bytes."""
        return self.status == 200 and self.raw is None

    @property
    def finished(self) -> str:
        """Why it ends where it ends."""
        return self.finish_reason or ("tool_calls" if self.tool_calls else "stop")


def error_body(status: int, message: str) -> Json:
    """An error in OpenAI's shape."""
    kind = "invalid_request_error" if status < 429 else "server_error" if status >= 500 else "rate_limit_error"
    return {"error": {"message": message or f"status {status}", "type": kind, "param": None, "code": str(status)}}


def completion(body: Json, replies: Sequence[Reply], head: Json) -> Json:
    """A whole chat completion with one choice per reply; `head` holds its `id` and `created`."""
    choices = [
        {
            "index": index,
            "message": _message(reply, head["id"], index),
            "logprobs": _logprobs(body, reply),
            "finish_reason": reply.finished,
        }
        for index, reply in enumerate(replies)
    ]
    usage = _usage(body, replies)
    return {**head, "object": "chat.completion", "model": body["model"], "choices": choices, "usage": usage}


def chunks(body: Json, replies: Sequence[Reply], head: Json) -> Iterator[Json]:
    """The same, as the chunks of a stream: role, text by tokens, tool calls, end, and usage where it is asked for."""
    common = {**head, "object": "chat.completion.chunk", "model": body["model"]}
    for index, reply in enumerate(replies):
        for delta, logprobs in _deltas(body, reply, head["id"], index):
            yield {**common, "choices": [_chunk_choice(index, delta, logprobs, None)]}
        yield {**common, "choices": [_chunk_choice(index, {}, None, reply.finished)]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**common, "choices": [], "usage": _usage(body, replies)}


def idle_chunk(body: Json, head: Json) -> Json:
    """A chunk that says nothing."""
    common = {**head, "object": "chat.completion.chunk", "model": body["model"]}
    return {**common, "choices": [_chunk_choice(0, {"content": ""}, None, None)]}


def _deltas(body: Json, reply: Reply, call_id: str, index: int) -> Iterator[tuple[Json, Json | None]]:
    message = _message(reply, call_id, index)
    yield {"role": "assistant", "content": "" if reply.refusal is None else None, "refusal": None}, None
    if reply.refusal is not None:
        yield {"refusal": reply.refusal}, None
        return
    logprobs = _logprobs(body, reply)
    if logprobs is not None:
        for token in logprobs["content"]:
            yield {"content": token["token"]}, {"content": [token], "refusal": None}
    else:
        for piece in _TOKEN.findall(reply.text):
            yield {"content": piece}, None
    for at, call in enumerate(message.get("tool_calls", ())):
        yield {"tool_calls": [{**call, "index": at, "function": {**call["function"], "arguments": ""}}]}, None
        yield {"tool_calls": [{"index": at, "function": {"arguments": call["function"]["arguments"]}}]}, None


def _chunk_choice(index: int, delta: Json, logprobs: Json | None, finish_reason: str | None) -> Json:
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}


def _message(reply: Reply, call_id: str, index: int) -> Json:
    nothing_said = reply.refusal is not None or (reply.tool_calls and not reply.text)
    message: Json = {
        "role": "assistant",
        "content": None if nothing_said else reply.text,
        "refusal": reply.refusal,
    }
    if reply.tool_calls:
        message["tool_calls"] = [
            {
                "id": f"call_{call_id}_{index}_{at}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.json_arguments},
            }
            for at, call in enumerate(reply.tool_calls)
        ]
    return message


def _logprobs(body: Json, reply: Reply) -> Json | None:
    if not body.get("logprobs") or "logprobs" in reply.ignores:
        return None
    if reply.logprobs is not None:
        return {"content": [dict(token) for token in reply.logprobs], "refusal": None}
    n_top = int(body.get("top_logprobs") or 0)
    return {"content": [_token(piece, n_top) for piece in _TOKEN.findall(reply.text)], "refusal": None}


def _token(piece: str, n_top: int) -> Json:
    """A token at a fixed probability, the rest of it shared evenly by alternatives that are not said."""
    others = max(n_top - 1, 0)
    top = [_entry(piece, _TOKEN_PROBABILITY)] if n_top else []
    top += [_entry(f"{piece}~{at}", (1 - _TOKEN_PROBABILITY) / others) for at in range(others)]
    return {**_entry(piece, _TOKEN_PROBABILITY), "top_logprobs": top}


def _entry(token: str, probability: float) -> Json:
    return {"token": token, "logprob": math.log(probability), "bytes": list(token.encode())}


def _usage(body: Json, replies: Sequence[Reply]) -> Json:
    prompt = _n_tokens(json.dumps([body.get("messages"), body.get("tools") or []], ensure_ascii=False))
    said = [
        f"{reply.text}{reply.refusal or ''}{''.join(call.json_arguments for call in reply.tool_calls)}"
        for reply in replies
    ]
    completion_tokens = sum(map(_n_tokens, said))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt + completion_tokens,
    }


def _n_tokens(text: str) -> int:
    return max(1, math.ceil(len(text) / _CHARACTERS_PER_TOKEN))
