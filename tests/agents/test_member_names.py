"""Names of members: read in full, refused in one sentence, built in the order asked."""

from __future__ import annotations

import pytest

from agents.llm.client import LlmClient
from agents.llm.models import ModelTable
from agents.members.equipment import Equipment
from agents.members.llm.naming import Parameters, read_name
from agents.members.registry import build_members, models_of
from db.errors import BadInput, UnknownName
from tests.member_worlds import (
    AS_OF,
)


def test_name_states_kind_model_and_parameters() -> None:
    read = read_name("react:ollama_chat/llama3:8b?runs=3&max_steps=10&temperature=0.7&deadline_s=90&budget_usd=0.5")
    assert (read.kind, read.model) == ("react", "ollama_chat/llama3:8b")
    assert read.parameters == Parameters(runs=3, max_steps=10, temperature=0.7, deadline_s=90, budget_usd=0.5)
    assert read_name("direct:gpt-x").parameters == Parameters()
    assert (Parameters().temperature, Parameters().max_steps, Parameters().deadline_s) == (0.4, 20, 900)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("oracle:gpt-x", "choose from direct, cot"),
        ("react:", "names no model"),
        ("react:?runs=3", "names no model"),
        (f"react:{'m' * 190}", "has 196 characters, and a name has at most 194"),
        ("react:gpt-x?", "write \\?runs=3"),
        ("react:gpt-x?runs", "write \\?runs=3"),
        ("react:gpt-x?runs=", "runs ''"),
        ("react:gpt-x?runs=0", "runs '0'"),
        ("react:gpt-x?runs=2.5", "runs '2.5'"),
        ("react:gpt-x?runs=2&runs=3", "twice"),
        ("react:gpt-x?mood=sunny", "unknown parameter 'mood'"),
        ("react:gpt-x?temperature=nan", "temperature 'nan'"),
        ("react:gpt-x?temperature=2.1", "temperature '2.1'"),
        ("react:gpt-x?deadline_s=0", "deadline_s '0'"),
        ("react:gpt-x?deadline_s=inf", "deadline_s 'inf'"),
        ("react:gpt-x?budget_usd=-1", "budget_usd '-1'"),
        ("react:gpt-x?max_steps=0", "max_steps '0'"),
        ("react:gpt-x?max_tokens=0", "max_tokens '0'"),
        ("code_act:gpt-x?sandbox=none", "sandbox 'none'"),
    ],
)
def test_name_that_is_none_is_refused_in_one_sentence(name: str, told: str) -> None:
    with pytest.raises(BadInput, match=told) as refusal:
        models_of([name])
    assert "\n" not in str(refusal.value)


def test_models_of_members_are_named_once_and_statistical_members_have_none() -> None:
    names = ["climatology", "rag:a", "react:b?runs=2", "direct:a"]
    assert models_of(names) == ["a", "b"]
    assert models_of([]) == []
    with pytest.raises(UnknownName, match="KIND:MODEL"):
        models_of(["oracle"])


def test_member_of_a_model_needs_a_client() -> None:
    with pytest.raises(BadInput, match="no client"):
        build_members(["direct:gpt-x"], Equipment())


def test_both_sorts_of_members_are_built_in_the_order_asked() -> None:
    client = LlmClient(ModelTable(), clock=lambda: AS_OF, allow_remote=False)
    names = ["direct:openai/a", "climatology", "react:openai/b?runs=2", "persistence"]
    assert [member.name for member in build_members(names, Equipment(llm=client))] == names
