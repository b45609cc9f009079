"""A benchmark's folder belongs to what models' names mean, not only to the names."""

from __future__ import annotations

from typing import Any

import pytest

from agents.llm.models import ModelTable
from app.benchmark.agents.folder import configuration, digest


def folder(**spare: Any) -> str:
    """The folder of a run of m, whose fallback is configured like this."""
    said: dict[str, Any] = {"model": "openai/spare", "api_base": "http://127.0.0.1:9/v1", **spare}
    table = ModelTable().with_model("spare", **said)
    table = table.with_model("m", model="openai/m", api_base="http://127.0.0.1:9/v1", fallbacks=["spare"])
    return digest(configuration(["direct:m"], [], "store", table))


@pytest.mark.parametrize("changed", [{"model": "openai/other"}, {"api_base": "http://127.0.0.1:10/v1"}])
def test_folder_when_a_name_comes_to_mean_another_model_is_another(changed: dict[str, Any]) -> None:
    assert folder(**changed) != folder()


def test_folder_when_only_a_key_changes_stays() -> None:
    assert folder(api_key="sk-another") == folder()
