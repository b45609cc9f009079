"""An answer is found again only by a name that still means the model that gave it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agents.llm.calls import MemoryLog
from agents.llm.models import Capabilities, ModelTable, Price
from agents.llm.models_file import deployment
from app.dev.llm_server import LlmServer, Reply
from db.errors import UnknownName
from tests.agents.llm.calling import DOLLARS, complete, request, served
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]

BASE = "http://127.0.0.1:9/v1"
PLAIN = ModelTable().with_model("m", model="openai/old", api_base=BASE)


def named(**more: Any) -> str:
    """The identity of the name m when it is configured like this."""
    return ModelTable().with_model("m", **{"model": "openai/old", "api_base": BASE, **more}).identity("m")


def deployed(*params: dict[str, Any]) -> str:
    """The identity of the name m when it has deployments with these parameters."""
    deployments = tuple(deployment(f"m#{at}", {"model": "openai/old", **one}) for at, one in enumerate(params))
    return ModelTable({"m": replace(PLAIN.named["m"], deployments=deployments)}).identity("m")


def test_answer_of_a_name_that_was_pointed_elsewhere_is_not_found(llm_server: LlmServer) -> None:
    llm_server.script("old", [Reply(text="I am the old one.")])
    llm_server.script("new", [Reply(text="I am the new one.")])
    log = MemoryLog()
    answers = []
    for model in ("old", "new", "old"):
        table = ModelTable().with_model("m", model=f"openai/{model}", api_base=llm_server.url)
        found = complete(table, request("m"), log=log)
        answers.append((found.text, found.cached))
    assert answers == [("I am the old one.", False), ("I am the new one.", False), ("I am the old one.", True)]


def test_answer_of_a_fallback_is_found_only_while_both_names_mean_the_same(llm_server: LlmServer) -> None:
    llm_server.script("down", [Reply(status=401)])
    llm_server.script("one", [Reply(text="one")])
    llm_server.script("two", [Reply(text="two")])
    log = MemoryLog()
    answers = []
    for fallback in ("one", "one", "two"):
        table = ModelTable().with_model("spare", model=f"openai/{fallback}", api_base=llm_server.url)
        table = served(llm_server, "down", table=table, fallbacks=["spare"])
        found = complete(table, request("down"), log=log)
        answers.append((found.text, found.model_used, found.cached))
    assert answers == [("one", "spare", False), ("one", "spare", True), ("two", "spare", False)]
    alone = served(llm_server, "scripted", table=ModelTable())
    alone = alone.with_model("down", model="openai/scripted", api_base=llm_server.url)
    assert not complete(alone, request("down"), log=log).cached


@pytest.mark.parametrize(
    "more",
    [
        {"model": "openai/new"},
        {"api_base": "http://127.0.0.1:10/v1"},
        {"capabilities": Capabilities(json_schema=True)},
        {"capabilities": Capabilities(logprobs=True)},
    ],
)
def test_identity_when_another_model_is_meant_is_another(more: dict[str, Any]) -> None:
    assert named(**more) != named()


@pytest.mark.parametrize(
    "more",
    [
        {"api_key": "sk-another"},
        {"price": Price(input_usd_per_million=1.0, output_usd_per_million=2.0)},
        {"rpm": 5, "tpm": 6, "max_parallel": 7},
    ],
)
def test_identity_when_keys_prices_or_limits_change_stays(more: dict[str, Any]) -> None:
    assert named(**more) == named()


def test_identity_is_that_of_all_deployments_in_any_order() -> None:
    one, two = {"api_base": BASE}, {"api_base": "http://127.0.0.1:10/v1"}
    assert deployed(one, two) == deployed(two, one) != deployed(one)
    assert deployed({**one, "reasoning_effort": "high"}) != deployed(one)


def test_identity_when_a_variable_is_set_anew_is_another_but_not_for_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    params = {"api_base": "os.environ/WHERE", "api_key": "os.environ/WITH_KEY"}
    monkeypatch.delenv("WITH_KEY", raising=False)
    monkeypatch.setenv("WHERE", "http://127.0.0.1:1/v1")
    first = deployed(params)
    monkeypatch.setenv("WITH_KEY", "sk-some")
    assert deployed(params) == first
    monkeypatch.setenv("WHERE", "http://127.0.0.1:2/v1")
    assert deployed(params) != first


def test_identity_of_fallbacks_is_part_of_it_and_bare_names_have_one_too() -> None:
    spare = PLAIN.with_model("spare", model="openai/spare", api_base=BASE)
    other = PLAIN.with_model("spare", model="openai/other", api_base=BASE)
    both = [
        table.with_model("m", model="openai/old", api_base=BASE, fallbacks=["spare"]).identity("m")
        for table in (spare, other)
    ]
    assert len({*both, PLAIN.identity("m")}) == 3
    assert PLAIN.identity("openai/gpt-5") != PLAIN.identity("openai/gpt-4o")
    with pytest.raises(UnknownName):
        PLAIN.identity("gpt-5")


def test_deployments_of_one_model_share_their_answers(llm_server: LlmServer) -> None:
    base = {"model": "openai/scripted", "api_base": llm_server.url}
    deployments = (deployment("m#1", base), deployment("m#2", {**base, "api_key": "sk-two"}, price=DOLLARS))
    log = MemoryLog()
    for order in (deployments, deployments[::-1]):
        table = ModelTable({"m": replace(PLAIN.named["m"], deployments=order)})
        complete(table, request("m"), log=log)
    assert llm_server.counts["scripted"] == 1


def test_address_of_a_model_that_moves_is_no_part_of_what_it_is() -> None:
    assert named(moves=True) == named(moves=True, api_base="http://127.0.0.1:10/v1")
    assert named() != named(api_base="http://127.0.0.1:10/v1")
