"""Traces reach a collector with what the conventions name, and nothing that was asked, answered or secret."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app.settings import Settings
from app.telemetry import start_telemetry
from db.errors import BadInput

CANARY = "sk-canary-5f1d2c3b4a"


class Collector:
    """An OTLP/HTTP receiver on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing: tests read what arrived."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[Any]:
        """Every span that arrived."""
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


_MODELS = """
model_list:
  - {model_name: dead, litellm_params: {model: openai/dead, api_base: "http://127.0.0.1:9/v1"}}
"""
_ASK = """
import asyncio, sys
from agents.llm.chat import Request
from app.equipment import model_client
from app.settings import read_settings
from db.errors import MemberFailed
from opentelemetry.trace import get_tracer_provider

async def ask(client):
    for text in ("Will the prompt canary sing?", "?"):
        await client.complete(Request(model="scripted", messages=({"role": "user", "content": text},), max_tokens=77))
    try:
        await client.complete(Request(model="dead", messages=({"role": "user", "content": "?"},), deadline_s=0.5))
    except MemberFailed:
        sys.stdout.write("failed ")
    await client.aclose()

with model_client(["scripted"], read_settings().database_url) as client:
    asyncio.run(ask(client))
sys.stdout.write(type(get_tracer_provider()).__name__)
"""
_SERVE = """
import contextlib
from fastapi.testclient import TestClient
from app.api.main import make_app
from app.api.service import Options
from app.settings import read_settings
from app.spans import member_span
from app.telemetry import start_telemetry

settings = read_settings()
start_telemetry(settings)
with TestClient(make_app(settings, Options(open=True)), base_url="http://127.0.0.1") as client:
    client.get("/healthz")
    client.get("/v1/questions/abc?note=canary", headers={"x-note": "canary"})
    client.get("/canary")
with contextlib.suppress(ValueError), member_span("climatology", 3):
    raise ValueError("canary")
"""


def review(folder: Path, *, ask: str = _ASK, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, with secrets in its environment."""
    (folder / "models.yaml").write_text(_MODELS)
    return subprocess.run(
        [sys.executable, "-c", ask],
        env={
            **os.environ,
            "AUSPEX_DATABASE_URL": str(folder / "ledger.db"),
            "AUSPEX_CACHE": str(folder / "cache"),
            "AUSPEX_MODELS": str(folder / "models.yaml"),
            "OPENAI_API_KEY": CANARY,
            "WEBHOOK_TOKEN": CANARY,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_call_when_telemetry_is_on_sends_a_span_with_the_named_attributes(
    tmp_path: Path, collector: Collector
) -> None:
    done = review(tmp_path, AUSPEX_TELEMETRY=collector.url)
    assert done.returncode == 0, done.stderr
    spans = collector.spans()
    assert [span.name for span in spans] == ["chat scripted", "chat scripted", "chat dead"]
    said = {item.key: item.value for item in spans[0].attributes}
    assert said["gen_ai.operation.name"].string_value == "chat"
    assert said["gen_ai.request.model"].string_value == "scripted"
    assert said["gen_ai.request.max_tokens"].int_value == 77
    assert said["gen_ai.response.model"].string_value
    assert said["gen_ai.usage.input_tokens"].int_value > 0
    assert said["gen_ai.usage.output_tokens"].int_value > 0
    assert "error.type" not in said
    assert spans[0].end_time_unix_nano > spans[0].start_time_unix_nano
    failed = {item.key: item.value.string_value for item in spans[2].attributes}
    assert failed["error.type"] in ("provider", "deadline")
    assert spans[2].status.message == ""
    everything = b"".join(collector.bodies)
    assert CANARY.encode() not in everything
    assert b"prompt canary" not in everything


def test_telemetry_when_off_sets_up_and_sends_nothing(tmp_path: Path, collector: Collector) -> None:
    done = review(tmp_path)
    assert (done.returncode, done.stdout) == (0, "failed ProxyTracerProvider"), done.stderr
    assert collector.bodies == []


def test_telemetry_when_its_address_is_none_says_so() -> None:
    with pytest.raises(BadInput, match="AUSPEX_TELEMETRY='collector'"):
        start_telemetry(Settings(telemetry="collector"))


def test_requests_and_members_are_spans_by_route_and_name(tmp_path: Path, collector: Collector) -> None:
    done = review(tmp_path, ask=_SERVE, AUSPEX_TELEMETRY=collector.url)
    assert done.returncode == 0, done.stderr
    spans = {span.name: span for span in collector.spans()}
    assert set(spans) == {"GET /healthz", "GET /v1/questions/{question_id}", "GET", "invoke_agent climatology"}
    route = {item.key: item.value for item in spans["GET /v1/questions/{question_id}"].attributes}
    assert route["http.response.status_code"].int_value == 404
    member = {item.key: item.value for item in spans["invoke_agent climatology"].attributes}
    assert member["error.type"].string_value == "ValueError"
    assert spans["invoke_agent climatology"].events == []
    for span in collector.spans():
        assert b"canary" not in span.SerializeToString(), span
