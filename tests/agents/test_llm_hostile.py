"""Hostile and unlucky replies through whole members: each costs its own run at most, and nothing of it is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from agents.llm.client import LlmClient
from agents.llm.models import Capabilities, ModelTable, Price
from agents.members.equipment import Equipment
from agents.members.llm.naming import KINDS
from agents.members.registry import build_members
from app.dev.llm_server import Reply, ToolCall
from db.articles.article import Article
from db.events.store import EventStore
from db.questions.factory import relation_question
from db.records import BinaryQuestion, FailureReason, Forecast, MemberFailure, MultipleChoiceQuestion
from db.traces import Trace, TraceStep
from db.values import ProbabilityValue
from tests.member_worlds import (
    AS_OF,
    BINARY,
    COMMON,
    FREE,
    RELATION,
    VIEW,
    Asking,
    build_store,
    said,
    sent,
    snapshot_of,
)

pytestmark = pytest.mark.slow

SECRET = "sk-canary-1234567890"  # noqa: S105 - nobody's
PRICE = Price(input_usd_per_million=10.0, output_usd_per_million=10.0)
DEEP = '{"keywords":' + "[" * 300 + "]" * 300 + "}"


def of_kind(trace: Trace, kind: str) -> list[TraceStep]:
    return [step for step in trace.steps if step.kind == kind]


@pytest.mark.parametrize(
    "arguments",
    [
        DEEP,
        '{"keywords":' + "[" * 900 + "]" * 900 + "}",
        '{"keywords":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"keywords": "' + "x" * 300_000 + '"}',
        '{"keywords": ' + "9" * 5_000 + "}",
        "[1]",
        '"x"',
        "null",
        "7",
        "",
        "{bad",
        '{"a": 1} {"b": 2}',
    ],
    ids=lambda text: f"{text[:14]} {len(text)}",
)
def test_arguments_that_no_tool_is_given_are_refused_and_the_other_question_is_answered(
    asking: Asking, arguments: str
) -> None:
    """LangChain drops some of these, makes calls without arguments of others, and hands on what no trace can hold."""
    call = ToolCall(name="count_events", arguments=arguments)
    asking.server.script("scripted-hostile", [Reply(tool_calls=(call,))], repeat_last=False)
    found = asking.ask("react:scripted-hostile", BINARY, FREE)
    assert all(isinstance(forecast, Forecast) for forecast in found)
    [hostile] = [trace for trace in asking.traces if "Nothing was called" in of_kind(trace, "observation")[0].text]
    step = of_kind(hostile, "tool_call")[0]
    assert (step.tool, step.arguments) == ("count_events", {})
    assert step.text[:1000] == arguments[:1000]
    told = of_kind(hostile, "observation")[0]
    assert told.text.startswith("Nothing was called: the arguments of this call of count_events")
    assert told.latest_added_at is None
    assert "Nothing was called" in sent(asking)


def test_refused_call_beside_a_good_one_is_answered_and_the_good_one_is_made(asking: Asking) -> None:
    calls = (ToolCall(name="get_events", arguments="{bad"), ToolCall(name="count_events"))
    asking.server.script("scripted-mixed", [Reply(tool_calls=calls)], repeat_last=False)
    asking.forecast("react:scripted-mixed", BINARY)
    told = {step.tool: step.text for step in of_kind(asking.traces[0], "observation")[:2]}
    assert told["count_events"].startswith("60 events")
    assert told["get_events"].startswith("Nothing was called")
    messages = asking.server.requests[1]["messages"]
    [asked] = [message for message in messages if message.get("tool_calls")]
    answered = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    assert sorted(call["id"] for call in asked["tool_calls"]) == sorted(answered)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(text='{"rationale": "half an ans', finish_reason="length"), FailureReason.UNFINISHED),
        (Reply(refusal="I will not."), FailureReason.REFUSED),
        (Reply(text=" "), FailureReason.UNPARSEABLE),
    ],
    ids=["length", "refusal", "empty"],
)
@pytest.mark.parametrize("kind", ["direct", "react", "code_act"])
def test_reply_that_is_no_answer_is_in_the_trace_with_what_it_took(
    asking: Asking, kind: str, reply: Reply, reason: FailureReason
) -> None:
    asking.price = PRICE
    asking.server.script("scripted-none", [reply])
    assert asking.failure(f"{kind}:scripted-none", FREE).reason is reason
    [trace] = asking.traces
    replies = of_kind(trace, "reply")
    assert len(replies) == asking.server.counts["scripted-none"]
    for step in replies:
        assert step.text.strip() in ("I will not.", reply.text.strip())
        assert step.prompt_tokens > 0
        assert step.cost_usd == pytest.approx((step.prompt_tokens + step.completion_tokens) * 1e-5)
    assert trace.cost_usd is not None
    assert trace.cost_usd > 0


@pytest.mark.parametrize("kind", ["direct", "react"])
def test_call_that_is_too_late_is_in_the_trace_at_a_cost_that_nobody_knows(asking: Asking, kind: str) -> None:
    asking.price = PRICE
    asking.server.script("scripted-late", [Reply(text="late", delay_s=5.0)])
    failure = asking.failure(f"{kind}:scripted-late?deadline_s=1", FREE)
    assert failure.reason is FailureReason.DEADLINE
    [trace] = asking.traces
    [step] = of_kind(trace, "reply")
    assert step.cost_usd is None
    assert trace.cost_usd is None


def test_later_calls_of_an_agent_have_only_what_is_left_of_its_time(asking: Asking) -> None:
    asking.price = PRICE
    look_up = Reply(tool_calls=(ToolCall(name="count_events"),), delay_s=1.0)
    asking.server.script("scripted-slow", [look_up, Reply(text="late", delay_s=9.0)])
    assert asking.failure("react:scripted-slow?deadline_s=2", BINARY).reason is FailureReason.DEADLINE
    first, second = of_kind(asking.traces[0], "reply")
    assert first.cost_usd is not None
    assert second.cost_usd is None
    assert second.seconds < 1.5


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    quoting = Article(
        url=f"https://news.example/{SECRET}",
        title=f"Ships and the key {SECRET}",
        text=SECRET,
        added_at=AS_OF - timedelta(hours=1),
    )
    return build_store(tmp_path_factory.mktemp("hostile"), [quoting])


@pytest.mark.parametrize("kind", KINDS)
def test_question_whose_window_has_begun_is_refused_as_by_statistical_members(
    asking: Asking, store: Path, kind: str
) -> None:
    asking.snapshot = EventStore(store).as_of(AS_OF + timedelta(hours=1), view=VIEW)
    next_day = relation_question(
        "CHN", "TWN", AS_OF.date() + timedelta(days=1), open_at=AS_OF, min_mentions=VIEW.min_mentions
    )
    *late, in_time = asking.ask(f"{kind}:scripted", RELATION, BINARY, next_day)
    assert isinstance(in_time, Forecast)
    [counting] = build_members(["climatology"], Equipment())
    late += asyncio.run(counting.forecast([RELATION, BINARY], asking.snapshot, created_at=AS_OF))
    for found in late:
        assert isinstance(found, MemberFailure)
        assert found.reason is FailureReason.UNSUPPORTED
        assert found.detail == "its window begins on 2025-06-01, before as_of"
    assert len(asking.traces) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_secret_in_question_news_or_reply_is_in_no_trace_or_forecast(asking: Asking, store: Path, kind: str) -> None:
    question = BinaryQuestion(text=f"Will ships learn the key {SECRET}?", background=SECRET, **COMMON)
    snapshot, traces = snapshot_of(store), list[Trace]()
    escaped = SECRET.replace("k", "\\u006b", 1)
    answer = Reply(text=f'{{"rationale": "{SECRET} {escaped}", "probability": 0.3}}')
    look_up = ToolCall(name="get_news_articles", arguments={"text_description": f"key {SECRET}"})
    first = {
        "react": Reply(tool_calls=(look_up,)),
        "code_act": Reply(text=f"```python\nprint(get_news_articles(text_description='key {SECRET}'))\n```"),
    }
    asking.server.script("scripted-secret", [*([first[kind]] if kind in first else []), answer])
    if kind == "cot":
        asking.server.script("scripted-secret", [Reply(text=f"{SECRET}\n```json\n{answer.text}\n```")])

    async def ask() -> Forecast | MemberFailure:
        table = ModelTable().with_model(
            "scripted-secret", model="openai/scripted-secret", api_base=asking.server.url, api_key="no-key"
        )
        client = LlmClient(table, clock=lambda: AS_OF, secrets=[SECRET])
        [member] = build_members([f"{kind}:scripted-secret"], Equipment(llm=client, keep=traces.append))
        try:
            [found] = await member.forecast([question], snapshot, created_at=AS_OF)
        finally:
            await client.aclose()
        return found

    forecast = asyncio.run(ask())
    assert isinstance(forecast, Forecast), forecast
    [trace] = traces
    assert SECRET not in forecast.model_dump_json() + trace.model_dump_json()
    assert "***" in forecast.rationale
    assert set(forecast.evidence) == {item.id for item in trace.evidence}
    if kind in ("rag", *first):
        assert any("***" in item.title for item in trace.evidence)


def test_runs_that_agree_on_no_code_are_no_answer_where_an_event_is_given(asking: Asking) -> None:
    given = RELATION.model_copy(update={"given_any_event": True, "id": ""})
    given = type(given).model_validate(given.model_dump())
    sets = [Reply(text='{"04": ["042"]}'), Reply(text='{"13": ["130"]}')]
    asking.capabilities = Capabilities()
    asking.server.script("scripted-apart", sets)
    failure = asking.failure("direct:scripted-apart?runs=2", given)
    assert failure.reason is FailureReason.UNFINISHED
    assert "no code was chosen by 2 of its 2 runs" in failure.detail
    assert [trace.outcome for trace in asking.traces] == ["answered"] * 2


@pytest.mark.parametrize("kind", ["react", "code_act"])
def test_calls_of_a_block_that_is_cut_off_are_in_the_trace(asking: Asking, kind: str) -> None:
    code = "get_events(head_entities=['CHN'])\ncount_events()\nwhile True:\n    pass"
    call = ToolCall(name="run_python", arguments={"code": code})
    endless = Reply(tool_calls=(call,)) if kind == "react" else Reply(text=f"```python\n{code}\n```")
    asking.server.script("scripted-endless", [endless])
    assert asking.failure(f"{kind}:scripted-endless?deadline_s=2", BINARY).reason is FailureReason.DEADLINE
    [trace] = asking.traces
    assert [step.tool for step in of_kind(trace, "tool_call")] == ["run_python", "get_events", "count_events"]
    assert of_kind(trace, "tool_call")[1].arguments == {"head_entities": ["CHN"]}
    assert [step.tool for step in of_kind(trace, "observation")] == ["get_events", "count_events"]
    assert len(trace.evidence) == 30


def test_python_inside_thinking_that_does_not_end_is_not_run(asking: Asking) -> None:
    asking.server.script("scripted-thinks", [Reply(text="<think>\n```python\nprint(1)\n```\nSo"), said(0.2)])
    assert asking.forecast("code_act:scripted-thinks", BINARY).value == ProbabilityValue(probability=0.2)
    assert not of_kind(asking.traces[0], "tool_call")
    assert "thinking does not end" in sent(asking)


def test_options_that_look_the_same_on_one_line_are_refused(asking: Asking) -> None:
    question = MultipleChoiceQuestion(text="Which?", options=("red  one", "red one"), **COMMON)
    failure = asking.failure("direct:scripted", question)
    assert failure.reason is FailureReason.UNSUPPORTED
    assert "look the same" in failure.detail
    assert not asking.server.requests
