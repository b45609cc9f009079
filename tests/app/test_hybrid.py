"""A person's number beside the crowd: recorded first, combined after, shown to models only when asked to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli.daily import app
from app.hybrid import combined
from app.shown import shown_cases
from db.errors import BadInput
from db.ledger.ledger import Ledger
from db.records import Aggregate, Forecast, Resolution
from db.values import ProbabilityValue
from ensembles.hybrid import hybrid
from tests.member_worlds import build_store

NOW = datetime(2025, 6, 1, tzinfo=UTC)
WORDS = ("ask", "Will ships be seen in the strait?", "--member", "direct:scripted,cot:scripted")
EVENTS = ("ask", "Threats?", *("--actor1", "China", "--actor2", "Taiwan", "--from", "2025-06-02", "--to", "2025-06-08"))


class Desk:
    """`auspex ask` on a small store and a ledger of its own."""

    def __init__(self, store: Path, folder: Path) -> None:
        self.ledger = str(folder / "ledger.db")
        self._environment = {"AUSPEX_STORE": str(store), "AUSPEX_CACHE": str(folder / "cache"), "COLUMNS": "80"}

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--ledger", self.ledger], env=self._environment)

    def json(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        content: dict[str, Any] = json.loads(done.stdout)
        return content


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_store(tmp_path_factory.mktemp("world"))


@pytest.fixture
def desk(store: Path, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def by_member(found: dict[str, Any]) -> dict[str, float]:
    return {item["member"]: item["value"]["probability"] for item in found["forecasts"]}


def test_number_is_recorded_first_unseen_by_members_and_combined_with_their_aggregate(desk: Desk) -> None:
    found = desk.json(*WORDS, "--human", "35%", "--human-name", "ann")
    assert by_member(found) == {"human:ann": 0.35, "direct:scripted": 0.2, "cot:scripted": 0.2}
    crowd, combined = found["aggregates"]
    assert (combined["rule"], combined["parameters"]) == ("hybrid:logit_pool", {"human_weight": 0.8})
    assert combined["value"]["probability"] == pytest.approx(float(hybrid(0.35, crowd["value"]["probability"])))
    assert set(combined["forecast_ids"]) == {item["id"] for item in found["forecasts"]}
    assert combined["spread"] == pytest.approx(0.15 * 2**0.5 / 3)
    assert crowd["spread"] == 0
    assert found["shown"] == []
    with Ledger(desk.ledger) as book:
        assert [item.member for item in book.forecasts()][0] == "human:ann"
        assert len(book.aggregates()) == 2
        assert book.verify().ok


def test_hybrids_of_other_weights_or_rules_are_other_records_and_can_be_computed_again(tmp_path: Path) -> None:
    common: dict[str, Any] = {"question_id": "q", "as_of": NOW, "created_at": NOW}
    human = Forecast(member="human:ada", value=ProbabilityValue(probability=0.35), **common)
    told = {"n_failed": 0, "spread": 0.0, "forecast_ids": ("f",), "value": ProbabilityValue(probability=0.2)}
    crowds = [
        Aggregate(rule=rule, parameters=parameters, **told, **common)
        for rule, parameters in (("stack", {"weight[m]": 0.9}), ("stack", {"weight[m]": 0.8}), ("median_pool", {}))
    ]
    made = [combined(crowd, human, [], now=NOW) for crowd in crowds]
    assert [(item.rule, item.parameters) for item in made] == [
        ("hybrid:stack", {"weight[m]": 0.9, "human_weight": 0.8}),
        ("hybrid:stack", {"weight[m]": 0.8, "human_weight": 0.8}),
        ("hybrid:median_pool", {"human_weight": 0.8}),
    ]
    with Ledger(str(tmp_path / "ledger.db")) as book:
        assert book.append(made) == len(made)


def test_models_that_are_shown_the_number_answer_again_apart_from_the_crowd(desk: Desk) -> None:
    found = desk.json(*WORDS, "--human", "0.5", "--show-human")
    said = by_member(found)
    assert said["direct:scripted+shown"] == said["cot:scripted+shown"] == pytest.approx(0.2 + 0.3 * 0.3)
    assert found["aggregates"][0]["value"]["probability"] == pytest.approx(0.2)
    assert {item["rule"] for item in found["aggregates"]} == {"logit_pool", "hybrid:logit_pool"}
    shown = {row["member"]: row for row in found["shown"]}
    assert shown["direct:scripted"] == pytest.approx(
        {
            "member": "direct:scripted",
            "first": 0.2,
            "update": 0.29,
            "average": 0.35,
            "hybrid": float(hybrid(0.5, 0.2)),
        }
    )
    printed = desk.run(*WORDS, "--human", "0.5", "--show-human").stdout
    assert "After seeing 50.0%" in printed
    assert "hybrid (80% human in log-odds)" in printed
    assert "aggregate (hybrid" not in printed  # it has its own line


def test_updates_are_scored_against_the_answers_that_they_came_from(desk: Desk) -> None:
    found = desk.json(*WORDS, "--human", "0.5", "--show-human")
    known = datetime.now(UTC) + timedelta(days=1)
    with Ledger(desk.ledger) as book:
        question_id = found["forecasts"][0]["question_id"]
        book.append([Resolution(question_id=question_id, outcome=True, resolved_at=known, known_at=known)])
        cases = shown_cases(book)
    assert [case.member for case in cases] == ["direct:scripted", "cot:scripted"]
    expected = [(1 - p) ** 2 for p in (0.2, 0.29, 0.35, float(hybrid(0.5, 0.2)))]
    assert cases[0].scores == pytest.approx(expected)
    assert cases[0].live


def test_statistical_members_are_combined_with_a_number_and_a_second_one_does_not_replace_it(desk: Desk) -> None:
    asked = (*EVENTS, "--member", "climatology,persistence")
    first = desk.json(*asked, "--human", "35%")
    again = desk.run(*asked, "--human", "45%")
    assert first["aggregates"][1]["rule"] == "hybrid:logit_pool"
    assert "human:me said 35.0% as of 2025-06-02 00:00 UTC before" in " ".join(again.stderr.split())
    assert "back-test" in again.stderr
    assert "human:me                         35.0%" in again.stdout
    with Ledger(desk.ledger) as book:
        assert sum(item.member == "human:me" for item in book.forecasts()) == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--human", "35"), "could be a percentage or a probability"),
        (("--human-name", "ann"), "go with a number"),
        (("--show-human",), "go with a number"),
        (("--human", "35%", "--number"), "yes/no question"),
        (("--human", "35%", "--human-name", "a b"), "is no name for a person"),
    ],
)
def test_number_that_cannot_be_taken_is_refused_before_anything_is_recorded(
    desk: Desk, options: tuple[str, ...], why: str
) -> None:
    done = desk.run(*WORDS, *options)
    assert isinstance(done.exception, BadInput)
    assert why in str(done.exception)
    with Ledger(desk.ledger) as book:
        assert book.counts() == {}


def test_number_is_shown_to_nobody_where_no_model_is_asked(desk: Desk) -> None:
    done = desk.run(*EVENTS, "--member", "climatology", "--human", "35%", "--show-human")
    assert "shows the number to language models" in str(done.exception)


def test_member_that_cannot_be_built_leaves_neither_question_nor_number(desk: Desk) -> None:
    done = desk.run("ask", "Will it rain?", "--member", "direct:nobody", "--human", "35%")
    assert "unknown model 'nobody'" in str(done.exception)
    with Ledger(desk.ledger) as book:
        assert book.counts() == {}
