"""What the README tells a reader to type and to write works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from agents.llm.models import load_models
from app.cli import app

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line)[1:] for line in re.sub(r" *\\\n *", " ", README).splitlines() if line.startswith("    auspex ")
]


def test_models_file_of_the_readme_names_four_models_by_their_providers(tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "models.yaml").write_text(block)
    table = load_models(tmp_path / "models.yaml")
    providers = [deployment.model.partition("/")[0] for model in table.models for deployment in model.deployments]
    assert providers == ["openai", "anthropic", "ollama_chat", "hosted_vllm"]
    assert table.named["gpt-x"].release_date is not None


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_command_of_the_readme_is_one(arguments: list[str]) -> None:
    """Its verbs exist and every option that it names is theirs."""
    command = get_command(app)
    context = command.make_context("auspex", [], resilient_parsing=True)
    words = list(arguments)
    path: list[str] = []
    while hasattr(command, "get_command") and words and (child := command.get_command(context, words[0])):
        command, context = child, child.make_context(words[0], [], resilient_parsing=True)
        path.append(words.pop(0))
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    assert CliRunner().invoke(app, [*path, "--help"]).exit_code == 0


def test_readme_shows_the_commands() -> None:
    assert len(COMMANDS) > 10
