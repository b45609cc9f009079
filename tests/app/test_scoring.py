"""The leaderboard: every kind of question by its own scores, apart from each other, whoever forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.output import leaderboard_table, out
from app.scoring import Scored, leaderboard, score
from db.ledger.scorable import Scorable
from db.records import (
    Aggregate,
    BinaryQuestion,
    Forecast,
    MultipleChoiceQuestion,
    NumericQuestion,
    Outcome,
    Question,
    RelationQuestion,
    Resolution,
)
from db.values import CodeSetValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue, Value

OPEN = datetime(2025, 6, 1, tzinfo=UTC)
COMMON: dict[str, Any] = {"open_at": OPEN, "resolve_by": OPEN + timedelta(7)}
YES_NO = BinaryQuestion(text="Will it?", **COMMON)
CHOICE = MultipleChoiceQuestion(text="Which?", options=("x", "y", "z"), **COMMON)
SHIPS = NumericQuestion(text="How many ships?", unit="ships", **COMMON)
TONNES = NumericQuestion(text="How much grain?", unit="tonnes", **COMMON)
CODES = RelationQuestion(text="Which codes?", day=OPEN.date(), subject="USA", object="CHN", **COMMON)
LEVELS = (0.05, 0.5, 0.95)


def scorable(question: Question, member: str, value: Value, outcome: Outcome) -> Scorable:
    forecast = Forecast(question_id=question.id, member=member, as_of=OPEN, created_at=OPEN, value=value)
    known = OPEN + timedelta(7)
    return Scorable(
        question,
        forecast,
        Resolution(question_id=question.id, outcome=outcome, resolved_at=known, known_at=known),
        True,
    )


def scored(question: Question, value: Value, outcome: Outcome, member: str = "m") -> Scored:
    found = score(scorable(question, member, value, outcome))
    assert found is not None
    return found


def options(x: float, y: float, z: float) -> ProbabilitiesValue:
    return ProbabilitiesValue(probabilities={"z": z, "x": x, "y": y})


def quantiles(*values: float) -> QuantilesValue:
    return QuantilesValue(levels=LEVELS, values=values)


def test_options_are_scored_over_all_of_them() -> None:
    found = scored(CHOICE, options(0.5, 0.3, 0.2), "y").metrics
    assert found["brier_multi"] == pytest.approx(0.25 + 0.49 + 0.04)
    assert found["log_score_multi"] == pytest.approx(1.2039728)  # -ln 0.3
    assert scored(CHOICE, options(1, 0, 0), "z").metrics["brier_multi"] == 2.0


def test_options_that_are_not_the_questions_are_not_scored() -> None:
    half = ProbabilitiesValue(probabilities={"x": 0.5, "w": 0.5})
    assert score(scorable(CHOICE, "m", half, "x")) is None
    assert score(scorable(CHOICE, "m", options(1, 0, 0), "w")) is None
    assert score(scorable(CHOICE, "m", options(1, 0, 0), True)) is None


def test_quantiles_have_crps_pinball_and_coverage() -> None:
    found = scored(SHIPS, quantiles(0.0, 10.0, 20.0), 12.0).metrics
    losses = (0.05 * 12, 0.5 * 2, 0.05 * 8)
    assert found["pinball"] == pytest.approx(sum(losses) / 3)
    assert found["crps"] == pytest.approx(2 * sum(losses) / 3)
    assert found["coverage"] == 1.0
    assert found["coverage_nominal"] == pytest.approx(0.9)
    assert scored(SHIPS, quantiles(0.0, 10.0, 20.0), 21.0).metrics["coverage"] == 0.0


def test_quantiles_that_bound_no_central_interval_have_no_coverage() -> None:
    lopsided = QuantilesValue(levels=(0.1, 0.5), values=(1.0, 2.0))
    assert "coverage" not in scored(SHIPS, lopsided, 1.5).metrics
    assert "coverage" not in scored(SHIPS, QuantilesValue(levels=(0.5,), values=(2.0,)), 1.5).metrics


@pytest.mark.parametrize(
    ("question", "values", "outcome", "metric", "expected"),
    [
        (YES_NO, [ProbabilityValue(probability=p) for p in (0.1, 0.8)], True, "brier", 0.04),
        (CHOICE, [options(1, 0, 0), options(0.5, 0.3, 0.2)], "y", "brier_multi", 0.78),
        (SHIPS, [quantiles(0.0, 0.0, 0.0), quantiles(10.0, 10.0, 10.0)], 12.0, "crps", 2.0),
        (CODES, [CodeSetValue(selected=()), CodeSetValue(selected=("04", "042"))], ("042",), "f1_root", 1.0),
    ],
)
def test_last_forecast_of_a_question_counts_and_counts_once(
    question: Question, values: list[Value], outcome: Outcome, metric: str, expected: float
) -> None:
    earlier, later = (scored(question, value, outcome) for value in values)
    earlier = replace(earlier, made=(OPEN - timedelta(1), OPEN + timedelta(1)))
    for label in ("m", "aggregate (logit_pool)"):
        said = [replace(item, member=label) for item in (later, earlier)]
        [row] = leaderboard([*said, replace(earlier, member=label, live=False)])[1:]  # "back-test" comes first
        assert (row["track"], row["n"]) == ("live", 1)
        assert row[metric]["mean"] == pytest.approx(expected)


def test_leaderboard_never_mixes_kinds_and_counts_each() -> None:
    items = [
        scored(YES_NO, ProbabilityValue(probability=0.8), True),
        scored(CHOICE, options(0.5, 0.3, 0.2), "y"),
        scored(SHIPS, quantiles(0.0, 10.0, 20.0), 12.0),
    ]
    [row] = leaderboard(items)
    counts = ("n", "n_binary", "n_multiple_choice", "n_numeric", "n_relation")
    assert [row[key] for key in counts] == [3, 1, 1, 1, 0]
    assert row["brier"]["mean"] == pytest.approx(0.04)
    assert row["brier_multi"]["mean"] == pytest.approx(0.78)
    assert row["f1_root"] is None


def test_crps_is_relative_to_the_members_and_absolute_within_one_unit_only() -> None:
    items = [
        scored(SHIPS, quantiles(10.0, 10.0, 10.0), 12.0, "near"),
        scored(SHIPS, quantiles(6.0, 6.0, 6.0), 12.0, "far"),
        scored(TONNES, quantiles(1e6, 1e6, 1e6), 2e6, "far"),
    ]
    near, far = leaderboard(items)
    assert (near["member"], near["unit"]) == ("near", "ships")
    assert near["crps"]["mean"] == pytest.approx(2.0)  # of a single point it is the absolute error
    assert near["crps_relative"]["mean"] == pytest.approx(0.5)
    assert (far["crps"], far["pinball"], far["unit"]) == (None, None, None)
    assert far["crps_relative"]["mean"] == pytest.approx((1.5 + 1.0) / 2)


def test_people_markets_and_aggregates_have_rows_of_their_own() -> None:
    said = {"human:ada": 0.9, "market:metaculus": 0.7, "direct:m": 0.5, "direct:m+shown": 0.6, "supervisor:m": 0.8}
    items = [scored(YES_NO, ProbabilityValue(probability=p), True, member) for member, p in said.items()]
    pooled = Aggregate(
        question_id=YES_NO.id,
        rule="hybrid:logit_pool",
        as_of=OPEN,
        created_at=OPEN,
        forecast_ids=("f",),
        value=ProbabilityValue(probability=0.85),
        spread=0.1,
        n_failed=0,
    )
    one = scorable(YES_NO, "m", pooled.value, True)
    aggregated = score(Scorable(YES_NO, pooled, one.resolution, True))
    assert aggregated is not None
    names = [row["member"] for row in leaderboard([*items, aggregated])]
    best = [
        "human:ada",
        "aggregate (hybrid:logit_pool)",
        "supervisor:m",
        "market:metaculus",
        "direct:m+shown",
        "direct:m",
    ]
    assert names == best


def test_aggregate_is_not_among_those_that_crps_is_relative_to() -> None:
    value = quantiles(10.0, 10.0, 10.0)
    items = [
        scored(SHIPS, value, 12.0),
        scored(SHIPS, quantiles(8.0, 8.0, 8.0), 12.0, "aggregate (quantile_averaging)"),
    ]
    assert [row["crps_relative"]["mean"] for row in leaderboard(items)] == [1.0, 2.0]


def test_tables_show_each_kind_that_was_scored(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    items: Sequence[Scored] = [
        scored(YES_NO, ProbabilityValue(probability=0.8), True),
        scored(CHOICE, options(0.5, 0.3, 0.2), "y"),
        scored(SHIPS, quantiles(0.0, 10.0, 20.0), 12.0),
    ]
    monkeypatch.setattr(out, "width", 200)
    leaderboard_table(leaderboard(items), "Board")
    shown = capsys.readouterr().out
    assert [kind in shown for kind in ("binary", "multiple-choice", "numeric", "relation")] == [True, True, True, False]
    assert "0.780" in shown and "1.333" in shown
