"""Agents that call tools and write Python: no way past the cut-off, wrong calls answered, nobody finishes for them."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest

from app.dev.llm_server import Reply, ToolCall
from db.records import (
    FailureReason,
)
from db.traces import Trace
from db.values import ProbabilityValue
from tests.member_worlds import (
    AS_OF,
    BINARY,
    CANARY,
    RELATION,
    Asking,
    said,
    sent,
)


def observations(trace: Trace) -> list[str]:
    return [step.tool for step in trace.steps if step.kind == "observation" and step.tool]


def test_pitfall_1_an_agent_cannot_move_the_cut_off(asking: Asking) -> None:
    """MIRAI's cut-off is a mutable global whose setter stands in the namespace of the agent's code."""
    blocks = (
        "import datetime\nprint(datetime.datetime.now())",
        "print(get_events(date_range=['2025-06-01', '2030-01-01']))\nprint(count_events())",
        "print(get_events(as_of='2030-01-01'))",
        "set_current_date('2030-01-01')",
        "as_of = snapshot = CURRENT_DATE = '2030-01-01'\nprint(count_events())",
        "import db.events.snapshot\ndb.events.snapshot.Snapshot.as_of = None",
    )
    calls = (
        ToolCall(name="get_events", arguments={"date_range": ["2025-06-01", "2030-12-31"]}),
        ToolCall(name="get_events", arguments={"as_of": "2030-01-01"}),
        ToolCall(name="set_current_date", arguments={"date": "2030-01-01"}),
        ToolCall(name="get_news_articles", arguments={"keywords": [CANARY]}),
        ToolCall(name="browse_news_article", arguments={"title": f"https://news.example/{CANARY}"}),
        *(ToolCall(name="run_python", arguments={"code": block}) for block in blocks),
    )
    by_call = [Reply(tool_calls=(call,)) for call in calls]
    asking.server.script("scripted-mover", by_call, repeat_last=False)
    asking.forecast("react:scripted-mover", BINARY)
    asking.server.script("scripted-writer", [Reply(text=f"```python\n{b}\n```") for b in blocks], repeat_last=False)
    asking.forecast("code_act:scripted-writer", BINARY)
    assert len(asking.traces) == 2
    for trace in asking.traces:
        told = [step.text for step in trace.steps if step.kind == "observation"]
        assert CANARY not in "".join([*told, *(item.model_dump_json() for item in trace.evidence)])
        assert "2025-06-01 00:00:00" in "".join(told)
        counts = [step.text for step in trace.steps if step.kind == "observation" and step.tool == "count_events"]
        assert [text.partition("\n")[0] for text in counts] == ["60 events", "60 events"]
        dates = [step.latest_added_at for step in trace.steps if step.latest_added_at]
        assert dates
        assert max(dates) < AS_OF
    assert sent(asking).count(CANARY) == _times_the_model_said_it(asking)


def _times_the_model_said_it(asking: Asking) -> int:
    """How often the canary stands in what the model itself wrote, which each later request repeats."""
    calls = [
        call
        for request in asking.server.requests
        for message in request["messages"]
        for call in message.get("tool_calls") or []
    ]
    return sum(json.dumps(call).count(CANARY) for call in calls)


@pytest.mark.parametrize("kind", ["react", "code_act"])
def test_pitfall_3_an_unfinished_agent_is_a_failure_and_nobody_completes_it(asking: Asking, kind: str) -> None:
    failure = asking.failure(f"{kind}:loops?max_steps=3", RELATION)
    assert failure.reason is FailureReason.UNFINISHED
    assert "3 turns" in failure.detail
    assert asking.server.counts == Counter({"loops": 3})
    [trace] = asking.traces
    assert trace.outcome is FailureReason.UNFINISHED
    assert trace.steps[-1].kind == "failure"
    assert sum(step.kind == "reply" for step in trace.steps) == 3


@pytest.mark.parametrize("kind", ["react", "code_act"])
def test_wrong_calls_are_answered_with_what_was_wrong(asking: Asking, kind: str) -> None:
    asking.forecast(f"{kind}:bad-tool", RELATION)
    told = "\n".join(step.text for step in asking.traces[0].steps if step.kind == "observation")
    assert "get_future_events" in told
    if kind == "react":
        assert "date_range" in told or "unknown_argument" in told
    tried = [step.tool for step in asking.traces[0].steps if step.kind == "tool_call"]
    assert "get_events" in tried


def test_arguments_named_like_langchains_own_are_arguments_like_any_other(asking: Asking) -> None:
    odd = {"config": {"recursion_limit": 1}, "run_manager": 1, "self": 2, "callbacks": [], "tool_call_id": "x"}
    asking.server.script(
        "scripted-odd", [Reply(tool_calls=(ToolCall(name="get_events", arguments=odd),))], repeat_last=False
    )
    asking.forecast("react:scripted-odd", RELATION)
    first = next(step for step in asking.traces[0].steps if step.kind == "observation")
    assert "there is no argument" in first.text


def test_arguments_that_no_store_could_hold_are_kept_as_text(asking: Asking) -> None:
    odd = '{"head_entity": "\\ud800", "tail_entity": "TWN", "half_life_days": NaN}'
    call = ToolCall(name="get_decayed_relation_distribution", arguments=odd)
    asking.server.script("scripted-half", [Reply(tool_calls=(call,))], repeat_last=False)
    asking.forecast("react:scripted-half", RELATION)
    [trace] = asking.traces
    first = next(step for step in trace.steps if step.kind == "tool_call")
    assert first.arguments == {"head_entity": "?", "tail_entity": "TWN", "half_life_days": "NaN"}
    assert Trace.model_validate_json(trace.model_dump_json()) == trace


def test_arguments_that_are_no_json_are_called_again(asking: Asking) -> None:
    broken = Reply(tool_calls=(ToolCall(name="get_events", arguments='{"date_range": ['),))
    asking.server.script("scripted-broken", [broken], repeat_last=False)
    asking.forecast("react:scripted-broken", RELATION)
    assert "not one JSON object" in sent(asking)


def test_several_calls_at_once_are_all_answered_one_after_the_other(asking: Asking) -> None:
    calls = tuple(ToolCall(name="count_events", arguments={"relations": [code]}) for code in ("13", "04", "19"))
    asking.server.script("scripted-many", [Reply(tool_calls=calls)], repeat_last=False)
    asking.forecast("react:scripted-many", RELATION)
    kinds = [step.kind for step in asking.traces[0].steps]
    first = kinds.index("tool_call")
    assert kinds[first : first + 6] == ["tool_call", "observation"] * 3


def test_python_and_tools_of_react_share_one_run(asking: Asking) -> None:
    calls = [
        ToolCall(name="run_python", arguments={"code": "n = count_events()\nprint('counted', n)"}),
        ToolCall(name="run_python", arguments={"code": "print('again', n)"}),
        ToolCall(name="run_python", arguments={"source": "1"}),
    ]
    asking.server.script("scripted-python", [Reply(tool_calls=(call,)) for call in calls], repeat_last=False)
    asking.forecast("react:scripted-python", BINARY)
    steps = [step for step in asking.traces[0].steps if step.kind == "observation"]
    assert [step.tool for step in steps[:4]] == ["count_events", "run_python", "run_python", "run_python"]
    assert "| counted 60" in steps[1].text
    assert "| again 60" in steps[2].text
    assert "wrong arguments" in steps[3].text
    assert steps[1].latest_added_at == steps[0].latest_added_at


@pytest.mark.parametrize("kind", ["react", "code_act"])
def test_code_that_never_ends_ends_at_the_deadline_of_the_run(asking: Asking, kind: str) -> None:
    code = "while True:\n    pass"
    call = ToolCall(name="run_python", arguments={"code": code})
    endless = Reply(tool_calls=(call,)) if kind == "react" else Reply(text=f"```python\n{code}\n```")
    asking.server.script("scripted-endless", [endless])
    started = time.monotonic()
    failure = asking.failure(f"{kind}:scripted-endless?deadline_s=0.5", BINARY)
    assert failure.reason is FailureReason.DEADLINE
    assert time.monotonic() - started < 8  # the sandbox alone would let it run for 10 s
    assert asking.traces[0].steps[-1].kind == "failure"


def test_python_and_answer_at_once_are_neither_run_nor_taken(asking: Asking) -> None:
    both = '```python\nprint(1)\n```\n\n```json\n{"rationale": "r", "probability": 0.9}\n```'
    replies = [Reply(text=both), Reply(text="```python\nprint(1)\n```\n```python\nprint(2)\n```"), said(0.2)]
    asking.server.script("scripted-both", replies)
    assert asking.forecast("code_act:scripted-both", BINARY).value == ProbabilityValue(probability=0.2)
    assert not observations(asking.traces[0])
    assert sent(asking).count("Nothing was run") == 3
