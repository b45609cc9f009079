"""Whatever a provider sends is an answer or a failure: it ends no run, and nobody pays less than nothing for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.llm.budget import Budget
from agents.llm.calls import MemoryLog
from agents.llm.models import Capabilities
from agents.llm.raw import Raw
from app.dev.llm_server import LlmServer, Reply
from db.errors import MemberFailed, ProviderBusy
from tests.agents.llm.calling import DOLLARS, QUICK, complete, request, served
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]

LOGPROBS = Capabilities(logprobs=True)
USAGE = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}
ENTRY = {"token": "hi", "logprob": -0.1, "top_logprobs": []}


def body(usage: Any = USAGE, message: Any = None, **choice: Any) -> Reply:
    """A chat completion that says "hi", with these parts in place of good ones."""
    said = {"role": "assistant", "content": "hi"} if message is None else message
    choices = [{"index": 0, "finish_reason": "stop", "message": said, **choice}]
    whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}
    return Reply(raw=json.dumps(whole).encode())


def saying(**message: Any) -> Reply:
    return body(message={"role": "assistant", "content": "hi", **message})


def calling(function: Any) -> Reply:
    return saying(content=None, tool_calls=[{"id": "1", "type": "function", "function": function}])


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1000, "completion_tokens": 5, "total_tokens": -995},
        {"prompt_tokens": 5, "completion_tokens": -5, "total_tokens": 0},
        {"prompt_tokens": 2**63, "completion_tokens": 5, "total_tokens": 2**63},
        {"prompt_tokens": 100_000_001, "completion_tokens": 5, "total_tokens": 5},
        {"prompt_tokens": 5.5, "completion_tokens": 5, "total_tokens": 10},
        {"prompt_tokens": "many", "completion_tokens": 5, "total_tokens": 5},
        {"prompt_tokens": float("nan"), "completion_tokens": 5, "total_tokens": 5},
        {"prompt_tokens": float("inf"), "completion_tokens": 5, "total_tokens": 5},
        {"prompt_tokens": {"a": 1}, "completion_tokens": 5, "total_tokens": 5},
        {},
        [1],
        "5",
        None,
    ],
)
def test_usage_that_is_no_count_is_not_believed(llm_server: LlmServer, usage: Any) -> None:
    llm_server.script("m", [body(usage)])
    log, budget = MemoryLog(), Budget(100.0)
    found = complete(served(llm_server, "m", price=DOLLARS), request("m", max_tokens=10), log=log, budget=budget)
    assert (found.text, found.tokens, found.cost_usd) == ("hi", 0, None)
    assert llm_server.counts["m"] == 1
    [row] = log.records
    assert (row.prompt_tokens, row.completion_tokens, row.cost_usd) == (0, 0, None)
    assert budget.spent_usd > DOLLARS.cost_usd(10, 10) - 1e-9  # the bound of the call


def test_usage_in_a_stream_that_is_no_count_or_missing_is_not_made_up(llm_server: LlmServer) -> None:
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    for usage in (None, {"prompt_tokens": -7, "completion_tokens": 5, "total_tokens": -2}):
        parts: list[dict[str, Any]] = [
            {
                **chunk,
                "choices": [{"index": 0, "delta": {"role": "assistant", "content": "hi"}, "finish_reason": None}],
            },
            {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        ]
        if usage is not None:
            parts.append({**chunk, "choices": [], "usage": usage})
        lines = "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"
        llm_server.script("m", [Reply(raw=lines.encode(), headers={"content-type": "text/event-stream"})])
        found = complete(served(llm_server, "m", price=DOLLARS), request("m", stream=True))
        assert (found.text, found.tokens, found.cost_usd) == ("hi", 0, None)


@pytest.mark.parametrize(
    "logprobs",
    [
        "x",
        5,
        [],
        {"content": "x"},
        {"content": [5]},
        {"content": [{"token": 5, "logprob": -0.1, "top_logprobs": []}]},
        {"content": [{"token": "hi", "logprob": "likely", "top_logprobs": []}]},
        {"content": [{"token": "hi", "logprob": float("nan"), "top_logprobs": []}]},
        {"content": [{**ENTRY, "top_logprobs": "x"}]},
        {"content": [{**ENTRY, "top_logprobs": [None]}]},
    ],
)
def test_logprobs_that_are_none_are_left_out_and_the_answer_stands(llm_server: LlmServer, logprobs: Any) -> None:
    llm_server.script("m", [body(logprobs=logprobs)])
    found = complete(served(llm_server, "m", capabilities=LOGPROBS, price=DOLLARS), request("m", logprobs=True))
    assert (found.text, found.logprobs) == ("hi", None)
    assert found.tokens == 10 and llm_server.counts["m"] == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b'{"choices": "abc"}'),
        Reply(raw=b'{"choices": [null]}'),
        Reply(raw=b'{"choices": null, "error": {"message": "no", "code": 402}}'),
        Reply(raw=b'{"a":' * 100_000),
        Reply(raw=b"\xff\xfe\x00"),
        body(message=[]),
        Reply(raw=b'{"choices": [{"index": 0, "finish_reason": "stop", "message": null}]}'),
        saying(content=5),
        saying(content={"a": 1}),
        saying(tool_calls="x"),
        saying(tool_calls=[None]),
        calling(None),
        calling({"arguments": "{}"}),
        calling({"name": 7, "arguments": "{}"}),
    ],
)
def test_body_that_is_no_completion_is_tried_again_and_may_have_been_billed(
    llm_server: LlmServer, reply: Reply
) -> None:
    llm_server.script("m", [reply])
    log, budget = MemoryLog(), Budget(100.0)
    with pytest.raises(ProviderBusy, match="no chat completion") as caught:
        complete(served(llm_server, "m", price=DOLLARS), request("m", max_tokens=10), log=log, budget=budget)
    assert "Traceback" not in str(caught.value)
    assert llm_server.counts["m"] == QUICK.tries
    assert [(row.attempts, row.cost_usd) for row in log.records] == [(QUICK.tries, None)]
    assert budget.spent_usd > QUICK.tries * DOLLARS.cost_usd(10, 10) - 1e-9


@pytest.mark.parametrize(
    "reason", [None, "error", "network_error", "insufficient_system_resource", "MALFORMED_RESPONSE"]
)
def test_ending_that_is_none_or_unknown_is_unfinished(llm_server: LlmServer, reason: str | None) -> None:
    llm_server.script("m", [body(finish_reason=reason)])
    with pytest.raises(MemberFailed, match="did not finish") as caught:
        complete(served(llm_server, "m"), request("m"))
    assert caught.value.reason == "unfinished" and (reason or "without saying why") in str(caught.value)
    assert llm_server.counts["m"] == 1


@pytest.mark.parametrize("reason", ["stop", "eos_token", "end_turn", "COMPLETE"])
def test_ending_in_a_providers_own_words_is_an_end(llm_server: LlmServer, reason: str) -> None:
    llm_server.script("m", [body(finish_reason=reason)])
    assert complete(served(llm_server, "m"), request("m")).finish_reason == "stop"


@pytest.mark.parametrize(("stop_reason", "answered"), [("end_turn", True), (None, False), ("pause_turn", False)])
def test_ending_of_another_providers_shape_is_read_too(stop_reason: str | None, answered: bool) -> None:
    raw = Raw()
    raw({"log_event_type": "post_api_call", "original_response": json.dumps({"stop_reason": stop_reason})})
    choice = {"finish_reason": "stop", "message": {"content": "hi"}}
    assert (raw.with_endings({"choices": [choice]})["choices"][0]["finish_reason"] == "stop") is answered


@pytest.mark.parametrize("wait", ["\N{SUPERSCRIPT TWO}", "nan", "-1", "Mon, 99 Foo 99999 00:00:00 GMT"])
def test_retry_after_that_is_no_time_is_passed_over(llm_server: LlmServer, wait: str) -> None:
    llm_server.script("m", [Reply(status=503, headers={"Retry-After": wait}), Reply(text="back")])
    assert complete(served(llm_server, "m"), request("m")).text == "back"
