"""A key that is missing is named in one sentence, and nothing of litellm's own is printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from app.dev.llm_server import LlmServer
from tests.conftest import ROOT
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]

CODE = """
import sys, warnings
warnings.simplefilter("ignore")
from agents.llm.models import ModelTable
from db.errors import MemberFailed
from tests.agents.llm.calling import complete, request
said = []
for name in sys.argv[2:]:
    try:
        complete(ModelTable(), request(name), allow_remote=True)
    except MemberFailed as failure:
        said.append(f"{type(failure).__name__} {failure}")
open(sys.argv[1], "w").write("\\n".join(said))
"""


def test_missing_key_of_any_provider_is_named_and_nothing_is_printed(llm_server: LlmServer, tmp_path: Path) -> None:
    models = (
        *("openai/gpt-5", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash", "fireworks_ai/x"),
        *("mistral/fault-401", "groq/x", "deepseek/fault-401"),
    )
    keyless = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_TOKEN", "_BASE"))}
    said = tmp_path / "said"
    done = subprocess.run(
        [sys.executable, "-c", CODE, said, *models],
        cwd=ROOT,
        env={
            **keyless,
            "MISTRAL_AZURE_API_BASE": llm_server.url,
            "GROQ_API_BASE": "http://127.0.0.1:1/v1",
            "DEEPSEEK_API_BASE": llm_server.url,
            "DEEPSEEK_API_KEY": "sk-wrong-0123456789",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == done.stderr == ""
    *keyless_ones, refused, unreachable, wrong = said.read_text("utf-8").splitlines()
    assert keyless_ones == [
        "ProviderClosed openai/gpt-5 has no key: set OPENAI_API_KEY in the environment",
        "ProviderClosed anthropic/claude-sonnet-4-5 has no key: set ANTHROPIC_API_KEY in the environment",
        "ProviderClosed gemini/gemini-2.5-flash has no key: set GEMINI_API_KEY in the environment",
        "ProviderClosed fireworks_ai/x has no key: set FIREWORKS_API_KEY in the environment",
    ]
    assert refused.startswith("ProviderClosed mistral/fault-401 answered with status 401")
    assert refused.endswith("(MISTRAL_API_KEY is not set)")
    assert unreachable.startswith("ProviderBusy groq/x cannot be reached")
    assert unreachable.endswith("(GROQ_API_KEY is not set)")
    assert wrong.startswith("ProviderClosed deepseek/fault-401 answered with status 401") and "not set" not in wrong
