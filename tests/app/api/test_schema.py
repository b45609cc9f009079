"""The whole schema against the server: thousands of right and wrong requests, every check of schemathesis on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api.main import make_app
from app.api.service import Options
from app.settings import Settings
from db.ledger.api_keys import Scope
from tests.app.api.serving import Served, fill, served

UNLIMITED = Options(per_minute=10**9, failures_per_minute=10**9, deliver=False)
CONFIG = """

[generation]
deterministic = true

[checks.positive_data_acceptance]
# What fits the schema may still be impossible (a cursor of another list, an end before its beginning): 400, never 422.
expected-statuses = ["2xx", "304", "400", "401", "403", "404", "409"]

[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "415", "422"]
"""


def run(folder: Path, *, examples: int, phases: str) -> subprocess.CompletedProcess[str]:
    """Schemathesis over everything, as an administrator."""
    address = str(folder / "ledger.db")
    fill(address)
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    with served(address, folder, UNLIMITED) as desk:
        command += [f"{desk.url}/openapi.json", "-H", f"Authorization: Bearer {desk.keys[Scope.ADMIN]}"]
        command += ["--checks", "all", "--phases", phases, "--max-examples", str(examples), "--no-color"]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=1500, env=os.environ | {"NO_PROXY": "*"}
        )


@pytest.mark.slow
def test_everything_conforms_to_its_schema(tmp_path: Path) -> None:
    examples = int(os.environ.get("AUSPEX_SCHEMA_EXAMPLES", "5"))
    done = run(tmp_path, examples=examples, phases="examples,coverage,fuzzing,stateful")
    assert done.returncode == 0, done.stdout[-8000:]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema as it is given."""
    return make_app(Settings(database_url="unused.db")).openapi()


def operations(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
    ]


def test_every_operation_is_described_with_examples(schema: dict[str, Any]) -> None:
    found = operations(schema)
    assert len({operation["operationId"] for _, operation in found}) == len(found) > 40
    for name, operation in found:
        assert operation["summary"] and operation["description"] and operation["tags"], name
        done = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert done, name
        for answer in done:
            for media in answer.get("content", {}).values():
                assert "example" in media, name
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert "examples" in media or "examples" in media["schema"], name
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert set(answer["content"]) == {"application/problem+json"}, (name, status)


def test_examples_of_bodies_are_taken(desk: Served, schema: dict[str, Any]) -> None:
    """What the schema shows can be sent as it is: nothing is refused as breaking the schema."""
    with desk.client() as client:
        for name, operation in operations(schema):
            method, path = name.split(" ")
            for body in bodies(operation):
                found = client.request(method, path.replace("{", "").replace("}", ""), json=body)
                assert found.status_code in (200, 201, 202, 400, 404), (name, found.text)


def bodies(operation: dict[str, Any]) -> list[Any]:
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    shown = media.get("examples", media.get("schema", {}).get("examples", []))
    return [item["value"] for item in shown.values()] if isinstance(shown, dict) else list(shown)


def test_schema_needs_nothing_from_elsewhere(reader: httpx.Client, schema: dict[str, Any]) -> None:
    assert "http://" not in json.dumps(schema).replace("http://127", "")
    assert reader.get("/openapi.json").json() == schema
