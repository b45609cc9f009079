"""`models.yaml`: what it says, what it may leave out, and one sentence for whatever is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from agents.llm.models import Capabilities, Model, ModelTable, Price, load_models
from db.errors import BadInput, UnknownName

WHOLE = """
model_list:
  - model_name: gpt-x
    litellm_params: {model: openai/gpt-4o-mini, api_key: os.environ/KEY_OF_X}
    knowledge_cutoff: 2023-10-01
    release_date: 2024-07-18
    capabilities: {logprobs: false}
    price: {input_usd_per_million: 1.5, output_usd_per_million: 6}
    rpm: 500
    tpm: 200000
    max_parallel: 8
  - model_name: local
    litellm_params: {model: hosted_vllm/llama, api_base: http://127.0.0.1:8000/v1, rpm: 60, max_parallel_requests: 4}
    model_info: {mode: chat}
    price: {input_usd_per_million: 0, output_usd_per_million: 0}
  - model_name: local
    litellm_params: {model: hosted_vllm/llama, api_base: http://127.0.0.1:8001/v1}
    knowledge_cutoff: 2024-01-01
fallbacks: {gpt-x: [local]}
"""
ENTRY = "model_list:\n  - model_name: a\n    litellm_params: {model: openai/a}\n"


def table_of(tmp_path: Path, text: str) -> ModelTable:
    path = tmp_path / "models.yaml"
    path.write_text(text, "utf-8")
    return load_models(path)


def test_file_when_whole_says_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_OF_X", "sk-x")
    table = table_of(tmp_path, WHOLE)
    assert table.names == ("gpt-x", "local")
    model = table.resolve("gpt-x")
    assert (model.knowledge_cutoff, model.release_date) == (date(2023, 10, 1), date(2024, 7, 18))
    assert model.fallbacks == ("local",)
    [one] = model.deployments
    assert (one.rpm, one.tpm, one.max_parallel) == (500, 200_000, 8)
    assert one.resolved()["api_key"] == "sk-x" and not one.is_local
    assert model.price == Price(input_usd_per_million=1.5, output_usd_per_million=6.0)
    assert model.capabilities == Capabilities(json_schema=True, tools=True, logprobs=False, n=True, stream=True)


def test_file_when_entries_share_a_name_makes_one_model(tmp_path: Path) -> None:
    model = table_of(tmp_path, WHOLE).resolve("local")
    assert [one.id for one in model.deployments] == ["local#1", "local#2"]
    assert [(one.rpm, one.max_parallel) for one in model.deployments] == [(60, 4), (None, None)]
    assert all(one.is_local for one in model.deployments)
    assert model.knowledge_cutoff == date(2024, 1, 1)
    assert model.price is None  # the second one's is unknown


def test_router_settings_fallbacks_are_read_as_litellm_writes_them(tmp_path: Path) -> None:
    text = ENTRY + ENTRY.partition("\n")[2].replace("a}", "b}").replace(": a", ": b")
    table = table_of(tmp_path, text + "router_settings:\n  fallbacks: [{a: [b]}]\n")
    assert table.resolve("a").fallbacks == ("b",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no models: write `model_list:`"),
        ("just words", "holds no models: write `model_list:`"),
        ("model_list: []", "model_list"),
        ("model_list: [", "line 1.*not YAML"),
        ("models: []", "`models` is no known field|`model_list` is missing"),
        (ENTRY + "litellm_settings: {}\n", "`litellm_settings` is no known field"),
        (ENTRY + "    rpms: 3\n", r"entry 1 \(a\): `rpms` is no known field, the fields .*knowledge_cutoff.*price"),
        (ENTRY.replace("openai/a", "openai/a, input_cost_per_token: 0.1"), "must both be dollars per token"),
        (ENTRY.replace("openai/a", "openai/a, timeout: 3"), "timeout.*deadline_s=60"),
        (ENTRY + "    rpm: 0\n", r"entry 1 \(a\): `rpm` is wrong"),
        (ENTRY + "    rpm: 3\n    rpm: 4\n", "line 5: `rpm` is there twice"),
        (ENTRY + "    price: {input_usd_per_million: 1}\n", r"price.output_usd_per_million` is missing"),
        (ENTRY + "    price: {input_usd_per_million: -1, output_usd_per_million: 0}\n", "wrong"),
        (ENTRY + "    capabilities: {logprobs: maybe}\n", "capabilities.logprobs"),
        (ENTRY + "    capabilities: {vision: true}\n", "capabilities.vision` is no known field"),
        (ENTRY + "    knowledge_cutoff: soon\n", "knowledge_cutoff"),
        ("model_list:\n  - litellm_params: {model: openai/a}\n", "entry 1: `model_name` is missing"),
        ("model_list:\n  - model_name: a\n", r"entry 1 \(a\): `litellm_params` is missing"),
        ("model_list:\n  - model_name: a\n    litellm_params: {}\n", "litellm_params.model"),
        (ENTRY.replace("openai/a", "openai/a, num_retries: 3"), "num_retries.*remove"),
        (ENTRY.replace("openai/a", "openai/a, rpm: many"), "rpm"),
        (ENTRY + ENTRY.partition("\n")[2], r"entry 2 \(a\) is there twice"),
        (ENTRY + "fallbacks: {a: [c]}\n", "name c"),
        (ENTRY + "fallbacks: {a: [a]}\n", "its own fallback"),
    ],
)
def test_file_when_wrong_is_refused_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        table_of(tmp_path, text)
    assert "models.yaml" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["litellm_params", "model_info"])
def test_price_stated_in_litellms_own_way_counts(tmp_path: Path, place: str) -> None:
    price = "input_cost_per_token: 0.000002, output_cost_per_token: 0.00001"
    text = (
        ENTRY.replace("openai/a", f"openai/a, {price}")
        if place == "litellm_params"
        else ENTRY + f"    model_info: {{{price}}}\n"
    )
    model = table_of(tmp_path, text).resolve("a")
    assert model.price == Price(input_usd_per_million=2.0, output_usd_per_million=10.0)
    assert "input_cost_per_token" not in model.deployments[0].params


def test_file_when_absent_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_models(tmp_path / "none.yaml")
    (tmp_path / "models.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        load_models(tmp_path / "models.yaml")


def test_key_when_not_set_is_refused_where_its_model_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEY_OF_X", raising=False)
    table = table_of(tmp_path, WHOLE)
    table.resolve("local")
    assert {model.name: model.missing for model in table.models} == {"gpt-x": ("KEY_OF_X",), "local": ()}
    with pytest.raises(BadInput, match=r"models.yaml, entry 1 \(gpt-x\): KEY_OF_X is not set"):
        table.resolve("gpt-x")


def test_bare_name_needs_no_file() -> None:
    table = load_models(None)
    model = table.resolve("openai/gpt-4o-mini")
    assert model.name == "openai/gpt-4o-mini" and model.capabilities.json_schema
    assert model.price is not None and 0.0 < model.price.input_usd_per_million < 1.0
    assert table.resolve("ollama_chat/llama3:8b").deployments[0].is_local
    assert table.resolve("openai/gpt-of-tomorrow").price is None


@pytest.mark.parametrize("name", ["gpt-y", "", "/", "openai/", "/gpt"])
def test_unknown_name_lists_what_there_is(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownName, match="there are a;"):
        table_of(tmp_path, ENTRY).resolve(name)
    with pytest.raises(UnknownName, match="AUSPEX_MODELS"):
        load_models(None).resolve(name)


def test_unknown_name_when_near_a_known_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as caught:
        table_of(tmp_path, WHOLE).resolve("gptx")
    assert caught.value.near == ("gpt-x",)


def test_own_server_is_not_sent_the_provider_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    table = load_models(None).with_model("m", model="openai/m", api_base="http://127.0.0.1:9/v1")
    assert table.resolve("m").deployments[0].resolved()["api_key"] == "none"


def test_key_is_not_shown(tmp_path: Path) -> None:
    table = table_of(tmp_path, ENTRY.replace("openai/a", "openai/a, api_key: sk-written-here"))
    assert "sk-written-here" not in repr(table.resolve("a"))


def test_reading_models_does_not_import_litellm() -> None:
    code = (
        "import sys; from agents.llm.models import load_models; load_models(None).resolve('openai/gpt-5');"
        "from agents.llm.client import LlmClient; assert not {'litellm', 'openai', 'langchain_core'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_calls_at_once_are_those_of_all_deployments_up_to_the_most_wanted() -> None:
    slow = ModelTable().with_model("m", model="openai/a", rpm=3, max_parallel=8).resolve("m")
    fast = ModelTable().with_model("m", model="openai/a", rpm=60, max_parallel=4).resolve("m")
    model = Model(name="m", deployments=(*slow.deployments, *fast.deployments))
    assert (model.at_once(64), model.at_once(5)) == (7, 5)
    assert ModelTable().resolve("openai/a").at_once(64) == 64
