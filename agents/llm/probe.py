"""Whether a model can be reached, and what it really honours: many servers silently ignore what they do not know."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from agents.llm.chat import Request
from agents.llm.client import LlmClient
from agents.llm.deployments import Capabilities
from db.errors import BadInput, CallForbidden, MemberFailed

_ALL = Capabilities(json_schema=True, tools=True, logprobs=True, n=True, stream=True)
_MAX_TOKENS = 1000
_WANTED = {"zone": "violet-7", "count": 41}
"""An object that nobody answers by chance: that it comes back shows that the schema was obeyed."""
_SCHEMA = {
    "type": "object",
    "properties": {
        "zone": {"type": "string", "enum": [_WANTED["zone"]]},
        "count": {"type": "integer", "enum": [_WANTED["count"]]},
    },
    "required": list(_WANTED),
    "additionalProperties": False,
}
_TOOL = {
    "type": "function",
    "function": {
        "name": "note_word",
        "description": "Notes a word.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """What a check of a model found. `honours` is empty for one that was not reached; `error` says why."""

    name: str
    reachable: bool
    latency_s: float | None = None
    honours: dict[str, bool] = field(default_factory=dict)
    error: str = ""


async def check(client: LlmClient, name: str) -> ModelStatus:
    """Call the model once, then once for each ability, whatever its configuration says of it.

    The calls are logged, limited and paid as all are, but none is answered from the log. Raises UnknownName for a model
    that there is none of.
    """
    client.table.resolve(name)
    trying = client.trying(name, _ALL)
    request = partial(Request, model=name, max_tokens=_MAX_TOKENS)
    try:
        first = await trying.complete(request(messages=_said("Say OK.")))
    except (MemberFailed, BadInput, CallForbidden) as error:
        return ModelStatus(name=name, reachable=False, error=str(error))
    honoured = await asyncio.gather(*(_honoured(probe, trying, request) for probe in _PROBES.values()))
    return ModelStatus(
        name=name,
        reachable=True,
        latency_s=first.latency_s,
        honours=dict(zip(_PROBES, honoured, strict=True)),
    )


_Ask = Callable[..., Request]


async def _honoured(probe: Callable[[LlmClient, _Ask], Awaitable[bool]], client: LlmClient, request: _Ask) -> bool:
    """Whether a probe succeeds; a server that refuses the option does not honour it."""
    try:
        return await probe(client, request)
    except MemberFailed:
        return False


async def _n(client: LlmClient, request: _Ask) -> bool:
    """The second sample was the second choice of a response, not the first of another."""
    _, second = await client.samples(request(messages=_said("Say any number."), temperature=1.0), 2)
    return not isinstance(second, MemberFailed) and second.response["choices"][0]["index"] == 1


async def _logprobs(client: LlmClient, request: _Ask) -> bool:
    found = await client.complete(request(messages=_said("Say yes."), logprobs=True, top_logprobs=2))
    return bool(found.logprobs)


async def _json_schema(client: LlmClient, request: _Ask) -> bool:
    found = await client.complete(request(messages=_said("Answer with a JSON object."), json_schema=_SCHEMA))
    try:
        return bool(json.loads(found.text) == _WANTED)
    except json.JSONDecodeError:
        return False


async def _tools(client: LlmClient, request: _Ask) -> bool:
    asked = request(messages=_said("Note the word violet with the tool."), tools=(_TOOL,))
    return any(call["function"]["name"] == "note_word" for call in (await client.complete(asked)).tool_calls)


async def _stream(client: LlmClient, request: _Ask) -> bool:
    """The whole answer came as a stream: a server that sends it in one piece leaves the stream without an end."""
    return bool((await client.complete(request(messages=_said("Say OK again."), stream=True))).text)


_PROBES: dict[str, Callable[[LlmClient, _Ask], Awaitable[bool]]] = {
    "json_schema": _json_schema,
    "tools": _tools,
    "logprobs": _logprobs,
    "n": _n,
    "stream": _stream,
}


def _said(text: str) -> tuple[dict[str, Any], ...]:
    """A message that was never sent before, so that the log has no answer to it."""
    return ({"role": "user", "content": f"{text} (Check {uuid4().hex}.)"},)
