"""The language model server, through the real OpenAI client."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from agents.llm.models import load_models
from app.dev.llm_server import LlmServer, Reply, running, running_apart
from app.dev.script_file import read_script
from db.errors import BadInput
from tests.servers.fixtures import client, llm_server, shared_client, shared_llm_server
from tests.servers.prompts import RELATION, ask, asking, connected, text

__all__ = ["client", "llm_server", "shared_client", "shared_llm_server"]


def post(server: LlmServer, model: str, **more: Any) -> dict[str, Any]:
    """What httpx needs to send a raw request."""
    return {
        "method": "POST",
        "url": f"{server.url}/chat/completions",
        "json": {"model": model, "messages": asking(RELATION), **more},
    }


# The protocol


def test_models_when_listed_are_those_that_answer(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert {"scripted", "drip", "fault-429", "flaky-503-2", "obeys"} <= set(names)
    with pytest.raises(openai.NotFoundError, match="no-such-model"):
        ask(client, "no-such-model")


def test_chat_when_n_is_asked_gives_n_choices_and_counts_tokens(client: openai.OpenAI) -> None:
    one, three = ask(client), ask(client, n=3)
    assert one.model == "scripted"
    assert [choice.index for choice in three.choices] == [0, 1, 2]
    assert one.usage is not None and three.usage is not None
    assert three.usage.completion_tokens == 3 * one.usage.completion_tokens > 0
    assert three.usage.prompt_tokens == one.usage.prompt_tokens > 0


def test_logprobs_when_asked_spell_the_text_and_are_probabilities(client: openai.OpenAI) -> None:
    completion = ask(client, logprobs=True, top_logprobs=3)
    logprobs = completion.choices[0].logprobs
    assert logprobs is not None and logprobs.content is not None
    assert "".join(token.token for token in logprobs.content) == text(completion)
    assert all(len(token.top_logprobs) == 3 and token.logprob < 0 for token in logprobs.content)
    assert ask(client).choices[0].logprobs is None


@pytest.mark.parametrize("parameters", [{}, {"logprobs": True, "top_logprobs": 1}])
def test_stream_when_read_to_its_end_says_what_the_whole_says(
    client: openai.OpenAI, parameters: dict[str, Any]
) -> None:
    whole = ask(client, **parameters)
    chunks = list(
        client.chat.completions.create(
            model="scripted",
            messages=asking(RELATION),
            stream=True,
            stream_options={"include_usage": True},
            **parameters,
        )
    )
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == text(whole)
    assert choices[-1].finish_reason == "stop"
    assert chunks[-1].usage == whole.usage
    spelled = [token.token for choice in choices if choice.logprobs for token in choice.logprobs.content or ()]
    assert ("".join(spelled) == text(whole)) == bool(parameters)


def test_schema_when_no_question_is_asked_is_honoured(client: openai.OpenAI) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "words": {"type": "array"}}, "required": ["n"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    completion = ask(client, messages=[{"role": "user", "content": "Say something."}], response_format=wanted)
    assert json.loads(text(completion)) == {"n": 1}


def test_request_when_it_is_none_gets_400(llm_server: LlmServer) -> None:
    for content in (b"{", b"[]", b'{"model": "scripted"}'):
        assert httpx.post(f"{llm_server.url}/chat/completions", content=content).status_code == 400
    assert llm_server.requests == []


# Faults


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("fault-401", openai.AuthenticationError),
        ("fault-402", openai.APIStatusError),
        ("fault-404", openai.NotFoundError),
        ("fault-429", openai.RateLimitError),
        ("fault-429-bare", openai.RateLimitError),
        ("fault-500", openai.InternalServerError),
        ("fault-502", openai.InternalServerError),
        ("fault-503", openai.InternalServerError),
        ("fault-529", openai.InternalServerError),
    ],
)
def test_fault_when_asked_fails_with_its_status(
    client: openai.OpenAI, model: str, error: type[openai.APIStatusError]
) -> None:
    for stream in (False, True):
        with pytest.raises(error) as raised:
            ask(client, model, stream=stream)
        assert raised.value.status_code == int(model.split("-")[1])
        assert ("retry-after" in raised.value.response.headers) == (model == "fault-429")


def test_flaky_when_asked_thrice_answers_at_the_third(client: openai.OpenAI) -> None:
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            ask(client, "flaky-503-2")
    assert text(ask(client, "flaky-503-2")) == text(ask(client))


@pytest.mark.parametrize("stream", [False, True])
def test_drip_when_read_comes_piece_by_piece_and_never_ends(llm_server: LlmServer, stream: bool) -> None:
    n_pieces, drip_s = 500, 0.001
    llm_server.script("drip", [Reply(text="Hi", drip_s=drip_s)])
    started = time.monotonic()
    with httpx.stream(**post(llm_server, "drip", stream=stream), timeout=10) as response:
        pieces = response.iter_raw()
        read = b"".join(next(pieces) for _ in range(n_pieces))
    assert time.monotonic() - started >= (n_pieces - 1) * drip_s
    whole = httpx.request(**post(llm_server, "scripted"))
    assert b"Hi" in read and b"[DONE]" not in read
    assert whole.status_code == 200
    if not stream:
        assert read.endswith(b" " * 10)


def test_truncated_when_read_breaks_off(client: openai.OpenAI, llm_server: LlmServer) -> None:
    with pytest.raises(openai.APIConnectionError):
        ask(client, "truncated")
    with (
        pytest.raises(httpx.RemoteProtocolError),
        httpx.stream(**post(llm_server, "truncated", stream=True)) as response,
    ):
        response.read()


def test_truncated_quietly_when_read_ends_without_an_end(llm_server: LlmServer) -> None:
    streamed = httpx.request(**post(llm_server, "truncated-quietly", stream=True))
    assert streamed.text.startswith("data: {") and "[DONE]" not in streamed.text
    assert '"finish_reason": "stop"' not in streamed.text
    with pytest.raises(json.JSONDecodeError):
        httpx.request(**post(llm_server, "truncated-quietly")).json()


def test_turns_when_spoiled_are_cut_empty_or_refused(client: openai.OpenAI) -> None:
    cut = ask(client, "length")
    assert cut.choices[0].finish_reason == "length"
    assert text(ask(client)).startswith(text(cut)) and text(cut) != text(ask(client))
    assert ask(client, "empty").choices[0].message.content == ""
    refused = ask(client, "refusal").choices[0].message
    assert refused.content is None and refused.refusal


def test_parameters_when_ignored_have_no_effect(client: openai.OpenAI) -> None:
    assert len(ask(client, "no-n", n=3).choices) == 1
    assert ask(client, "no-logprobs", logprobs=True).choices[0].logprobs is None
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    assert text(ask(client, response_format=wanted)).startswith("{")
    assert not text(ask(client, "no-schema", response_format=wanted)).startswith("{")


# Scripts and counts


def test_script_when_given_is_followed_in_order_and_its_last_reply_repeats(
    client: openai.OpenAI, llm_server: LlmServer
) -> None:
    llm_server.script("mine", [Reply(text="one"), Reply(status=503, text="busy"), Reply(text="two")])
    assert text(ask(client, "mine")) == "one"
    with pytest.raises(openai.InternalServerError, match="busy"):
        ask(client, "mine")
    assert [text(ask(client, "mine")) for _ in range(3)] == ["two"] * 3


def test_script_when_it_does_not_repeat_gives_way_to_the_model(client: openai.OpenAI, llm_server: LlmServer) -> None:
    llm_server.script("scripted", [Reply(text="first", finish_reason="content_filter")], repeat_last=False)
    assert ask(client).choices[0].finish_reason == "content_filter"
    assert text(ask(client)).startswith("{")


def test_script_when_n_is_asked_gives_n_of_its_replies(client: openai.OpenAI, llm_server: LlmServer) -> None:
    llm_server.script("mine", [Reply(text=str(number)) for number in range(5)])
    assert [choice.message.content for choice in ask(client, "mine", n=3).choices] == ["0", "1", "2"]
    assert text(ask(client, "mine")) == "3"


def test_script_when_raw_is_sent_as_it_is(llm_server: LlmServer) -> None:
    llm_server.script("mine", [Reply(raw=b"<html>", status=200, headers={"X-Proxy": "yes"})])
    response = httpx.request(**post(llm_server, "mine"))
    assert response.content == b"<html>" and response.headers["x-proxy"] == "yes"


def test_counts_when_asked_say_what_was_asked(client: openai.OpenAI, llm_server: LlmServer) -> None:
    tool = {"type": "function", "function": {"name": "get_events", "parameters": {"type": "object"}}}
    ask(client, tools=[tool])
    ask(client, "fenced", temperature=0.5)
    assert llm_server.counts == {"scripted": 1, "fenced": 1}
    assert llm_server.tools_offered == {"get_events": 1}
    assert [body.get("temperature") for body in llm_server.requests] == [None, 0.5]
    assert httpx.get(llm_server.url.removesuffix("/v1") + "/counts").json() == {
        "total": 2,
        "by_model": {"scripted": 1, "fenced": 1},
        "tools_offered": {"get_events": 1},
        "most_in_flight": 1,
        "most_in_slots": 1,
    }
    llm_server.forget()
    assert not llm_server.counts and not llm_server.requests


async def _ask_at_once(url: str, n: int) -> None:
    async with openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=0) as client:
        calls = [client.chat.completions.create(model="scripted", messages=asking(RELATION)) for _ in range(n)]
        await asyncio.gather(*calls)


def test_slots_when_full_make_requests_wait() -> None:
    latency_s = 0.1
    with running(latency_s=latency_s, slots=2) as server:
        started = time.monotonic()
        asyncio.run(_ask_at_once(server.url, 6))
        elapsed = time.monotonic() - started
        assert server.counts["scripted"] == 6
        assert server.most_in_slots <= 2
    assert elapsed >= 3 * latency_s


# Where it runs


def test_running_when_left_is_gone_even_in_the_middle_of_a_drip() -> None:
    for _ in range(3):
        with ExitStack() as left_open:
            with running() as server:
                response = left_open.enter_context(httpx.stream(**post(server, "drip")))
                pieces = response.iter_raw()
                next(pieces)
            with pytest.raises(httpx.RemoteProtocolError):
                list(pieces)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/models")


def test_running_when_the_port_is_taken_says_so() -> None:
    with running() as server:
        port = int(server.url.split(":")[2].partition("/")[0])
        with pytest.raises(BadInput, match=f"port {port} cannot be had"), running(port=port):
            pass


def test_running_apart_when_left_is_gone() -> None:
    with running_apart(latency_s=0.01, slots=4) as url:
        with connected(url) as client:
            assert text(ask(client)).startswith("{")
        assert httpx.get(url.removesuffix("/v1") + "/counts").json()["total"] == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/models")


def test_command_when_run_tells_where_it_listens_and_stops_at_ctrl_c(tmp_path: Path) -> None:
    script = tmp_path / "replies.jsonl"
    script.write_text('"hello"\n{"text": "busy", "status": 503}\n')
    command = [sys.executable, "-m", "app.cli", "dev", "llm-server", "--port", "0", "--script", str(script)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = process.stderr.readline().split()[2]
        with connected(url) as client:
            assert text(ask(client, "script")) == "hello"
            with pytest.raises(openai.InternalServerError, match="busy"):
                ask(client, "script")
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 0 and "Traceback" not in said
    models = tmp_path / "models.yaml"
    models.write_text(said[said.index("model_list:") : said.index("What follows")])
    assert load_models(models).resolve("scripted").name == "scripted"
    assert url in models.read_text()


def test_script_file_when_a_line_is_no_reply_names_the_line(tmp_path: Path) -> None:
    script = tmp_path / "replies.jsonl"
    script.write_text('"fine"\n\n{"txt": "typo"}\n')
    with pytest.raises(BadInput, match="line 3 .*txt"):
        read_script(script)
    script.write_text("")
    with pytest.raises(BadInput, match="no reply"):
        read_script(script)
    with pytest.raises(BadInput, match="cannot be read"):
        read_script(tmp_path / "absent")
