"""Language-model members: asked through the real client, answered by a real server; nothing of the future anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.answers import parse
from agents.llm.models import Capabilities
from agents.members.llm.naming import KINDS
from agents.members.llm.prompts import hash_of
from db.records import (
    BinaryQuestion,
    FailureReason,
    Forecast,
    MemberFailure,
    Question,
    RelationQuestion,
)
from db.values import CodesValue, ProbabilityValue
from tests.member_worlds import (
    AS_OF,
    BINARY,
    CANARY,
    CANARY_CODE,
    CHOICE,
    COMMON,
    FREE,
    QUESTIONS,
    RELATION,
    VALUES,
    Asking,
    sent,
)

LOOKING_UP = ("rag", "react", "code_act")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers_every_kind_of_question(asking: Asking, kind: str) -> None:
    name = f"{kind}:scripted"
    found = asking.ask(name, *QUESTIONS)
    for question, value, forecast in zip(QUESTIONS, VALUES, found, strict=True):
        assert isinstance(forecast, Forecast), forecast
        assert isinstance(forecast.value, value)
        assert forecast.question_id == question.id
        assert (forecast.member, forecast.model) == (name, "scripted")
        assert forecast.prompt_hash == hash_of(kind, question)
        assert forecast.corpus_fingerprint == asking.snapshot.fingerprint
        assert forecast.rationale
        assert forecast.tokens > 0
        assert parse(question, forecast.raw_text).value == forecast.value
        [trace] = [trace for trace in asking.traces if trace.question_id == question.id]
        assert (trace.outcome, trace.member, trace.tokens) == ("answered", name, forecast.tokens)
        assert set(forecast.evidence) == {item.id for item in trace.evidence}
        dates = [step.latest_added_at for step in trace.steps if step.latest_added_at]
        assert bool(dates) == (kind in LOOKING_UP)
        assert all(added < AS_OF for added in dates)
        assert [step.kind for step in trace.steps[:2]] == (
            ["tool_call", "observation"] if kind == "rag" else ["prompt"] * 2
        )
    assert len(asking.traces) == len(QUESTIONS)


@pytest.mark.parametrize("kind", LOOKING_UP)
def test_observations_of_real_tool_calls_are_from_before_the_cut_off(asking: Asking, kind: str) -> None:
    forecast = asking.forecast(f"{kind}:scripted", RELATION)
    [trace] = asking.traces
    called = [step for step in trace.steps if step.kind == "tool_call"]
    assert {"get_decayed_relation_distribution", "get_events"} <= {step.tool for step in called}
    known = [step.latest_added_at for step in trace.steps if step.kind == "observation" and step.tool == "get_events"]
    assert known == [AS_OF.replace(month=5, day=31, hour=12)]
    assert len(trace.evidence) >= 30
    assert isinstance(forecast.value, CodesValue)
    assert forecast.value.probabilities["042"] > forecast.value.probabilities["036"] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_canary_from_after_as_of_never_reaches_a_model(asking: Asking, kind: str) -> None:
    """Fault 32, through every member: events added late, articles, addresses, evidence."""
    found = asking.ask(f"{kind}:scripted", *QUESTIONS)
    everything = sent(asking) + "".join(item.model_dump_json() for item in [*asking.traces, *found])
    assert CANARY not in everything
    assert CANARY_CODE not in "".join(step.text for trace in asking.traces for step in trace.steps if step.tool)
    assert "china-and-taiwan-59" in everything or kind in ("direct", "cot")


@pytest.mark.parametrize("kind", KINDS)
def test_pitfall_4_unknown_codes_are_counted(asking: Asking, kind: str) -> None:
    forecast = asking.forecast(f"{kind}:wrong-code", RELATION)
    assert isinstance(forecast.value, CodesValue)
    assert forecast.value.unknown == ("999", "21")
    assert {"999", "21"}.isdisjoint(forecast.value.probabilities)
    assert asking.traces[0].steps[-1].text == "2 unknown codes: 999, 21"


@pytest.mark.parametrize(
    "model", ["malformed", "percent", "out-of-range", "negative", "nan", "infinity", "comma", "two-numbers"]
)
def test_answer_that_cannot_be_read_is_asked_for_once_more_then_given_up(asking: Asking, model: str) -> None:
    failure = asking.failure(f"direct:{model}", BINARY)
    assert failure.reason is FailureReason.UNPARSEABLE
    assert asking.server.counts[model] == 2
    repair = asking.server.requests[1]["messages"]
    assert [message["role"] for message in repair] == ["system", "user", "assistant", "user"]
    assert failure.detail.partition(":")[0] in repair[-1]["content"]
    assert [step.kind for step in asking.traces[0].steps] == ["prompt", "prompt", "reply", "prompt", "reply", "failure"]


@pytest.mark.parametrize("kind", KINDS)
def test_answer_repaired_when_told_what_was_wrong_is_taken(asking: Asking, kind: str) -> None:
    forecast = asking.forecast(f"{kind}:repaired", BINARY)
    assert isinstance(forecast.value, ProbabilityValue)
    assert "Your last message was refused" in sent(asking)
    assert asking.traces[0].steps[-1].kind == "reply"


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("refusal", FailureReason.REFUSED),
        ("empty", FailureReason.UNPARSEABLE),
        ("length", FailureReason.UNFINISHED),
        ("fault-401", FailureReason.PROVIDER),
        ("drip", FailureReason.DEADLINE),
    ],
)
@pytest.mark.parametrize("kind", ["direct", "react"])
def test_provider_faults_become_the_reason_of_the_failure(
    asking: Asking, kind: str, model: str, reason: FailureReason
) -> None:
    failure = asking.failure(f"{kind}:{model}?deadline_s=1", FREE)
    assert failure.reason is reason
    [trace] = asking.traces
    assert trace.outcome is reason
    assert trace.steps[-1].text == failure.detail
    assert asking.server.counts[model] == (2 if model == "empty" else 1)


def test_schema_is_sent_where_the_model_is_held_to_it(asking: Asking) -> None:
    for kind in ("direct", "rag", "cot"):
        asking.forecast(f"{kind}:scripted", CHOICE)
    formats = [request.get("response_format") for request in asking.server.requests]
    assert [bool(found) for found in formats] == [True, True, False]
    asking.capabilities = Capabilities()
    asking.forecast("direct:scripted", CHOICE)
    assert "response_format" not in asking.server.requests[-1]


def test_what_a_member_cannot_answer_is_refused_without_a_call(asking: Asking) -> None:
    other = RelationQuestion(**{**RELATION.model_dump(exclude={"id"}), "min_mentions": 20})
    failure = asking.failure("rag:scripted", other)
    assert failure.reason is FailureReason.UNSUPPORTED
    assert "20 mentions" in failure.detail
    assert not asking.server.requests
    nowhere = RelationQuestion(**{**RELATION.model_dump(exclude={"id"}), "subject": "ZZZ"})
    refused, fine = asking.ask("direct:scripted", nowhere, RELATION)
    assert isinstance(refused, MemberFailure)
    assert refused.reason is FailureReason.UNSUPPORTED
    assert "ZZZ" in refused.detail
    assert isinstance(fine, Forecast)


def test_dossier_holds_counts_events_and_few_headlines_without_addresses(asking: Asking) -> None:
    asking.forecast("rag:scripted", RELATION)
    prompt = asking.server.requests[0]["messages"][-1]["content"]
    question, _, dossier = prompt.partition("\n## Dossier\n")
    assert "Kind: relation" in question
    assert dossier.count("\n### ") == 6
    assert "https://" not in dossier
    assert sum(line.startswith("| ") for line in dossier.splitlines()) == 5
    asking.forecast("rag:scripted", FREE)
    free = asking.server.requests[1]["messages"][-1]["content"].partition("\n## Dossier\n")[2]
    assert "China and Taiwan: day 1 of the talks" in free


def test_dossier_without_anything_says_so(asking: Asking, tmp_path: Path) -> None:
    question: Question = BinaryQuestion(text="Will zebras yodel?", **COMMON)
    asking.forecast("rag:scripted", question)
    assert "Nothing is stored about this question." in sent(asking)
