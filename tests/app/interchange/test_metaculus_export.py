"""Forecasts as Metaculus takes them: every type of question, and nothing moved to fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.interchange.metaculus.cdf import problems
from app.interchange.metaculus.scaling import Scaling
from app.interchange.options import ExportOptions, ImportOptions
from app.interchange.registry import exporter, importer
from db.errors import BadInput
from db.ledger.ledger import Ledger
from db.records import Forecast
from db.values import ProbabilitiesValue, ProbabilityValue, QuantilesValue, Value
from tests.app.interchange.market_shapes import metaculus_question, post

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SCALE = {"range_min": 1, "range_max": 1000, "zero_point": 0, "inbound_outcome_count": 200}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    posts = [
        post(1, question=metaculus_question(11, "binary")),
        post(2, question=metaculus_question(12, "multiple_choice", options=["a", "b"])),
        post(3, question=metaculus_question(13, "numeric", scaling=SCALE, open_upper_bound=True)),
        post(4, question=metaculus_question(14, "binary")),
        post(5, question=metaculus_question(15, "binary")),
    ]
    (tmp_path / "posts.json").write_text(json.dumps({"results": posts}))
    with Ledger(str(tmp_path / "ledger.db")) as found:
        importer("metaculus")(found, str(tmp_path / "posts.json"), ImportOptions(now=NOW, accept_terms=True))
        yield found


def test_forecasts_are_written_in_the_form_that_is_posted(ledger: Ledger, tmp_path: Path) -> None:
    values: list[Value] = [
        ProbabilityValue(probability=0.3),
        ProbabilitiesValue(probabilities={"a": 0.4, "b": 0.6}),
        QuantilesValue(levels=(0.1, 0.5, 0.9), values=(5.0, 30.0, 400.0)),
        ProbabilityValue(probability=0.0001),
    ]
    ledger.append(
        [
            Forecast(question_id=question.id, member="ada", as_of=NOW, created_at=NOW, value=value)
            for question, value in zip(ledger.questions(), values, strict=False)
        ]
    )
    done = exporter("metaculus")(ledger, str(tmp_path / "out.json"), ExportOptions(member="ada"))
    rows: list[dict[str, Any]] = json.loads((tmp_path / "out.json").read_text())
    assert rows[:2] == [
        {"question": 11, "probability_yes": 0.3},
        {"question": 12, "probability_yes_per_category": {"a": 0.4, "b": 0.6}},
    ]
    scaling = Scaling(range_min=1, range_max=1000, zero_point=0, open_upper=True)
    assert rows[2]["question"] == 13
    assert problems(np.array(rows[2]["continuous_cdf"]), scaling) == []
    assert {item.id: item.reason for item in done.skipped} == {
        "14": "Metaculus takes probabilities from 0.001 to 0.999, not 0.0001",
        "15": "no forecast",
    }


def test_without_questions_of_metaculus_there_is_nothing_to_write(tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "empty.db")) as empty, pytest.raises(BadInput, match="import metaculus"):
        exporter("metaculus")(empty, str(tmp_path / "out.json"), ExportOptions())
    assert not (tmp_path / "out.json").exists()
