"""The desk: what is pooled is what was just answered, each member once, whatever the ledger already holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.crowd import aggregate
from app.desk import run_crowd
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, Forecast, MemberFailure, Question
from db.values import ProbabilityValue
from tests.gdelt_rows import row, write_csv

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


def test_aggregate_of_two_answers_of_one_member_is_refused() -> None:
    common = {"question_id": QUESTION.id, "member": "a", "as_of": AS_OF, "created_at": AS_OF}
    twice = [
        Forecast.model_validate({**common, "value": {"kind": "probability", "probability": p}}) for p in (0.2, 0.4)
    ]
    with pytest.raises(ValueError, match="counts once"):
        aggregate(twice, created_at=AS_OF)
