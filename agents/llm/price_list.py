"""litellm's bundled list of what models cost and are able to do, read as the file that it is: litellm takes seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from agents.llm.deployments import Capabilities, Price

_FILE = "model_prices_and_context_window_backup.json"
_MILLION = 1_000_000
_SAMPLING_PROVIDERS = ("openai", "azure")
"""Providers whose chat models answer `n` and `logprobs`, unless they reason first."""


_OWN_MACHINE = ("ollama", "ollama_chat", "lm_studio")
"""Providers that are a program on somebody's own machine, which asks no price per token."""


def listed_price(model: str) -> Price | None:
    """The price of litellm's `model`, None where the list does not say."""
    if model.partition("/")[0] in _OWN_MACHINE:
        return Price(input_usd_per_million=0.0, output_usd_per_million=0.0)
    entry = _entry(model)
    per_token = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
    if None in per_token:
        return None
    return Price(
        input_usd_per_million=round(float(per_token[0] or 0) * _MILLION, 6),
        output_usd_per_million=round(float(per_token[1] or 0) * _MILLION, 6),
    )


def listed_capabilities(model: str, *, elsewhere: bool) -> Capabilities:
    """What litellm's `model` is able to do, cautiously where the list does not know it.

    `elsewhere` says that it is served from an `api_base` of one's own, where the provider's name promises nothing
    about samples and log-probabilities.
    """
    entry = _entry(model)
    samples = entry.get("litellm_provider") in _SAMPLING_PROVIDERS and not elsewhere
    return Capabilities(
        json_schema=bool(entry.get("supports_response_schema")),
        tools=bool(entry.get("supports_function_calling", True)) if entry else True,
        logprobs=samples and not entry.get("supports_reasoning"),
        n=samples,
    )


def _entry(model: str) -> Mapping[str, Any]:
    """The list's entry for "provider/name", else for the plain name if that provider's."""
    listed = _listed()
    if model in listed:
        return listed[model]
    provider, _, name = model.partition("/")
    found = listed.get(name, {})
    return found if found.get("litellm_provider") == provider else {}


@lru_cache(maxsize=1)
def _listed() -> dict[str, Mapping[str, Any]]:
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return {}
    listed: dict[str, Mapping[str, Any]] = json.loads((Path(spec.origin).parent / _FILE).read_text("utf-8"))
    return listed
