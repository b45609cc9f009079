"""ForecastBench both ways, on small sets made by hand: what is taken, what is skipped, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from agents.people import stands_apart
from app.interchange.forecastbench.documents import ForecastSet, SetForecast
from app.interchange.forecastbench.forecast_sets import Entrant, forecast_set, placed
from app.interchange.forecastbench.reading import read_question_set
from app.interchange.forecastbench.validating import validate
from app.interchange.options import ExportOptions, ImportOptions
from app.interchange.registry import exporter, importer
from app.interchange.transfer import Transfer
from db.errors import BadInput
from db.ledger.ledger import Ledger
from db.records import Aggregate, BinaryQuestion, Forecast
from db.values import ProbabilityValue

DUE = date(2026, 1, 4)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
START = datetime(2026, 1, 4, tzinfo=UTC)
NAME = "2026-01-04-llm.json"


def series(id: str | list[str], **other: Any) -> dict[str, Any]:
    return {
        "id": id,
        "source": "fred",
        "question": "Will it be higher on {resolution_date} than on {forecast_due_date}?",
        "resolution_criteria": "Resolves to the value.",
        "background": "It rises and falls.",
        "market_info_open_datetime": "N/A",
        "market_info_close_datetime": "N/A",
        "market_info_resolution_criteria": "N/A",
        "url": "https://example.org/series",
        "freeze_datetime": "2025-12-25T00:00:00+00:00",
        "freeze_datetime_value": "5.13",
        "freeze_datetime_value_explanation": "The latest value.",
        "source_intro": "FRED has series.",
        "resolution_dates": ["2026-01-11", "2026-02-03"],
    } | other


def market(id: str | list[str], **other: Any) -> dict[str, Any]:
    return (
        series(id)
        | {
            "source": "manifold",
            "question": "Will it happen?",
            "market_info_open_datetime": "2024-05-20T20:06:44+00:00",
            "market_info_close_datetime": "2026-12-31T05:00:00+00:00",
            "freeze_datetime_value": "0.0346",
            "freeze_datetime_value_explanation": "The market value.",
            "resolution_dates": "N/A",
        }
        | other
    )


QUESTIONS = [series("A"), market("m1"), market("m2", freeze_datetime_value="N/A"), series("B", background="")]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(str(tmp_path / "ledger.db")) as found:
        yield found


def saved(folder: Path, kind: str, rows: list[Any], **other: Any) -> str:
    path = folder / f"{kind}.json"
    content = {"forecast_due_date": "2026-01-04", "question_set": NAME, kind: rows} | other
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def taken(ledger: Ledger, path: str, **options: Any) -> Transfer:
    return importer("forecastbench")(ledger, path, ImportOptions(now=NOW, **options))


@pytest.fixture
def asked(ledger: Ledger, tmp_path: Path) -> list[BinaryQuestion]:
    taken(ledger, saved(tmp_path, "questions", QUESTIONS))
    return [question for question in ledger.questions() if isinstance(question, BinaryQuestion)]


def said(question: BinaryQuestion, probability: float, *, as_of: datetime = START, member: str = "ada") -> Forecast:
    value = ProbabilityValue(probability=probability)
    return Forecast(question_id=question.id, member=member, as_of=as_of, created_at=NOW, value=value, rationale="so")


def test_a_series_is_a_question_for_each_date_and_a_market_is_one(asked: list[BinaryQuestion]) -> None:
    assert [(question.source_id, question.resolve_by.date().isoformat()) for question in asked] == [
        ("A", "2026-01-12"),
        ("A", "2026-02-04"),
        ("m1", "2026-12-31"),
        ("m2", "2026-12-31"),
        ("B", "2026-01-12"),
        ("B", "2026-02-04"),
    ]
    first, price = asked[0], asked[2]
    assert first.text == "Will it be higher on 2026-01-11 than on 2026-01-04?"
    assert (first.open_at, first.licence) == (START, "CC BY-SA 4.0")
    assert first.tags == ("forecastbench", "forecastbench:2026-01-04-llm", "forecastbench:dataset")
    assert "5.13" in first.background
    assert price.open_at == datetime(2024, 5, 20, 20, 6, 44, tzinfo=UTC)
    assert price.fine_print == ""


def test_a_market_price_is_a_forecast_that_stands_apart_and_no_member_is_shown_it(
    ledger: Ledger, asked: list[BinaryQuestion]
) -> None:
    (price,) = ledger.forecasts()
    assert (price.member, price.value) == ("market:manifold", ProbabilityValue(probability=0.0346))
    assert (price.as_of, price.created_at) == (datetime(2025, 12, 25, tzinfo=UTC), NOW)
    assert stands_apart(price.member)
    assert "0.0346" not in asked[2].model_dump_json()


def test_a_set_goes_out_as_it_came(ledger: Ledger, asked: list[BinaryQuestion], tmp_path: Path) -> None:
    options = ExportOptions(due=DUE)
    assert exporter("forecastbench-questions")(ledger, str(tmp_path), options).written == 4
    assert json.loads((tmp_path / NAME).read_text())["questions"] == QUESTIONS


def test_taking_a_set_again_changes_nothing(ledger: Ledger, asked: list[BinaryQuestion], tmp_path: Path) -> None:
    assert taken(ledger, saved(tmp_path, "questions", QUESTIONS)).written == 0


def test_combinations_and_rows_that_are_none_are_named_and_the_rest_is_taken(ledger: Ledger, tmp_path: Path) -> None:
    rows = [
        market(["m1", "m2"]),
        market("late", market_info_close_datetime="2020-01-01T00:00:00+00:00"),
        7,
        market("m3"),
    ]
    done = taken(ledger, saved(tmp_path, "questions", rows))
    assert done.read == 4
    assert [item.id for item in done.skipped] == ["m1 + m2", "row 2", "late"]
    assert [question.source_id for question in ledger.questions()] == ["m3"]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("{", "not JSON"),
        ("[]", "no ForecastBench file"),
        ('{"questions": [], "forecast_due_date": "soon", "question_set": "x.json"}', "forecast_due_date"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(ledger: Ledger, tmp_path: Path, content: str, match: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(BadInput, match=match):
        taken(ledger, str(tmp_path / "bad.json"))
    assert ledger.counts() == {}


def resolution(id: str, source: str, day: str, to: float | None, *, resolved: bool = True) -> dict[str, Any]:
    return {
        "id": id,
        "source": source,
        "direction": None,
        "resolution_date": day,
        "resolved_to": to,
        "resolved": resolved,
    }


def test_outcomes_are_known_from_the_start_of_their_date(
    ledger: Ledger, asked: list[BinaryQuestion], tmp_path: Path
) -> None:
    rows = [
        resolution("A", "fred", "2026-01-11", 1.0),
        resolution("A", "fred", "2026-02-03", 0.0),
        resolution("m1", "manifold", "2026-03-01", 0.35),
        resolution("m2", "manifold", "2026-05-01", 0.2, resolved=False),
        resolution("B", "fred", "2026-01-11", None),
        resolution("Z", "fred", "2026-01-11", 1.0),
    ]
    done = taken(ledger, saved(tmp_path, "resolutions", rows))
    found = ledger.resolutions()
    assert [found[question.id].outcome for question in asked[:3]] == [True, False, 0.35]
    assert found[asked[0].id].known_at == datetime(2026, 1, 11, tzinfo=UTC)
    assert found[asked[2].id].known_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert {item.id.split()[1] for item in done.skipped} == {"m2", "B", "Z"}
    assert len(ledger.open_questions()) == 3


def test_an_outcome_that_contradicts_the_ledger_is_named_and_left_out(
    ledger: Ledger, asked: list[BinaryQuestion], tmp_path: Path
) -> None:
    taken(ledger, saved(tmp_path, "resolutions", [resolution("A", "fred", "2026-01-11", 1.0)]))
    again = [resolution("A", "fred", "2026-01-11", 0.0), resolution("B", "fred", "2026-01-11", 1.0)]
    done = taken(ledger, saved(tmp_path, "resolutions", again))
    assert (done.written, len(done.skipped)) == (1, 1)
    assert ledger.resolutions()[asked[0].id].outcome is True


def test_outcomes_of_a_round_that_was_not_imported_are_refused(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="auspex import forecastbench 2026-01-04-llm.json"):
        taken(ledger, saved(tmp_path, "resolutions", [resolution("A", "fred", "2026-01-11", 1.0)]))


def test_a_forecast_set_holds_the_last_word_as_of_the_due_date(ledger: Ledger, asked: list[BinaryQuestion]) -> None:
    ledger.append([said(question, 0.2) for question in asked])
    ledger.append([said(asked[0], 0.3, as_of=datetime(2026, 1, 5, tzinfo=UTC))])
    ledger.append([said(asked[0], 0.9, as_of=datetime(2026, 1, 5, 0, 0, 1, tzinfo=UTC))])
    built = forecast_set(ledger, DUE, Entrant(organization="Us"), member="ada")
    assert built.missing == ()
    assert built.forecasts.forecasts[0] == SetForecast(
        id="A", source="fred", forecast=0.3, resolution_date=date(2026, 1, 11), reasoning="so"
    )
    assert built.forecasts.forecasts[2].resolution_date is None


def test_the_crowd_answers_where_no_member_is_named(ledger: Ledger, asked: list[BinaryQuestion]) -> None:
    made = [said(question, 0.2) for question in asked]
    ledger.append(made)
    ledger.append([_aggregate(item) for item in made])
    built = forecast_set(ledger, DUE, Entrant(organization="Us"))
    assert {item.forecast for item in built.forecasts.forecasts} == {0.2}


def _aggregate(item: Forecast) -> Aggregate:
    return Aggregate(
        question_id=item.question_id,
        rule="median",
        as_of=item.as_of,
        created_at=NOW,
        forecast_ids=(item.id,),
        value=item.value,
        spread=0.0,
        n_failed=0,
    )


def test_a_set_with_gaps_is_refused_and_says_what_it_lacks(
    ledger: Ledger, asked: list[BinaryQuestion], tmp_path: Path
) -> None:
    ledger.append([said(question, 0.2) for question in asked[1:]])
    options = ExportOptions(due=DUE, organization="Us & Co.", member="ada")
    write = exporter("forecastbench")
    with pytest.raises(BadInput, match="1 of 6 questions have no forecast: fred A 2026-01-11; .*--incomplete"):
        write(ledger, str(tmp_path), options)
    assert list(tmp_path.glob("*.Us*")) == []
    done = write(ledger, str(tmp_path), ExportOptions(due=DUE, organization="Us & Co.", member="ada", incomplete=True))
    assert (Path(done.file).name, done.written, len(done.skipped)) == ("2026-01-04.Us-Co.1.json", 5, 1)
    ledger.append([said(asked[0], 0.2)])
    done = write(ledger, str(tmp_path), options)
    assert Path(done.file).name == "2026-01-04.Us-Co.2.json"
    content = json.loads(Path(done.file).read_text())
    assert set(content) == {"organization", "model", "model_organization", "question_set", "forecasts"}
    assert content["forecasts"][2] == {
        "id": "m1",
        "source": "manifold",
        "forecast": 0.2,
        "resolution_date": None,
        "reasoning": "so",
    }


def test_a_file_name_that_the_benchmark_would_not_take_is_refused(tmp_path: Path) -> None:
    entrant = Entrant(organization="Us")
    assert placed(tmp_path / "2026-01-04.Us.7.json", DUE, entrant).name == "2026-01-04.Us.7.json"
    for name in ("mine.json", "2026-01-04.Us.0.json", "2026-01-05.Us.1.json", "2026-01-04.Us.json"):
        with pytest.raises(BadInput, match=r"call it 2026-01-04\.Us\.1\.json"):
            placed(tmp_path / name, DUE, entrant)
    with pytest.raises(BadInput, match="--organization"):
        Entrant(organization="&")


def test_validation_names_what_is_missing_twice_or_strange(tmp_path: Path) -> None:
    questions = read_question_set(Path(saved(tmp_path, "questions", QUESTIONS)))
    rows = (
        SetForecast(id="m1", source="manifold", forecast=0.1),
        SetForecast(id="m1", source="manifold", forecast=0.1),
        SetForecast(id="A", source="fred", forecast=0.1, resolution_date=date(2026, 1, 12)),
    )
    found = ForecastSet(
        organization="Us", model="m", model_organization="Us", question_set="2026-01-11-llm.json", forecasts=rows
    )
    problems = " | ".join(validate(found, questions))
    assert "answered twice: manifold m1" in problems
    assert "nothing that was asked: fred A 2026-01-12" in problems
    assert "5 of 6 forecasts (83.3%) are missing, too many to be taken" in problems
    assert "answers 2026-01-11-llm.json" in problems
    assert validate(found.model_copy(update={"forecasts": ()})) == ["there is no forecast in it"]


def test_somebody_elses_set_is_a_member_and_no_live_forecast_of_what_was_resolved(
    ledger: Ledger, asked: list[BinaryQuestion], tmp_path: Path
) -> None:
    rows = [
        {"id": "A", "source": "fred", "forecast": 0.7, "resolution_date": "2026-01-11", "reasoning": "because"},
        {"id": "m1", "source": "manifold", "forecast": 0.1, "resolution_date": None, "reasoning": None},
        {"id": "m1", "source": "manifold", "forecast": 0.2, "resolution_date": None},
        {"id": "A", "source": "fred", "forecast": 1.2, "resolution_date": "2026-02-03"},
        {"id": "Z", "source": "fred", "forecast": 0.2, "resolution_date": "2026-02-03"},
    ]
    path = saved(tmp_path, "forecasts", rows, organization="They", model="gpt", model_organization="They")
    with pytest.raises(BadInput, match="only Auspex itself"):
        taken(ledger, path, member="climatology")
    done = taken(ledger, path)
    assert (done.read, done.new["forecasts"], len(done.skipped)) == (5, 2, 3)
    found = [item for item in ledger.forecasts() if item.member == "They/gpt"]
    assert [(item.value, item.as_of, item.created_at) for item in found] == [
        (ProbabilityValue(probability=0.7), START, NOW),
        (ProbabilityValue(probability=0.1), START, NOW),
    ]
    taken(ledger, saved(tmp_path, "resolutions", [resolution("A", "fred", "2026-01-11", 1.0)]))
    assert [item.live for item in ledger.scorable()] == [False]
