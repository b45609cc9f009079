"""The image and the compose file say what this Auspex has: commands and options exist, nothing runs as root."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from agents.llm.models_file import read_models
from app.cli import app

ROOT = Path(__file__).parents[2]
COMMAND = typer.main.get_command(app)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return content


def parsed(arguments: list[str]) -> None:
    """Parse a command line of ours without running it; raises click's own error for what there is none of."""
    name, *rest = arguments
    command = COMMAND.commands[name]  # type: ignore[attr-defined]
    command.make_context(name, rest, resilient_parsing=False)


def test_each_profile_has_its_services(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {name for name, service in services.items() if "profiles" not in service} == {"api", "ui", "worker"}
    assert services["postgres"]["profiles"] == ["postgres"]
    assert services["vllm"]["profiles"] == ["gpu"]
    assert all(service["restart"] == "unless-stopped" for service in services.values())
    assert all("healthcheck" in service for name, service in services.items() if name != "api")  # the image's own
    named = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert {name for name in named if not name.startswith("$")} == set(compose["volumes"])


@pytest.mark.parametrize("service", ["api", "ui", "worker"])
def test_commands_and_options_of_the_services_exist(compose: dict[str, Any], service: str) -> None:
    parsed(compose["services"][service]["command"])


def test_no_service_is_reachable_from_other_machines_unless_asked(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_ui_is_open_to_anyone_only_where_its_port_is_reached_from_this_machine_alone(
    compose: dict[str, Any],
) -> None:
    ui = compose["services"]["ui"]
    assert "--open" in ui["command"]
    assert all(port.startswith("127.0.0.1:") for port in ui["ports"])


def test_every_variable_of_the_compose_file_has_a_default_and_no_secret_is_written_down() -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert re.findall(r"\$\{[A-Z_]+\}", text) == []
    assert re.findall(r"\$\{\w*(?:KEY|TOKEN|PASSWORD)\w*:-([^}]+)\}", text) == []


def test_the_image_runs_as_an_ordinary_user_on_a_pinned_base_without_development_dependencies() -> None:
    text = (ROOT / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", bases[0])
    last = text.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER auspex$", last, re.MULTILINE)
    assert last.index("USER auspex") < last.index("ENTRYPOINT")
    assert "HEALTHCHECK" in last
    assert all("--no-dev" in line for line in text.splitlines() if "uv sync" in line)
    [default] = re.findall(r"^CMD (\[.*\])$", last, re.MULTILINE)
    parsed(yaml.safe_load(default))


def test_what_the_image_is_built_from_is_let_through_and_exists() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names == allowed
    assert all((ROOT / name).exists() for name in names)


def test_the_models_of_the_gpu_profile_are_those_that_its_server_serves(compose: dict[str, Any]) -> None:
    assert list(read_models(ROOT / "deploy" / "models.yaml")) == ["local"]
    command = compose["services"]["vllm"]["command"]
    assert command[command.index("--served-model-name") + 1] == "local"
