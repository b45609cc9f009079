"""Traces on both databases: found, paged, exported whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.errors import AmbiguousName, UnknownName
from db.ledger.traces import TraceStore
from db.records import Evidence, FailureReason
from db.traces import Trace, TraceStep

AS_OF = datetime(2025, 6, 1, tzinfo=UTC)
EVIDENCE = Evidence(as_of=AS_OF, source="gdelt", title="A ship \x00 sails", added_at=AS_OF - timedelta(hours=1))


def step(n: int, text: str = "") -> TraceStep:
    return TraceStep(
        kind="observation",
        text=text or f"step {n}",
        tool="count_events",
        arguments={"n": n},
        latest_added_at=AS_OF - timedelta(days=n + 1),
        prompt_tokens=10,
        completion_tokens=n,
        cost_usd=None if n % 2 else 0.5,
        seconds=0.25,
    )


def trace(question_id: str = "q1", member: str = "react:m", run: int = 0, **more: Any) -> Trace:
    said: dict[str, Any] = {"steps": tuple(step(n) for n in range(5)), "evidence": (EVIDENCE,)} | more
    return Trace(
        question_id=question_id,
        member=member,
        model="m",
        as_of=AS_OF,
        created_at=AS_OF + timedelta(hours=1),
        run=run,
        **{"outcome": "answered", **said},
    )


def test_traces_are_found_newest_first_by_question_and_member(address: str) -> None:
    traces = [trace("q1"), trace("q2"), trace("q1", "cot:m"), trace("q12")]
    with TraceStore(address) as store:
        assert store.append(traces) == 4
        assert store.append([traces[0], trace("q3")]) == 1
        assert [header.question_id for header in store.find()] == ["q3", "q12", "q1", "q2", "q1"]
        assert [header.id for header in store.find(question_id="q1", member="react:m")] == [traces[3].id, traces[0].id]
        assert [header.id for header in store.find(limit=2, offset=2)] == [traces[2].id, traces[1].id]
        assert store.find(question_id="%") == store.find(question_id="_1") == store.find(member="react") == []
        assert (store.count(), store.count(question_id="q2"), store.count(member="cot:m")) == (5, 1, 1)


@pytest.mark.parametrize(("costs", "total"), [([0.5, 0.25], 0.75), ([0.5, None], None), ([], 0.0)])
def test_cost_of_a_run_is_unknown_if_that_of_a_reply_is(
    address: str, costs: list[float | None], total: float | None
) -> None:
    replies = tuple(TraceStep(kind="reply", text="yes", cost_usd=cost) for cost in costs)
    kept = trace(steps=(*replies, step(1)))
    with TraceStore(address) as store:
        store.append([kept])
        assert store.header(kept.id).cost_usd == kept.cost_usd == total


def test_header_sums_up_its_trace(address: str) -> None:
    kept = trace(outcome=FailureReason.UNFINISHED)
    with TraceStore(address) as store:
        store.append([kept])
        header = store.header(kept.id[:6])
    assert (header.id, header.outcome, header.n_steps, header.run) == (kept.id, "unfinished", 5, 0)
    assert (header.tokens, header.cost_usd) == (kept.tokens, kept.cost_usd) == (60, 0.0)
    assert (header.as_of, header.created_at) == (kept.as_of, kept.created_at)
    assert header.as_dict()["as_of"] == "2025-06-01T00:00:00+00:00"


def test_header_when_none_or_several_fit_says_so(address: str) -> None:
    with TraceStore(address) as store:
        store.append([trace(run=run) for run in range(20)])
        with pytest.raises(UnknownName, match="no trace"):
            store.header("z")
        with pytest.raises(AmbiguousName, match="more digits"):
            store.header("")


def test_steps_are_paged_in_order(address: str) -> None:
    kept = trace()
    with TraceStore(address) as store:
        store.append([kept])
        assert store.steps(kept.id) == list(kept.steps)
        assert store.steps(kept.id, offset=1, limit=2) == list(kept.steps[1:3])
        assert store.steps(kept.id, offset=9, limit=2) == []


def test_export_gives_back_the_traces_whole(address: str) -> None:
    large = trace("q2", steps=(step(0, "x" * 2_000_000), step(1, "nul \x00, \N{GRINNING FACE}")))
    bare = trace("q3", steps=(), evidence=())
    with TraceStore(address) as store:
        store.append([trace(), large, bare])
        assert list(store.export()) == [trace(), large, bare]
        assert list(store.export(question_id="q2")) == [large]
        assert list(store.export(member="nobody")) == []
