"""The log of a run: whatever a model says, it becomes a trace that every store takes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.budget import Budget
from agents.llm.client import LlmClient
from agents.llm.models import ModelTable
from agents.members.llm.naming import read_name
from agents.members.llm.run import Task
from agents.members.llm.run_log import MAX_ARGUMENTS, MAX_DEPTH, RunLog
from db.errors import MemberFailed, Spent
from db.events.snapshot import Snapshot
from db.traces import Trace, TraceStep
from tests.member_worlds import AS_OF, FREE

SECRET = "sk-canary-1234567890"  # noqa: S105 - nobody's


def nested(depth: int) -> dict[str, Any]:
    """An object with lists in it, `depth` levels in all."""
    inside: Any = []
    for _ in range(depth - 2):
        inside = [inside]
    return {"keywords": inside}


def traced(log: RunLog, snapshot: Snapshot, *secrets: str) -> Trace:
    client = LlmClient(ModelTable(), clock=lambda: AS_OF, secrets=secrets)
    task = Task(
        question=FREE,
        snapshot=snapshot,
        member=read_name("direct:m"),
        client=client,
        budget=Budget(None),
        number=0,
        ends_at=time.monotonic(),
    )
    return log.trace(task, "answered", AS_OF)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(st.characters()), inside, max_size=3),
    max_leaves=10,
)


@given(tool=st.text(st.characters()), arguments=st.dictionaries(st.text(st.characters()), JSON, max_size=3))
def test_any_call_becomes_a_trace_that_is_read_back_as_it_was(
    small_world: Snapshot, tool: str, arguments: dict[str, Any]
) -> None:
    log = RunLog()
    log.tool_call(tool, arguments)
    log.tool_call(tool, json.dumps(arguments))
    log.note(tool)
    trace = traced(log, small_world)
    assert Trace.model_validate_json(trace.model_dump_json()) == trace


def test_arguments_nested_too_deeply_are_kept_as_text(small_world: Snapshot) -> None:
    log = RunLog()
    for depth in (MAX_DEPTH, MAX_DEPTH + 1, 900):
        log.tool_call("get_events", nested(depth))
    whole, deeper, deepest = traced(log, small_world).steps
    assert (whole.arguments, whole.text) == (nested(MAX_DEPTH), "")
    for step in (deeper, deepest):
        assert step.arguments == {}
        assert step.text.startswith('{"keywords": [[[')
        assert step.text.count("[") == MAX_DEPTH - 1
        assert "… nested deeper" in step.text


def test_arguments_too_long_or_no_json_are_kept_as_text(small_world: Snapshot) -> None:
    log = RunLog()
    log.tool_call("run_python", {"code": "x" * MAX_ARGUMENTS})
    log.tool_call("run_python", "[1")
    long, broken = traced(log, small_world).steps
    assert long.arguments == {}
    assert long.text.startswith('{"code": "xxx')
    assert len(long.text) < MAX_ARGUMENTS + 50
    assert long.text.endswith("more characters")
    assert (broken.arguments, broken.text) == ({}, "[1")


def test_secret_is_in_no_step_argument_or_key(small_world: Snapshot) -> None:
    log = RunLog()
    log.prompt(f"Is {SECRET} known?")
    log.tool_call("get_events", {SECRET: [{"a": f"{SECRET}!"}]})
    log.tool_call(SECRET, f'["{SECRET}"]')
    log.failure(SECRET)
    trace = traced(log, small_world, SECRET)
    assert SECRET not in trace.model_dump_json()
    assert trace.steps[1].arguments == {"***": [{"a": "***!"}]}


@pytest.mark.parametrize(
    ("spent", "logged"),
    [
        (None, False),
        (Spent(cost_usd=0.0, latency_s=1.0), False),
        (Spent(cost_usd=None, latency_s=1.0), True),
        (Spent(cost_usd=0.0, prompt_tokens=7), True),
        (Spent(cost_usd=0.0, text="no"), True),
        (Spent(cost_usd=0.1, completion_tokens=3, text="half an ans", latency_s=2.0), True),
    ],
)
def test_call_that_came_to_nothing_is_a_reply_where_it_took_something(spent: Spent | None, logged: bool) -> None:
    log = RunLog()
    log.refused_reply(MemberFailed("no", reason="unfinished", spent=spent))
    assert log.turns == len(log.steps) == int(logged)
    if logged and spent:
        assert log.steps[0] == TraceStep(
            kind="reply",
            text=spent.text,
            prompt_tokens=spent.prompt_tokens,
            completion_tokens=spent.completion_tokens,
            cost_usd=spent.cost_usd,
            seconds=spent.latency_s,
        )
