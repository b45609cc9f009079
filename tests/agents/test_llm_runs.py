"""Several runs of a member at one question: put together, counted, paid for, and each with its trace."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest

from agents.answers import LEVELS
from agents.llm.client import LlmClient
from agents.llm.models import Capabilities, ModelTable, Price
from agents.members.equipment import Equipment
from agents.members.registry import build_members
from app.dev.llm_server import Reply
from db.errors import CallForbidden
from db.events.snapshot import Snapshot
from db.records import (
    FailureReason,
    Forecast,
    MemberFailure,
)
from db.traces import Trace
from db.values import CodeSetValue, ProbabilityValue, QuantilesValue
from tests.member_worlds import (
    AS_OF,
    CHOICE,
    FREE,
    NUMERIC,
    RELATION,
    Asking,
    said,
)


def test_runs_are_averaged_each_its_own_sample(asking: Asking) -> None:
    asking.server.script("scripted-runs", [said(0.2), said(0.3), said(0.7)])
    forecast = asking.forecast("direct:scripted-runs?runs=3", FREE)
    assert isinstance(forecast.value, ProbabilityValue)
    assert forecast.value.probability == pytest.approx(0.4)
    assert sorted(trace.run for trace in asking.traces) == [0, 1, 2]
    assert asking.server.counts["scripted-runs"] == 3
    assert forecast.tokens == sum(trace.tokens for trace in asking.traces)


@pytest.mark.parametrize(("n_good", "answered"), [(3, True), (2, False)])
def test_quorum_of_runs_decides_whether_the_member_answered(asking: Asking, n_good: int, answered: bool) -> None:
    bad = Reply(text="I would rather not say.")
    asking.server.script("scripted-some", [*[said(0.4)] * n_good, *[bad] * (5 - n_good), *[bad] * 5])
    [found] = asking.ask("direct:scripted-some?runs=5", FREE)
    if answered:
        assert isinstance(found, Forecast)
        assert isinstance(found.value, ProbabilityValue)
        assert found.value.probability == pytest.approx(0.4)
    else:
        assert isinstance(found, MemberFailure)
        assert found.reason is FailureReason.UNPARSEABLE
        assert found.detail.startswith("3 of 5 runs: ")
    assert Counter(trace.outcome for trace in asking.traces)["answered"] == n_good


def test_sets_of_several_runs_keep_the_codes_of_at_least_two(asking: Asking) -> None:
    """MIRAI's self-consistency."""
    sets = ['{"04": ["042"]}', '{"04": ["042", "043"], "99": []}', '{"13": ["130"]}']
    asking.server.script("scripted-sets", [Reply(text=text) for text in sets])
    asking.capabilities = Capabilities()
    forecast = asking.forecast("direct:scripted-sets?runs=3", RELATION)
    assert forecast.value == CodeSetValue(selected=("04", "042"), unknown=("99",))


def test_quantiles_of_several_runs_are_averaged_level_by_level(asking: Asking) -> None:
    def quantiles(*values: float) -> Reply:
        listed = [{"level": level, "value": value} for level, value in zip(LEVELS, values, strict=True)]
        return Reply(text=json.dumps({"rationale": "r", "quantiles": listed}))

    asking.server.script("scripted-numbers", [quantiles(1, 2, 3, 4, 5), quantiles(3, 4, 5, 6, 15)])
    forecast = asking.forecast("direct:scripted-numbers?runs=2", NUMERIC)
    assert forecast.value == QuantilesValue(levels=LEVELS, values=(2, 3, 4, 5, 10))


def test_budget_of_a_member_is_not_overspent(asking: Asking) -> None:
    asking.price = Price(input_usd_per_million=1000.0, output_usd_per_million=1000.0)
    failure = asking.failure("direct:scripted?budget_usd=0.01", FREE)
    assert failure.reason is FailureReason.BUDGET
    assert not asking.server.requests
    forecast = asking.forecast("direct:scripted?budget_usd=100", FREE)
    assert forecast.cost_usd is not None and 0 < forecast.cost_usd < 100
    assert forecast.cost_usd == pytest.approx(asking.traces[-1].cost_usd)


def test_error_that_ends_everything_still_leaves_the_trace_of_each_run(small_world: Snapshot) -> None:
    traces: list[Trace] = []
    table = ModelTable().with_model("far", model="openai/far", api_base="https://models.example/v1", api_key="no-key")

    async def ask() -> None:
        client = LlmClient(table, clock=lambda: AS_OF, allow_remote=False)
        [member] = build_members(["direct:far?runs=2"], Equipment(llm=client, keep=traces.append))
        try:
            await member.forecast([FREE, CHOICE], small_world, created_at=AS_OF)
        finally:
            await client.aclose()

    with pytest.raises(CallForbidden):
        asyncio.run(ask())
    assert len(traces) == 4
    assert {trace.outcome for trace in traces} == {FailureReason.UNFINISHED}
    assert all(trace.steps[-1].kind == "failure" for trace in traces)
