"""A canary secret turns up nowhere: not in prompts, errors, logs, records or completions."""

from __future__ import annotations

import json
import logging
import traceback
from dataclasses import asdict

import pytest

from agents.llm.calls import MemoryLog
from agents.llm.models import ModelTable
from agents.llm.redaction import Redaction
from app.dev.llm_server import LlmServer, Reply, ToolCall
from db.errors import AuspexError, MemberFailed
from tests.agents.llm.calling import complete, request, served
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]

CANARY = "sk-canary-0123456789"
TOOL = {"type": "function", "function": {"name": "look", "description": CANARY, "parameters": {"type": "object"}}}


@pytest.fixture
def keyed(llm_server: LlmServer, monkeypatch: pytest.MonkeyPatch) -> ModelTable:
    """A model whose key is the canary."""
    monkeypatch.setenv("CANARY_KEY", CANARY)
    return served(llm_server, "m", api_key="os.environ/CANARY_KEY")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=401, text=f"Incorrect API key provided: {CANARY}."),
        Reply(status=500, text=CANARY),
        Reply(status=400, text=CANARY),
        Reply(raw=f"<html>{CANARY}</html>".encode()),
        Reply(refusal=f"I will not say {CANARY}."),
        Reply(text=CANARY, finish_reason="length"),
        Reply(text=CANARY + "x" * 200_000),
    ],
    ids=["closed", "busy", "wrong", "no completion", "refused", "unfinished", "endless"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_failure_does_not_hold_the_key(
    llm_server: LlmServer,
    keyed: ModelTable,
    reply: Reply,
    stream: bool,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    llm_server.script("m", [reply])
    log = MemoryLog()
    with pytest.raises(MemberFailed) as caught:
        complete(keyed, request("m", stream=stream), log=log)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in repr(vars(caught.value))
    assert log.records and CANARY not in json.dumps([asdict(row) for row in log.records], default=str)
    assert CANARY not in caplog.text + "".join(capfd.readouterr())


def test_completion_and_prompt_do_not_hold_a_secret(llm_server: LlmServer) -> None:
    said = Reply(text=f"The key is {CANARY}.", tool_calls=(ToolCall(name="look", arguments={"at": CANARY}),))
    llm_server.script("m", [said])
    log = MemoryLog()
    asked = request("m", f"Is {CANARY} the key?", tools=(TOOL,))
    found = complete(served(llm_server, "m"), asked, log=log, secrets=(CANARY,))
    assert found.text == "The key is ***."
    assert CANARY not in json.dumps([found.response, found.tool_calls])
    assert CANARY not in json.dumps([asdict(row) for row in log.records], default=str)
    assert CANARY not in json.dumps(llm_server.requests)


def test_forbidden_and_misconfigured_models_do_not_show_the_key() -> None:
    table = ModelTable().with_model("m", model="nobody/m", api_base="http://10.0.0.1/v1", api_key=CANARY)
    for allowed in (False, True):
        with pytest.raises(AuspexError) as caught:
            complete(table, request("m"), allow_remote=allowed)
        assert CANARY not in str(caught.value)


def test_redaction_replaces_the_longer_secret_first_and_ignores_empty_ones() -> None:
    redaction = Redaction(["secret", "secret-and-more", ""])
    assert redaction.text("secret-and-more, secret") == "***, ***"
    assert redaction.data({"secret": ["a secret", 1, None, ("secret",)]}) == {"***": ["a ***", 1, None, ("***",)]}


def test_placeholder_key_is_no_secret(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="There is none.")])
    assert complete(served(llm_server, "m"), request("m")).text == "There is none."
