"""Between our requests and the parameters of OpenAI's chat completions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agents.llm.chat import MAX_TOKENS, Request
from agents.llm.deployments import Capabilities, Model
from db.errors import BadInput, MemberFailed
from db.records import FailureReason

_SAID_ELSEWHERE = (
    *("metadata", "timeout", "api_key", "api_base", "organization"),
    *("custom_llm_provider", "base_model", "stream_options"),
)
"""What LangChain sends along and the deployment or the client decides."""


def parameters(request: Request, model: Model, *, sample: int = 0, n: int = 1) -> dict[str, Any]:
    """What to send for a request to `model`: what its deployments honour of it, the rest left out.

    A seed moves on with `sample`, as samples of one seed would be one and the same. Raises MemberFailed if the request
    has tools and the model calls none.
    """
    able = model.capabilities
    if request.tools and not able.tools:
        raise MemberFailed(f"{model.name} calls no tools", reason=FailureReason.UNSUPPORTED)
    said: dict[str, Any] = {
        "messages": [dict(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "tools": [dict(tool) for tool in request.tools] or None,
        "tool_choice": request.tool_choice,
        "parallel_tool_calls": request.parallel_tool_calls if request.tools else None,
        "stop": list(request.stop) or None,
        "seed": None if request.seed is None else request.seed + sample,
        "n": n if n > 1 else None,
        **_by_ability(request, able),
    }
    return {name: value for name, value in said.items() if value is not None}


def _by_ability(request: Request, able: Capabilities) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if request.json_schema is not None and able.json_schema:
        schema = {"name": "answer", "schema": request.json_schema, "strict": True}
        said["response_format"] = {"type": "json_schema", "json_schema": schema}
    if request.logprobs and able.logprobs:
        said["logprobs"] = True
        said["top_logprobs"] = request.top_logprobs or None
    if request.stream and able.stream:
        said["stream"] = True
        said["stream_options"] = {"include_usage": True}
    return said


def prompt_bytes(parameters: Mapping[str, Any]) -> int:
    """A bound on the tokens of a prompt: no tokenizer makes more tokens than there are bytes, markup included."""
    read = [parameters.get(name) for name in ("messages", "tools", "response_format")]
    return len(json.dumps(read, ensure_ascii=False, default=str).encode("utf-8", "replace"))


def request_of(model: str, parameters: Mapping[str, Any], deadline_s: float) -> Request:
    """The request that LangChain's parameters amount to. Raises BadInput for one that would be silently lost."""
    said = {name: value for name, value in parameters.items() if value is not None and name not in _SAID_ELSEWHERE}
    for name, only in (("stream", False), ("n", 1)):
        if said.pop(name, only) != only:
            raise BadInput(f"the tool loop cannot be called with {name}: leave it out")
    stop = said.pop("stop", ())
    request = Request(
        model=model,
        messages=tuple(said.pop("messages")),
        temperature=said.pop("temperature", None),
        max_tokens=said.pop("max_tokens", MAX_TOKENS),
        json_schema=_schema(said.pop("response_format", None)),
        tools=tuple(said.pop("tools", ())),
        tool_choice=said.pop("tool_choice", None),
        parallel_tool_calls=said.pop("parallel_tool_calls", None),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        seed=said.pop("seed", None),
        logprobs=said.pop("logprobs", False),
        top_logprobs=said.pop("top_logprobs", 0),
        deadline_s=deadline_s,
    )
    if said:
        raise BadInput(f"the tool loop cannot be called with {', '.join(said)}: leave it out")
    return request


def _schema(response_format: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if response_format is None:
        return None
    if response_format.get("type") != "json_schema":
        raise BadInput("the tool loop's response_format can only be a json_schema")
    schema: Mapping[str, Any] = response_format["json_schema"]["schema"]
    return schema
