"""Asking several times: what is sent, what is kept apart, and what the tokens say."""

from __future__ import annotations

import math
from typing import Any

import pytest

from agents.llm.models import Capabilities
from agents.sampling import Samples, of_logprobs, sample_answers
from app.dev.llm_server import LlmServer, Reply
from ensembles.uncertainty import answers_uncertainty
from tests.agents.llm.calling import served, using

ABLE = Capabilities(logprobs=True, n=True)


def sampled(server: LlmServer, model: str, n: int, **settings: Any) -> Samples:
    table = served(server, model, capabilities=settings.pop("capabilities", ABLE))
    return using(table, lambda client: sample_answers(client, model, "Which capital?", n, **settings))


def test_answers_come_without_their_thinking_and_feed_the_measures(llm_server: LlmServer) -> None:
    llm_server.script("muser", [Reply(text=text) for text in ("<think>Hm.</think>Rome", "Rome.", "Paris")])
    found = sampled(llm_server, "muser", 3)
    assert found.answers == ("Rome", "Rome.", "Paris") and found.failures == ()
    assert answers_uncertainty(found.answers).n_sets == 2
    [body] = llm_server.requests
    assert (body["n"], body["temperature"], body["logprobs"], body["top_logprobs"]) == (3, 1.0, True, 5)
    assert all(one is not None and one.max_entropy is not None for one in found.tokens)


def test_failure_is_kept_apart_and_never_an_answer(llm_server: LlmServer) -> None:
    llm_server.script("half", [Reply(text="Rome"), Reply(refusal="No.")])
    found = sampled(llm_server, "half", 2, capabilities=Capabilities(), temperature=0.7)
    assert found.answers == ("Rome",) and found.tokens == (None,)
    assert [failure.reason for failure in found.failures] == ["refused"]


def test_tokens_of_logprobs_by_hand() -> None:
    half = math.log(0.5)
    top = [{"token": "a", "logprob": half}, {"token": "b", "logprob": half}]
    found = of_logprobs(
        [
            {"token": "a", "logprob": half, "top_logprobs": top},
            {"token": "c", "logprob": 1e-9, "top_logprobs": [{"token": "c", "logprob": 1e-9}]},
        ]
    )
    assert found is not None
    assert found.sequence_probability == pytest.approx(0.5)
    assert found.max_entropy == pytest.approx(math.log(2))
    assert found.mean_entropy == pytest.approx(math.log(2) / 2)
    without = of_logprobs([{"token": "a", "logprob": half}])
    assert without is not None and without.max_entropy is None
    assert of_logprobs([]) is None
