"""`check` shows what a server honours, and silence is not taken for consent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.llm.calls import MemoryLog
from agents.llm.models import Capabilities, ModelTable
from agents.llm.probe import ModelStatus, check
from app.dev.llm_server import LlmServer, Reply
from db.errors import UnknownName
from tests.agents.llm.calling import served, using
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]

PLAIN = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
}


def checked(table: ModelTable, name: str, **settings: Any) -> ModelStatus:
    return using(table, lambda client: check(client, name), **settings)


def test_good_server_honours_everything_whatever_its_configuration_says(llm_server: LlmServer) -> None:
    table = served(llm_server, "scripted", capabilities=Capabilities(tools=False, stream=False))
    found = checked(table, "scripted")
    assert (found.reachable, found.error) == (True, "")
    assert found.honours == dict.fromkeys(("json_schema", "tools", "logprobs", "n", "stream"), True)
    assert found.latency_s is not None and found.latency_s > 0.0


def test_server_that_ignores_all_options_honours_none(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(raw=json.dumps(PLAIN).encode())])
    found = checked(served(llm_server, "m"), "m")
    assert found.reachable and not any(found.honours.values())


def test_server_that_refuses_options_honours_only_the_stream(llm_server: LlmServer) -> None:
    refused = [Reply(status=400, text="unknown parameter")] * 6
    llm_server.script("m", [Reply(text="OK"), *refused])
    found = checked(served(llm_server, "m"), "m")
    assert found.reachable and not any(found.honours.values())


@pytest.mark.parametrize(("model", "says"), [("fault-401", "401"), ("fault-503", "503"), ("no-such-model", "404")])
def test_server_that_does_not_answer_is_not_reachable(llm_server: LlmServer, model: str, says: str) -> None:
    found = checked(served(llm_server, model), model)
    assert (found.reachable, found.latency_s, found.honours) == (False, None, {})
    assert says in found.error


def test_model_elsewhere_is_not_called_where_that_is_switched_off() -> None:
    assert "AUSPEX_REAL_CALLS" in checked(ModelTable(), "openai/gpt-5").error
    with pytest.raises(UnknownName):
        checked(ModelTable(), "gpt-5")


def test_check_when_repeated_is_not_answered_from_the_log(llm_server: LlmServer) -> None:
    log = MemoryLog()
    for _ in range(2):
        checked(served(llm_server, "scripted"), "scripted", log=log)
    assert not any(row.cached for row in log.records)
    assert llm_server.counts["scripted"] == 12
