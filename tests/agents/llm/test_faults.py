"""What providers do wrong, through httpx, openai and litellm: tried again, never again, or recorded."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from agents.llm.calls import MemoryLog
from agents.llm.client import LlmClient
from agents.llm.models import ModelTable
from agents.llm.retries import Patience
from app.dev.llm_server import LlmServer, Reply
from db.errors import CallForbidden, MemberFailed, ProviderBusy, ProviderClosed, Unparseable
from tests.agents.llm.calling import DOLLARS, NOW, QUICK, complete, request, served, using
from tests.conftest import ROOT
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_passing_fault_when_it_passes_is_tried_again(llm_server: LlmServer, status: int) -> None:
    model = f"flaky-{status}-bare-2" if status == 429 else f"flaky-{status}-2"
    log = MemoryLog()
    found = complete(served(llm_server, model), request(model), log=log)
    assert found.text and found.model_used == model
    assert llm_server.counts[model] == 3
    assert [record.attempts for record in log.records] == [3]


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_passing_fault_when_it_stays_ends_after_the_last_try(llm_server: LlmServer, status: int) -> None:
    model = f"fault-{status}-bare"
    log = MemoryLog()
    with pytest.raises(ProviderBusy, match=str(status)):
        complete(served(llm_server, model), request(model), log=log)
    assert llm_server.counts[model] == QUICK.tries
    [row] = log.records
    assert str(status) in row.error and row.response == "" and row.cost_usd == 0.0


@pytest.mark.parametrize("seconds", ["1", (NOW + timedelta(seconds=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")])
def test_retry_after_is_waited_for(llm_server: LlmServer, seconds: str) -> None:
    llm_server.script("m", [Reply(status=503, headers={"Retry-After": seconds}), Reply(text="back")])
    started = time.monotonic()
    assert complete(served(llm_server, "m"), request("m")).text == "back"
    assert time.monotonic() - started >= 1.0


def test_retry_after_beyond_the_deadline_is_not_waited_for(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(status=429, headers={"Retry-After": "3600"})])
    with pytest.raises(ProviderBusy) as caught:
        complete(served(llm_server, "m"), request("m", deadline_s=5.0))
    assert caught.value.retry_after_s == 3600
    assert llm_server.counts["m"] == 1


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("http://127.0.0.1:1/v1", "cannot be reached"),  # nothing listens
        ("http://no-such-host.invalid/v1", "cannot be reached"),  # no such name
        ("https", "cannot be reached"),  # TLS toward a server that has none
    ],
)
def test_unreachable_server_is_busy_and_costs_nothing(llm_server: LlmServer, base: str, said: str) -> None:
    base = llm_server.url.replace("http:", "https:") if base == "https" else base
    log = MemoryLog()
    table = ModelTable().with_model("m", model="openai/m", api_base=base, price=DOLLARS)
    with pytest.raises(ProviderBusy, match=said):
        complete(table, request("m"), log=log, allow_remote=True)
    assert [(row.attempts, row.cost_usd) for row in log.records] == [(QUICK.tries, 0.0)]


@pytest.mark.parametrize("stream", [False, True])
def test_dropped_body_is_tried_again_and_its_cost_is_unknown(llm_server: LlmServer, stream: bool) -> None:
    llm_server.script("m", [Reply(text="one two three four", truncate="closed")])
    log = MemoryLog()
    with pytest.raises(ProviderBusy, match="broke off"):
        complete(served(llm_server, "m", price=DOLLARS), request("m", stream=stream), log=log)
    assert llm_server.counts["m"] == QUICK.tries
    assert [row.cost_usd for row in log.records] == [None]


@pytest.mark.parametrize(
    "raw",
    [
        b"<html>upstream error</html>",
        b'{"id": "x", "choi',
        b'{"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": []}',
        b"null",
        b"[]",
        b"",
    ],
)
def test_body_that_is_no_completion_is_tried_again(llm_server: LlmServer, raw: bytes) -> None:
    llm_server.script("m", [Reply(raw=raw), Reply(text="whole")])
    assert complete(served(llm_server, "m"), request("m")).text == "whole"


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_closed_provider_is_called_once_for_the_life_of_the_client(llm_server: LlmServer, status: int) -> None:
    model = f"fault-{status}"

    async def work(client: LlmClient) -> list[str]:
        said = []
        for text in "abc":
            with pytest.raises(ProviderClosed) as caught:
                await client.complete(request(model, text))
            said.append(str(caught.value))
        return said

    said = using(served(llm_server, model), work)
    assert len(set(said)) == 1 and str(status) in said[0]
    assert llm_server.counts[model] == 1


def test_missing_key_closes_the_model_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ProviderClosed, match="no key.*OPENAI_API_KEY"):
        complete(ModelTable(), request("openai/gpt-5"), allow_remote=True)


def test_used_up_credit_closes_the_model_though_it_comes_as_429(llm_server: LlmServer) -> None:
    body = {"error": {"message": "You exceeded your current quota.", "type": "q", "code": "insufficient_quota"}}
    llm_server.script("m", [Reply(status=429, raw=json.dumps(body).encode())])
    with pytest.raises(ProviderClosed, match="quota"):
        complete(served(llm_server, "m"), request("m"))
    assert llm_server.counts["m"] == 1


def test_wrong_request_is_neither_tried_again_nor_closes_the_model(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(status=400, text="maximum context length is 8192 tokens"), Reply(text="fine")])

    async def work(client: LlmClient) -> str:
        with pytest.raises(MemberFailed, match="context length") as caught:
            await client.complete(request("m", "too long"))
        assert caught.value.reason == "provider" and not isinstance(caught.value, ProviderBusy | ProviderClosed)
        return (await client.complete(request("m", "short"))).text

    assert using(served(llm_server, "m"), work) == "fine"


@pytest.mark.parametrize("stream", [False, True])
def test_slow_drip_meets_the_deadline(llm_server: LlmServer, stream: bool) -> None:
    llm_server.script("m", [Reply(text="a long answer " * 20, drip_s=0.02)])
    log = MemoryLog()
    started = time.monotonic()
    with pytest.raises(MemberFailed) as caught:
        complete(served(llm_server, "m"), request("m", stream=stream, deadline_s=1.0), log=log)
    assert caught.value.reason == "deadline"
    assert time.monotonic() - started < 15.0
    assert llm_server.counts["m"] == 1
    assert [(row.cost_usd, row.error) for row in log.records] == [(None, str(caught.value))]


def test_silent_server_meets_the_deadline_over_all_tries(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(status=500), Reply(text="late", delay_s=60.0)])
    with pytest.raises(MemberFailed) as caught:
        complete(served(llm_server, "m"), request("m", deadline_s=1.0))
    assert caught.value.reason == "deadline"
    assert llm_server.counts["m"] == 2


@pytest.mark.parametrize("stream", [False, True])
def test_answer_cut_at_the_token_limit_is_unfinished(llm_server: LlmServer, stream: bool) -> None:
    llm_server.script("m", [Reply(text='{"probability": 0.', finish_reason="length")])
    with pytest.raises(MemberFailed) as caught:
        complete(served(llm_server, "m"), request("m", stream=stream))
    assert caught.value.reason == "unfinished"
    assert llm_server.counts["m"] == 1


def test_stream_that_ends_without_its_end_is_unfinished(llm_server: LlmServer) -> None:
    llm_server.script("m", [Reply(text="one two three four", truncate="quiet")])
    with pytest.raises(MemberFailed) as caught:
        complete(served(llm_server, "m"), request("m", stream=True))
    assert caught.value.reason == "unfinished"


@pytest.mark.parametrize(
    "reply",
    [Reply(refusal="I cannot help."), Reply(text="I", finish_reason="content_filter")],
    ids=["said", "filtered"],
)
def test_refusal_is_refused_and_its_tokens_are_paid(llm_server: LlmServer, reply: Reply) -> None:
    llm_server.script("m", [reply])
    log = MemoryLog()
    with pytest.raises(MemberFailed) as caught:
        complete(served(llm_server, "m", price=DOLLARS), request("m"), log=log)
    assert caught.value.reason == "refused"
    assert [(row.cost_usd or 0.0) > 0.0 for row in log.records] == [True]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("text", ["", " \n", "z" * 2_000_000], ids=["empty", "blank", "2 MB"])
def test_empty_or_endless_answer_is_unparseable(llm_server: LlmServer, text: str, stream: bool) -> None:
    llm_server.script("m", [Reply(text=text)])
    log = MemoryLog()
    with pytest.raises(Unparseable):
        complete(served(llm_server, "m"), request("m", stream=stream), log=log)
    assert stream or json.loads(log.records[0].response)["choices"][0]["message"]["content"] == text


@pytest.mark.parametrize(("model", "tries"), [("fault-503", QUICK.tries), ("fault-401", 1)])
def test_fallback_answers_and_is_recorded_as_the_model_used(llm_server: LlmServer, model: str, tries: int) -> None:
    table = served(llm_server, "scripted")
    table = served(llm_server, model, table=table, fallbacks=["scripted"])
    log = MemoryLog()
    found = complete(table, request(model), log=log)
    assert found.model_used == "scripted"
    assert dict(llm_server.counts) == {model: tries, "scripted": 1}
    assert [(row.model, row.model_used, bool(row.error)) for row in log.records] == [
        (model, model, True),
        (model, "scripted", False),
    ]


@pytest.mark.parametrize("reply", [Reply(status=400), Reply(refusal="no"), Reply(text="")])
def test_fallback_is_not_asked_for_what_is_no_fault_of_the_server(llm_server: LlmServer, reply: Reply) -> None:
    llm_server.script("m", [reply])
    table = served(llm_server, "m", table=served(llm_server, "scripted"), fallbacks=["scripted"])
    with pytest.raises(MemberFailed):
        complete(table, request("m"))
    assert llm_server.counts["scripted"] == 0


def test_model_elsewhere_is_forbidden_where_that_is_switched_off() -> None:
    for name in ("openai/gpt-5", "anthropic/claude-sonnet-4-5"):
        with pytest.raises(CallForbidden, match="AUSPEX_REAL_CALLS"):
            complete(ModelTable(), request(name))
    elsewhere = ModelTable().with_model("m", model="openai/m", api_base="http://127.0.0.1.example.org/v1")
    with pytest.raises(CallForbidden):
        complete(elsewhere, request("m"))


def test_waits_grow_and_differ() -> None:
    patience = Patience(tries=9, first_wait_s=1.0, longest_wait_s=8.0)
    busy = ProviderBusy("busy")
    for failures, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (8, 8.0)):
        waits = {patience.wait_s(failures, busy) for _ in range(50)}
        assert len(waits) > 1 and longest / 2.0 <= min(waits) and max(waits) <= longest
    assert patience.wait_s(1, ProviderBusy("busy", retry_after_s=20.0)) >= 20.0


def test_close_leaves_no_connection_and_the_client_works_again(llm_server: LlmServer) -> None:
    async def work(client: LlmClient) -> tuple[str, str]:
        first = await client.complete(request("scripted", "one"))
        await client.aclose()
        other = LlmClient(client.table, clock=lambda: NOW)
        await other.complete(request("scripted", "two"))
        again, _ = await asyncio.gather(client.complete(request("scripted", "three")), other.aclose())
        return first.text, again.text

    assert all(using(served(llm_server, "scripted"), work))


@pytest.mark.slow
def test_nothing_is_called_but_the_server(llm_server: LlmServer) -> None:
    code = f"""
import sys
reached = set()
def hook(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        reached.add(arguments[1][0])
    if event == "socket.getaddrinfo":
        reached.add(arguments[0])
sys.addaudithook(hook)
from agents.llm.models import load_models
from tests.conftest import ROOT
from tests.agents.llm.calling import complete, request
table = load_models(None).with_model("scripted", model="openai/scripted", api_base={llm_server.url!r})
complete(table, request("scripted"))
import langchain.agents, langchain_litellm
sys.exit(f"called {{reached}}" if reached - {{"127.0.0.1"}} else 0 if reached else "called nothing")
"""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LITELLM", "LANG"))}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
