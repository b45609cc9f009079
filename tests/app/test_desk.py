"""The desk: what is pooled is what was just answered, each member once, whatever the ledger already holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agents.crowd import aggregate
from agents.llm.client import LlmClient
from agents.llm.models import ModelTable, Price
from app.desk import Run, run_crowd
from app.dev.llm_server import LlmServer, Reply
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, Forecast, MemberFailure, Question
from db.values import ProbabilityValue
from tests.app.taught import teach
from tests.gdelt_rows import row, write_csv
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]

AS_OF = datetime(2025, 5, 21, tzinfo=UTC)
QUESTION = BinaryQuestion(text="Will it rain?", open_at=AS_OF, resolve_by=datetime(2025, 6, 1, tzinfo=UTC))


class Fixed:
    """A member that always says the same."""

    def __init__(self, name: str, probability: float, *, model: str = "", prompt_hash: str = "") -> None:
        self.name, self._probability, self._model, self._prompt_hash = name, probability, model, prompt_hash

    async def forecast(
        self, questions: Sequence[Question], snapshot: Snapshot, *, created_at: datetime
    ) -> list[Forecast | MemberFailure]:
        return [
            Forecast(
                question_id=question.id,
                member=self.name,
                model=self._model,
                prompt_hash=self._prompt_hash,
                as_of=snapshot.as_of,
                created_at=created_at,
                value=ProbabilityValue(probability=self._probability),
            )
            for question in questions
        ]


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    ingest_files([write_csv(tmp_path / "20250520.export.CSV", [row(1)])], tmp_path / "S")
    return EventStore(tmp_path / "S")


def pooled(store: EventStore, ledger: Ledger, members: Sequence[Fixed]) -> tuple[list[str], float]:
    run = run_crowd([QUESTION], store, members, as_of=AS_OF, now=datetime.now(UTC), ledger=ledger, rule="linear_pool")
    [found] = run.aggregates
    assert isinstance(found.value, ProbabilityValue)
    return [item.member for item in run.forecasts], found.value.probability


def test_member_with_a_new_prompt_or_model_counts_once_in_the_aggregate(store: EventStore, tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        other = Fixed("climatology", 0.1)
        assert pooled(store, ledger, [Fixed("direct:m", 0.9, model="m", prompt_hash="1"), other])[1] == 0.5
        names, p = pooled(store, ledger, [Fixed("direct:m", 0.7, model="m", prompt_hash="2"), other])
        assert sorted(names) == ["climatology", "direct:m"] and p == pytest.approx(0.4)
        names, p = pooled(store, ledger, [Fixed("direct:m", 0.5, model="fallback", prompt_hash="2"), other])
        assert sorted(names) == ["climatology", "direct:m"] and p == pytest.approx(0.3)
        assert len(ledger.forecasts()) == 4


def test_run_again_takes_the_answers_that_were_recorded_first(store: EventStore, tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        assert pooled(store, ledger, [Fixed("a", 0.2)])[1] == pytest.approx(0.2)
        assert pooled(store, ledger, [Fixed("a", 0.8)])[1] == pytest.approx(0.2)
        assert ledger.verify().ok


def test_what_the_ledger_taught_pools_unless_a_rule_is_given(store: EventStore, tmp_path: Path) -> None:
    market = BinaryQuestion(
        text="Will it rain?", open_at=AS_OF, resolve_by=datetime(2025, 6, 1, tzinfo=UTC), source="metaculus"
    )
    members = [Fixed("careful", 0.7), Fixed("bold", 0.5), Fixed("noisy", 0.5)]
    common: dict[str, Any] = {"as_of": AS_OF, "now": AS_OF}
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        plain = run_crowd([market, QUESTION], store, members, ledger=ledger, **common)
        assert [item.rule for item in plain.aggregates] == ["logit_pool", "logit_pool"]
        teach(ledger, before=AS_OF)
        learnt = run_crowd([market, QUESTION], store, members, ledger=ledger, **common)
        assert [item.rule for item in learnt.aggregates] == [*learnt.rules.learnt, "logit_pool"]
        assert learnt.rules.learnt and len(learnt.aggregates[0].parameters) == 3
        given = run_crowd([market], store, members, ledger=ledger, rule="linear_pool", **common)
        assert [item.rule for item in given.aggregates] == ["linear_pool"]
        recorded = [item.rule for item in ledger.aggregates([market.id])]
        assert recorded == ["logit_pool", *learnt.rules.learnt, "linear_pool"]


def test_supervisor_that_is_sure_has_the_last_word_and_is_asked_about_once(
    store: EventStore, tmp_path: Path, llm_server: LlmServer
) -> None:
    verdict = '{"rationale": "r", "confidence": "high", "probability": 0.9}'
    llm_server.script("judge", [Reply(text=verdict)])
    table = ModelTable().with_model("judge", model="openai/judge", api_base=llm_server.url, api_key="no-key")
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        for day, new in ((22, 5), (23, 0)):
            now = AS_OF.replace(day=day)
            client = LlmClient(table, clock=lambda: AS_OF, allow_remote=False)
            run = run_crowd(
                [QUESTION],
                store,
                [Fixed("a", 0.2), Fixed("b", 0.4)],
                as_of=AS_OF,
                now=now,
                ledger=ledger,
                llm=client,
                supervisor="judge",
            )
            assert [item.member for item in run.forecasts] == ["a", "b", "supervisor:judge"]
            assert [item.rule for item in run.aggregates] == ["logit_pool", "supervised:logit_pool"]
            assert run.aggregates[1].value == ProbabilityValue(probability=0.9)
            assert run.recorded == new
        assert len(ledger.aggregates()) == 2


def test_crowd_is_whole_in_the_ledger_when_what_is_asked_after_it_breaks_off(store: EventStore, tmp_path: Path) -> None:
    async def broken_off(run: Run) -> list[Forecast | MemberFailure]:
        raise RuntimeError("broken off")

    members = [Fixed("a", 0.2), Fixed("b", 0.4)]
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        with pytest.raises(RuntimeError, match="broken off"):
            run_crowd([QUESTION], store, members, as_of=AS_OF, now=AS_OF, ledger=ledger, then=broken_off)
        assert ledger.counts() == {"question": 1, "forecast": 2, "aggregate": 1}


@pytest.mark.parametrize(
    ("price", "known"), [(Price(input_usd_per_million=1, output_usd_per_million=1), True), (None, False)]
)
def test_what_a_supervisor_without_an_answer_cost_is_in_the_run_s_cost(
    store: EventStore, llm_server: LlmServer, price: Price | None, known: bool
) -> None:
    llm_server.script("judge", [Reply(text="I agree.")])
    table = ModelTable().with_model("judge", model="openai/judge", api_base=llm_server.url, api_key="x", price=price)
    client = LlmClient(table, clock=lambda: AS_OF, allow_remote=False)
    members = [Fixed("a", 0.2), Fixed("b", 0.4)]
    run = run_crowd([QUESTION], store, members, as_of=AS_OF, now=AS_OF, llm=client, supervisor="judge")
    assert [failure.member for failure in run.failures] == ["supervisor:judge"]
    assert (run.cost_usd is not None and run.cost_usd > 0) if known else run.cost_usd is None


def test_aggregate_of_two_answers_of_one_member_is_refused() -> None:
    common = {"question_id": QUESTION.id, "member": "a", "as_of": AS_OF, "created_at": AS_OF}
    twice = [
        Forecast.model_validate({**common, "value": {"kind": "probability", "probability": p}}) for p in (0.2, 0.4)
    ]
    with pytest.raises(ValueError, match="counts once"):
        aggregate(twice, created_at=AS_OF)
