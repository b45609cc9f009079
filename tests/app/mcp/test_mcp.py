"""The MCP server as an agent meets it: the SDK's own client, a server process, standard input and output or HTTP."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import validate
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from db.gdelt.ingest import ingest_files
from db.ledger.api_keys import ApiKeys, Scope
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, Forecast, Resolution
from db.values import ProbabilityValue
from tests.gdelt_rows import row, write_csv

OPENED = datetime(2025, 5, 1, tzinfo=UTC)
READS = {
    "search_events",
    "relation_distribution",
    "search_articles",
    "list_questions",
    "get_question",
    "list_forecasts",
    "get_leaderboard",
    "job_status",
}
WRITES = {"create_question", "run_forecast"}


@dataclass(frozen=True)
class Place:
    """A store with two events, one of them later, and a ledger with a resolved and forecast question."""

    folder: Path
    question_id: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "AUSPEX_STORE": str(self.folder / "S"),
            "AUSPEX_DATABASE_URL": self.ledger,
            "PYTHONWARNINGS": "ignore",
        }

    @property
    def ledger(self) -> str:
        return str(self.folder / "ledger.db")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    rows = [row(1), row(2, EventCode="042", SQLDATE="20250601", DATEADDED="20250601120000")]
    ingest_files([write_csv(tmp_path / "20250520.export.CSV", rows)], tmp_path / "S")
    question = BinaryQuestion(text="Will it rain?", open_at=OPENED, resolve_by=OPENED + timedelta(days=9))
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        ledger.append([question])
        ledger.append(
            [
                Forecast(
                    question_id=question.id,
                    member="climatology",
                    value=ProbabilityValue(probability=0.25),
                    as_of=OPENED,
                    created_at=OPENED,
                )
            ]
        )
        known = OPENED + timedelta(days=5)
        ledger.resolve(
            [Resolution(question_id=question.id, outcome=True, resolved_at=known, known_at=known, source="t")]
        )
    return Place(tmp_path, question.id)


def over_stdio(place: Place, *options: str) -> Client:
    return Client(
        StdioServerParameters(command=sys.executable, args=["-m", "app.cli", "mcp", *options], env=place.environment)
    )


async def asked(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """A tool's structured answer, which fits the schema that the server lists for it."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    schemas = {found.name: found.output_schema for found in (await client.list_tools()).tools}
    validate(result.structured_content, schemas[tool] or {})
    content: dict[str, Any] = result.structured_content
    return content


def test_reading_over_stdio_when_asked_as_of_a_moment_shows_nothing_later(place: Place) -> None:
    async def ask() -> None:
        async with over_stdio(place) as client:
            before = await asked(client, "search_events", subject="China", as_of="2025-05-31", min_mentions=0)
            now = await asked(client, "search_events", subject="CHN", min_mentions=0)
            assert [event["code"] for event in before["events"]] == ["130"]
            assert [event["code"] for event in now["events"]] == ["042", "130"]
            shares = await asked(client, "relation_distribution", as_of="2025-05-31T00:00:00+00:00", min_mentions=0)
            assert [(item["code"], item["share"]) for item in shares["relations"]] == [("130", 1.0)]
            found = await asked(client, "search_events", text="threaten", as_of="2025-05-31", min_mentions=0)
            assert found["total"] == 1
            assert (await asked(client, "search_articles", query="rain", as_of="2025-05-31"))["articles"] == []

    asyncio.run(ask())


def test_reading_the_ledger_over_stdio_shows_what_was_recorded(place: Place) -> None:
    async def ask() -> None:
        async with over_stdio(place) as client:
            listed = await asked(client, "list_questions", text="RAIN")
            assert [(item["id"], item["state"]) for item in listed["questions"]] == [(place.question_id, "resolved")]
            whole = await asked(client, "get_question", question_id=place.question_id[:6])
            assert whole["outcome"] == "yes"
            assert whole["forecasts"][0]["value"]["probability"] == 0.25
            assert len((await asked(client, "list_forecasts", member="climatology"))["forecasts"]) == 1
            [standing] = (await asked(client, "get_leaderboard"))["members"]
            assert (standing["member"], standing["brier"]["mean"]) == ("climatology", pytest.approx(0.5625))

    asyncio.run(ask())


def test_tools_without_writes_allowed_are_those_that_read_and_say_so(place: Place) -> None:
    async def ask() -> None:
        async with over_stdio(place) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == READS
            assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools.values())
            assert all(tool.description and tool.output_schema for tool in tools.values())
            refused = await client.call_tool("create_question", {"text": "?"})
            assert refused.is_error

    asyncio.run(ask())


