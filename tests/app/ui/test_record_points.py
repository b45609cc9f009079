"""What the Track record and Crowd pages plot, from a ledger small enough to be worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from agents.people import MARKET
from app.benchmark.review.summary import summary
from app.ui.charts.intervals import interval_chart
from app.ui.charts.reliability import reliability_chart
from app.ui.parts import leaders
from app.ui.parts.leaders import Record
from app.ui.parts.member_scores import scores_of
from app.ui.peer_reviews import cells_of, icc_points, matrix_of
from app.ui.record_points import first_choice, months, parts
from app.ui.record_points import leaders as leading
from app.ui.rules_compared import compare_rules, difference_points
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, Forecast, Resolution
from db.reviews import PeerReview
from db.values import ProbabilityValue

OPEN = datetime(2025, 3, 1, tzinfo=UTC)
SAID = {"ada": (0.8, 0.8, 0.2, 0.2), "climatology": (0.5, 0.5, 0.5, 0.5), f"{MARKET}metaculus": (0.9, 0.1, 0.1, 0.1)}
CAME = (True, False, False, False)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Four questions of one source that were asked live, one of which came true."""
    with Ledger(str(tmp_path / "ledger.db")) as found:
        questions = [
            BinaryQuestion(text=f"Case {at}?", open_at=OPEN, resolve_by=OPEN + timedelta(days=20), source="metaculus")
            for at in range(len(CAME))
        ]
        found.append(questions)
        found.append(
            [
                Forecast(
                    question_id=question.id,
                    member=member,
                    as_of=OPEN,
                    created_at=OPEN,
                    value=ProbabilityValue(probability=said[at]),
                )
                for member, said in SAID.items()
                for at, question in enumerate(questions)
            ]
        )
        known = OPEN + timedelta(days=20)
        found.append(
            [
                Resolution(question_id=question.id, outcome=came, resolved_at=known, known_at=known)
                for question, came in zip(questions, CAME, strict=True)
            ]
        )
        yield found


@pytest.fixture
def record(ledger: Ledger) -> Record:
    """What the Track record page reads."""
    return leaders.read(ledger.views)


def test_leaderboard_plots_the_mean_brier_score_and_n_of_each_member(record: Record) -> None:
    rows = [row for row in record.rows if row["track"] == "live"]
    points = {one.label: (one.n, round(one.mean, 10)) for one in leading(rows, "brier", "n_binary")}
    assert points == {"ada": (4, 0.19), "climatology": (4, 0.25), "market:metaculus": (4, 0.01)}
    assert first_choice(rows) in points


def test_reliability_diagram_plots_what_was_said_against_what_came(record: Record) -> None:
    found = scores_of(record.columns, "ada", "live")
    rows = [row for part in reliability_chart(found.bins).to_dict()["datasets"].values() for row in part if "n" in row]
    assert [(row["n"], round(row["mean"], 10), row["observed"]) for row in rows[:2]] == [(2, 0.2, 0.0), (2, 0.8, 0.5)]
    assert all(row["low"] <= row["observed"] <= row["high"] for row in rows)


def test_scores_of_a_member_agree_in_all_their_parts(record: Record) -> None:
    found = scores_of(record.columns, "ada", "live")
    assert found.told is not None and found.told.n == 4
    assert found.told.brier == pytest.approx(0.19) and found.told.auroc == pytest.approx(5 / 6)
    assert [(one.name, one.n, round(one.mean, 10)) for one in months("ada", found.months)] == [("ada", 4, 0.19)]
    assert [(one.label, one.n, round(one.mean, 10)) for one in parts(found.sources)] == [("metaculus", 4, 0.19)]
    assert [(one.label, one.n) for one in parts(found.horizons)] == [("up to a month", 4)]
    assert [month.brier.mean for month in found.base_rate] == [pytest.approx(0.25)]
    assert scores_of(record.columns, "ada", "back-test").bins == []


def test_rules_are_compared_on_questions_that_all_members_answered(ledger: Ledger) -> None:
    found = compare_rules(ledger.track_record(), ("ada", "climatology"), "live")
    assert found is not None and (found.n, found.incomplete, found.best[0]) == (4, 0, "ada")
    assert found.best[1] == pytest.approx(0.19)
    linear = np.array([0.65, 0.65, 0.35, 0.35])
    by_rule = {row["rule"]: row["brier"] for row in found.rows}
    assert by_rule["linear_pool"] == pytest.approx(((linear - np.array(CAME)) ** 2).mean())
    assert "logit_pool" not in [one.label for one in difference_points(found)]
    assert interval_chart(difference_points(found), title="difference").to_dict()
    assert compare_rules(ledger.track_record(), ("ada", "climatology"), "back-test") is None
    assert compare_rules(ledger.track_record(), ("ada", "climatology", "nobody"), "live") == found


def test_reviews_of_one_pair_on_several_questions_are_averaged() -> None:
    given = {("a", "cot:a"): (5, 3), ("a", "cot:b"): (2, 2), ("b", "cot:a"): (4, 4), ("b", "cot:b"): (1, 3)}
    reviews = [
        PeerReview(
            question_id=f"q{at}",
            assessor=assessor,
            respondent=respondent,
            forecast_id=f"f{at}",
            created_at=OPEN,
            marks={"logic": mark},
        )
        for (assessor, respondent), marks in given.items()
        for at, mark in enumerate(marks)
    ]
    matrix = matrix_of(reviews)
    found = summary(matrix)
    cells = {(cell.assessor, cell.respondent): (cell.mark, cell.centred, cell.own) for cell in cells_of(matrix, found)}
    assert cells["a", "cot:a"] == (4.0, 1.0, True) and cells["b", "cot:a"] == (4.0, 1.0, False)
    assert [one.label for one in icc_points(found)] == [
        f"ICC({model},{of})" for of in ("1", "k") for model in (1, 2, 3)
    ]
