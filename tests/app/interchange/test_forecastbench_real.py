"""ForecastBench's own files: nothing is lost on the way in, out and back, and scores are those of its rounds."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from agents.people import MARKET
from app.benchmark.pooling.data import Recorded, read_recorded
from app.interchange.forecastbench.documents import ForecastSet, SetForecast
from app.interchange.forecastbench.forecast_sets import import_forecast_set
from app.interchange.forecastbench.reading import read_question_set
from app.interchange.forecastbench.validating import asked
from app.interchange.options import ExportOptions, ImportOptions
from app.interchange.registry import exporter, importer
from app.interchange.transfer import Transfer
from db.ledger.filters import QuestionFilter
from db.ledger.ledger import Ledger

NOW = datetime(2026, 9, 1, tzinfo=UTC)
PAST = "2025-10-26-llm.json"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(str(tmp_path / "ledger.db")) as found:
        yield found


@pytest.fixture
def sets(data_dir: Path) -> Path:
    return data_dir / "forecasts" / "forecastbench"


def taken(ledger: Ledger, path: Path) -> Transfer:
    return importer("forecastbench")(ledger, str(path), ImportOptions(now=NOW))


@pytest.mark.parametrize(("due", "questions"), [("2025-10-26", 2246), ("2026-08-16", 2248)])
def test_a_question_set_comes_whole_and_goes_out_the_same(
    ledger: Ledger, sets: Path, tmp_path: Path, due: str, questions: int
) -> None:
    path = sets / f"{due}-llm.json"
    done = taken(ledger, path)
    assert (done.read, done.new, done.skipped) == (500, {"questions": questions, "forecasts": 250}, [])
    out = exporter("forecastbench-questions")(ledger, str(tmp_path), ExportOptions(due=date.fromisoformat(due)))
    assert json.loads(Path(out.file).read_text()) == json.loads(path.read_text())


def test_outcomes_come_with_the_day_they_were_known(ledger: Ledger, sets: Path) -> None:
    taken(ledger, sets / PAST)
    done = taken(ledger, sets / "2025-10-26_resolution_set.json")
    assert (done.read, done.new) == (1208, {"resolutions": 1089})
    assert Counter(item.reason for item in done.skipped) == {"not resolved yet": 119}
    assert len(ledger.open_questions()) == 2246 - 1089
    first = min(ledger.resolutions().values(), key=lambda found: found.known_at)
    assert first.known_at == datetime(2025, 10, 27, tzinfo=UTC)


@pytest.mark.slow
def test_every_forecaster_of_a_round_scores_as_on_the_round_itself(ledger: Ledger, sets: Path, data_dir: Path) -> None:
    recorded = read_recorded(data_dir / "forecasts" / "questions.csv", data_dir / "forecasts" / "forecasts.csv.gz")
    expected = _mean_briers(recorded)
    assert len(expected) == 45
    taken(ledger, sets / PAST)
    taken(ledger, sets / "2025-10-26_resolution_set.json")
    wanted = {(source, id, day): source for source, id, day in asked(read_question_set(sets / PAST))}
    for forecaster in expected:
        rows = tuple(_rows(recorded, forecaster, {(id, day): source for source, id, day in wanted}))
        entry = ForecastSet(
            organization="BLF", model=forecaster, model_organization="BLF", question_set=PAST, forecasts=rows
        )
        done = import_forecast_set(ledger, entry, member=forecaster, now=NOW)
        assert (done.written, done.skipped) == (len(rows), [])
    columns = ledger.views.scored()
    error = (columns.probability - columns.outcome) ** 2
    means = {name: float(error[columns.member == place].mean()) for place, name in enumerate(columns.members)}
    assert {name: mean for name, mean in means.items() if not name.startswith(MARKET)} == pytest.approx(
        expected, abs=1e-9
    )


def _mean_briers(recorded: Recorded) -> dict[str, float]:
    """Each forecaster's mean Brier score over all questions that it answered, of data and of markets."""
    errors: dict[str, list[float]] = defaultdict(list)
    for dataset, given in recorded.forecasts.items():
        outcome = recorded.questions[dataset].outcome
        for forecaster, p in given.items():
            there = np.isfinite(p)
            errors[forecaster] += ((p - outcome)[there] ** 2).tolist()
    return {forecaster: float(np.mean(found)) for forecaster, found in errors.items()}


def _rows(recorded: Recorded, forecaster: str, source_of: dict[tuple[str, date | None], str]) -> Iterator[SetForecast]:
    for dataset, given in recorded.forecasts.items():
        for key, p in zip(recorded.questions[dataset].ids, given.get(forecaster, ()), strict=forecaster in given):
            _, id, *rest = key.split("|")
            day = date.fromisoformat(rest[0]) if rest else None
            if np.isfinite(p):
                yield SetForecast(id=id, source=source_of[id, day], forecast=float(p), resolution_date=day)


def test_a_tag_finds_a_rounds_questions(ledger: Ledger, sets: Path) -> None:
    taken(ledger, sets / PAST)
    taken(ledger, sets / "2026-08-16-llm.json")
    tag = "forecastbench:2026-08-16-llm"
    assert sum(1 for _ in ledger.views.stream("question", QuestionFilter(tag=tag))) == 2248