def test_writing_over_stdio_when_allowed_records_a_question_and_queues_a_job(place: Place) -> None:
    async def ask() -> None:
        async with over_stdio(place, "--allow-writes") as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == READS | WRITES
            for name in WRITES:
                annotations = tools[name].annotations
                assert annotations is not None
                assert (annotations.read_only_hint, annotations.destructive_hint) == (False, False)
            made = await asked(
                client,
                "create_question",
                text="Will China threaten Taiwan?",
                resolution_criteria="An event of code 13 in the store",
                resolve_by="2099-01-01",
                criterion={
                    "subject": "CHN",
                    "object": "TWN",
                    "codes": ["13"],
                    "first_day": "2098-12-01",
                    "last_day": "2098-12-31",
                },
            )
            assert made["new"] is True
            job = await asked(client, "run_forecast", question_ids=[made["question_id"]], members=["climatology"])
            status = await asked(client, "job_status", job_id=job["job_id"])
            assert (status["state"], status["kind"]) == ("queued", "forecast")
            again = await client.call_tool("run_forecast", {"question_ids": ["nonesuch"]})
            assert again.is_error
            undated = await client.call_tool("run_forecast", {"question_ids": [made["question_id"]], "key": "monday"})
            assert undated.is_error and "needs as_of" in getattr(undated.content[0], "text", "")

    asyncio.run(ask())
    with Ledger(place.ledger) as ledger:
        assert ledger.verify().ok
        assert len(ledger.questions()) == 2


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("search_events", {"subject": "Atlantis"}, "Atlantis"),
    ("search_events", {"codes": ["999"]}, "999"),
    ("search_events", {"as_of": "2025-05-31T00:00:00"}, "no time zone"),
    ("search_events", {"first_day": "2025-05-31", "last_day": "2025-05-01"}, "empty"),
    ("search_events", {"limit": 10**6}, "less than or equal to 200"),
    ("get_question", {"question_id": "ffff"}, "ffff"),
    ("list_questions", {"after": "nonsense"}, "cursor"),
    ("list_questions", {"state": "maybe"}, "maybe"),
    ("job_status", {"job_id": "none"}, "none"),
]


def test_a_tool_when_asked_wrongly_answers_with_an_error_that_names_it(place: Place) -> None:
    async def ask() -> None:
        async with over_stdio(place) as client:
            for tool, arguments, said in WRONG:
                result = await client.call_tool(tool, arguments)
                assert result.is_error, (tool, arguments)
                [content] = result.content
                assert said in getattr(content, "text", ""), (tool, arguments)

    asyncio.run(ask())


@contextmanager
def http_server(place: Place, *options: str) -> Iterator[str]:
    """A server process; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "app.cli", "mcp", "--http", "--port", str(port), *options]
    process = subprocess.Popen(command, env=place.environment)
    try:
        url = f"http://127.0.0.1:{port}/mcp"
        for _ in range(300):
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@asynccontextmanager
async def over_http(url: str, key: str) -> AsyncIterator[Client]:
    headers = {"authorization": f"Bearer {key}"}
    async with (
        create_mcp_http_client(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


def test_http_answers_those_with_a_key_and_refuses_others_and_strange_hosts(place: Place) -> None:
    now = datetime.now(UTC)
    with ApiKeys(place.ledger) as keys:
        _, reader = keys.create("reader", [Scope.READ], now=now)
        _, writer = keys.create("writer", [Scope.FORECAST], now=now)
        closed, revoked = keys.create("closed", [Scope.ADMIN], now=now)
        keys.revoke(closed.id, now=now)
    question = {"text": "Snow?", "resolution_criteria": "Snow lies", "resolve_by": "2099-01-01"}

    async def ask(url: str) -> None:
        async with over_http(url, reader) as client:
            found = await asked(client, "search_events", as_of="2025-05-31", min_mentions=0)
            assert found["total"] == 1
            refused = await client.call_tool("create_question", question)
            assert refused.is_error
            assert "may only read" in str(refused.content)
        async with over_http(url, writer) as client:
            assert (await asked(client, "create_question", **question))["new"] is True

    with http_server(place, "--allow-writes") as url:
        asyncio.run(ask(url))
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        accept = {"accept": "application/json, text/event-stream"}
        for headers in ({}, {"authorization": f"Bearer {revoked}"}, {"authorization": "Bearer auspex_guess"}):
            assert httpx.post(url, json=call, headers={**accept, **headers}).status_code == 401
        strange = {**accept, "authorization": f"Bearer {reader}", "host": "evil.example"}
        assert httpx.post(url, json=call, headers=strange).status_code == 421


def test_http_without_any_key_refuses_to_start(place: Place) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "mcp", "--http"], env=place.environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "auspex api-keys create" in done.stderr
