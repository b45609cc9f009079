"""The track record in columns: the leaderboard is that of the records, and plotted numbers are worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.scoring import leaderboard as from_records
from app.scoring import score
from app.track_record import (
    against,
    against_base_rate,
    against_market,
    by_horizon,
    by_member,
    by_source,
    discrimination,
    leaderboard,
    over_time,
    reliability,
)
from app.track_record.selection import last_said
from db.errors import BadInput
from db.ledger.ledger import Ledger
from db.ledger.rows import ScoredColumns
from db.records import (
    Forecast,
    MultipleChoiceQuestion,
    NumericQuestion,
    Outcome,
    Question,
    Record,
    RelationQuestion,
    Resolution,
)
from db.values import CodeSetValue, CodesValue, ProbabilitiesValue, QuantilesValue, Value
from ensembles.scores import brier
from tests.app.big_ledger import fill

OPEN = datetime(2025, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def columns(said: list[dict[str, Any]]) -> ScoredColumns:
    """One row a dict: member, question, source, outcome, p, and days from OPEN of as_of, made, known and due."""

    def names(what: str) -> tuple[str, ...]:
        return tuple(sorted({row.get(what, "auspex") for row in said}))

    def codes(what: str) -> Any:
        return np.array([names(what).index(row.get(what, "auspex")) for row in said], dtype=np.int32)

    def moments(what: str, default: int = 0) -> Any:
        days = np.array([row.get(what, default) for row in said], dtype="timedelta64[D]")
        return np.datetime64("2025-06-01T00:00:00", "us") + days

    return ScoredColumns(
        questions=names("question"),
        members=names("member"),
        sources=names("source"),
        clusters=names("question"),
        position=np.arange(len(said)),
        question=codes("question"),
        member=codes("member"),
        source=codes("source"),
        cluster=codes("question"),
        as_of=moments("as_of"),
        created_at=moments("made"),
        known_at=moments("known", 7),
        horizon_days=np.array([row.get("due", 7) - row.get("as_of", 0) for row in said], dtype=np.float64),
        probability=np.array([row["p"] for row in said], dtype=np.float64),
        outcome=np.array([row.get("outcome", 1) for row in said], dtype=np.float64),
        live=np.array([row.get("live", True) for row in said], dtype=np.bool_),
    )


def said_by(member: str, pairs: Sequence[tuple[float, float]], **fields: Any) -> list[dict[str, Any]]:
    """A member's probability of each of the questions q0, q1, ... and what came of it."""
    return [
        {"member": member, "question": f"q{n}", "p": p, "outcome": outcome, **fields}
        for n, (p, outcome) in enumerate(pairs)
    ]


def test_leaderboard_is_that_of_the_records_for_every_kind_corrected_and_late(tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        fill(ledger, 60, 6)
        ledger.append(_other_kinds())
        first, second, third = ledger.questions()[:3]
        for asked, outcome in ((first, "ANNULLED"), (second, 0.25), (third, True)):
            ledger.resolve([_came(asked, outcome, 40)], correct=True)
        expected = from_records([one for item in ledger.scorable() if (one := score(item)) is not None])
        found = leaderboard(ledger)
    assert {row["track"] for row in expected} == {"live", "back-test"}
    for kind in ("binary", "relation", "multiple_choice", "numeric"):
        assert sum(row[f"n_{kind}"] for row in expected) > 0
    assert [_about(row) for row in found] == [_about(row) for row in expected]


def _about(row: dict[str, Any]) -> dict[str, Any]:
    """The row with numbers that are equal but for the last digits."""
    return {
        key: _about(value) if isinstance(value, dict) else pytest.approx(value) if isinstance(value, float) else value
        for key, value in row.items()
    }


def _other_kinds() -> list[Record]:
    common: dict[str, Any] = {"open_at": OPEN, "resolve_by": OPEN + 7 * DAY}
    records: list[Record] = []
    for n in range(3):
        choice = MultipleChoiceQuestion(text=f"Which of {n}?", options=("x", "y", "z"), **common)
        ships = NumericQuestion(text=f"How many {n}?", unit="ships" if n else "tonnes", **common)
        codes = RelationQuestion(text=f"Codes {n}?", day=(OPEN + n * DAY).date(), subject="USA", object="CHN", **common)
        values: list[tuple[Question, Value, Outcome]] = [
            (choice, ProbabilitiesValue(probabilities={"x": 0.5, "y": 0.3, "z": 0.2}), "y"),
            (ships, QuantilesValue(levels=(0.1, 0.5, 0.9), values=(n, n + 5.0, n + 9.0)), 4.0),
            (codes, CodesValue(probabilities={"042": 0.6, "04": 0.7}, selected=("04", "042")), ("042", "190")),
        ]
        for asked, value, outcome in values:
            records.append(asked)
            records += [_said(asked, "member-02", value, day) for day in (0, 1)]
            records.append(_said(asked, "late", value, 0, made=9))
            records.append(_came(asked, outcome, 8))
        records.append(_said(codes, "votes", CodeSetValue(selected=("19", "190")), 0))
    return records


def _said(asked: Question, member: str, value: Value, day: int, made: int | None = None) -> Forecast:
    moment = OPEN + (day if made is None else made) * DAY
    return Forecast(question_id=asked.id, member=member, as_of=OPEN + day * DAY, created_at=moment, value=value)


def _came(asked: Question, outcome: Outcome, day: int) -> Resolution:
    known = asked.open_at + day * DAY
    return Resolution(question_id=asked.id, outcome=outcome, resolved_at=known, known_at=known)


def test_ledger_without_outcomes_has_an_empty_track_record(tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        assert leaderboard(ledger) == []
        fill(ledger, 20, 3, resolved=0.0)
        assert leaderboard(ledger) == []
        scored = ledger.views.scored()
    assert len(scored) == 0
    empty: list[list[Any]] = [
        [*reliability(scored, "climatology"), *over_time(scored, "climatology"), *by_source(scored, "nobody")],
        [*by_horizon(scored, "climatology"), *by_member(scored)],
        [*against_base_rate(scored), *against_market(scored)],
    ]
    assert empty == [[], [], []]
    assert discrimination(scored, "climatology") is None


def test_last_answer_counts_by_as_of_then_by_the_clock_then_by_the_ledger() -> None:
    rows = [
        {"member": "m", "question": "q", "p": 0.1, "as_of": 2, "made": 2},
        {"member": "m", "question": "q", "p": 0.2, "as_of": 1, "made": 5},
        {"member": "m", "question": "r", "p": 0.3, "as_of": 1, "made": 1},
        {"member": "m", "question": "r", "p": 0.4, "as_of": 1, "made": 1},
        {"member": "n", "question": "q", "p": 0.5},
        {"member": "m", "question": "q", "p": 0.6, "as_of": 3, "made": 9, "live": False},
    ]
    assert last_said(columns(rows)).probability.tolist() == [0.1, 0.4, 0.5, 0.6]


def test_reliability_has_n_mean_rate_and_wilsons_interval_in_every_bin() -> None:
    pairs = [(0.1, 0), (0.1, 0), (0.1, 0), (0.14, 1), (0.95, 1), (1.0, 1)]
    low, high = reliability(columns(said_by("m", pairs)), "m", "live")
    assert (low.n, low.mean_probability, low.observed_rate) == pytest.approx((4, 0.11, 0.25))
    assert (low.low, low.high) == pytest.approx((0.0456, 0.6994), abs=1e-4)  # 1 of 4
    assert (high.n, high.mean_probability, high.observed_rate) == pytest.approx((2, 0.975, 1.0))
    assert (high.low, high.high) == pytest.approx((0.3424, 1.0), abs=1e-4)  # 2 of 2


def test_tracks_and_members_are_kept_apart() -> None:
    rows = [*said_by("m", [(0.2, 1)]), *said_by("n", [(0.5, 1)]), *said_by("m", [(0.9, 1)], live=False)]
    found = columns(rows)
    assert [one.mean_probability for one in reliability(found, "m", "live")] == [0.2]
    assert [one.mean_probability for one in reliability(found, "m", "back-test")] == [0.9]
    assert reliability(found, "nobody") == []
    with pytest.raises(BadInput, match="no track 'both'"):
        reliability(found, "m", "both")


def test_brier_over_time_goes_by_the_month_it_was_known_or_made() -> None:
    rows = [
        {"member": "m", "question": "a", "p": 0.5, "known": 7},  # June
        {"member": "m", "question": "b", "p": 0.9, "known": 29},
        {"member": "m", "question": "c", "p": 1.0, "known": 30},  # July
        {"member": "m", "question": "d", "p": 0.0, "known": 95, "made": 31, "as_of": 31},  # September, made in July
    ]
    known = over_time(columns(rows), "m")
    assert [(one.first_day, one.name, one.n) for one in known] == [
        (date(2025, 6, 1), "2025-06", 2),
        (date(2025, 7, 1), "2025-07", 1),
        (date(2025, 9, 1), "2025-09", 1),
    ]
    assert [one.brier.mean for one in known] == pytest.approx([0.13, 0.0, 1.0])
    assert (known[0].brier.low, known[0].brier.high) == pytest.approx((0.01, 0.25))
    assert np.isnan([known[1].brier.low, known[1].brier.high]).all()  # one question says nothing of its spread
    made = over_time(columns(rows), "m", clock="created_at")
    assert [(one.name, one.n) for one in made] == [("2025-06", 3), ("2025-07", 1)]
    assert [one.brier.mean for one in made] == pytest.approx([0.26 / 3, 1.0])


def test_brier_by_source_horizon_and_member_adds_up_to_the_whole() -> None:
    rows = [
        {"member": "m", "question": f"q{n}", "source": source, "p": 0.1 * n, "due": due}
        for n, (source, due) in enumerate([("a", 7), ("b", 8), ("b", 30), ("a", 365), ("a", 366)])
    ]
    found = columns([*rows, {"member": "n", "question": "q0", "source": "a", "p": 0.9}])
    assert [(one.name, one.n, one.n_clusters) for one in by_source(found, "m")] == [("a", 3, 3), ("b", 2, 2)]
    horizons = by_horizon(found, "m")
    assert [(one.name, one.n) for one in horizons] == [
        ("up to a week", 1),
        ("up to a month", 2),
        ("up to a year", 1),
        ("longer", 1),
    ]
    whole = brier(outcome=np.ones(5), probability=np.arange(5) / 10).mean()
    for parts in (by_source(found, "m"), horizons):
        assert sum(one.n * one.brier.mean for one in parts) / 5 == pytest.approx(whole)
    assert [(one.name, one.n) for one in by_member(found)] == [("n", 1), ("m", 5)]  # the best first


def test_discrimination_is_murphys_identity_and_leaves_fractions_out() -> None:
    pairs = [(0.2, 0), (0.2, 1), (0.8, 1), (0.8, 1), (0.5, 0.5)]
    found = discrimination(columns(said_by("m", pairs)), "m")
    assert found is not None
    assert (found.n, found.n_fractions, found.base_rate) == (4, 1, 0.75)
    assert found.murphy.uncertainty == pytest.approx(0.1875)
    assert found.murphy.reliability == pytest.approx((0.3**2 + 0.2**2) / 2)
    assert found.murphy.discrimination == pytest.approx(0.25**2)
    assert found.brier == pytest.approx((0.04 + 0.64 + 0.04 + 0.04) / 4)
    assert found.auroc == pytest.approx(5 / 6)  # of the pairs of a yes and a no, one ties
    assert found.ece == pytest.approx((0.3 + 0.2) / 2)
    same = discrimination(columns(said_by("m", [(0.3, 1), (0.6, 1)])), "m")
    assert same is not None and np.isnan(same.auroc)
    assert discrimination(columns(said_by("m", [(0.3, 0.5)])), "m") is None


def test_members_are_compared_on_the_questions_that_both_answered() -> None:
    rows = [
        *said_by("climatology", [(0.5, 1), (0.5, 0), (0.5, 1)]),
        *said_by("good", [(0.9, 1), (0.1, 0)]),
        *said_by("bad", [(0.1, 1), (0.5, 0), (0.5, 1), (1.0, 1)]),  # the fourth, climatology did not answer
    ]
    good, bad = against_base_rate(columns(rows))
    assert (good.member, good.reference, good.n, good.n_clusters) == ("good", "climatology", 2, 2)
    assert (good.brier, good.reference_brier) == pytest.approx((0.01, 0.25))
    assert (good.difference.mean, good.skill) == pytest.approx((-0.24, 0.96))
    assert good.difference.high < 0
    assert (bad.member, bad.n) == ("bad", 3)
    assert bad.difference.mean == pytest.approx((0.81 - 0.25) / 3)
    assert [one.member for one in against(columns(rows), "good")] == ["climatology", "bad"]
    assert against(columns(rows), "nobody") == []


def test_market_is_that_of_each_questions_source() -> None:
    rows = [
        {"member": "market:a", "question": "q0", "p": 0.6, "outcome": 1},
        {"member": "market:b", "question": "q1", "p": 0.4, "outcome": 0},
        {"member": "market:b", "question": "q0", "p": 0.8, "outcome": 1, "as_of": 1, "made": 1},
        *said_by("m", [(0.5, 1), (0.5, 0), (0.5, 0)]),
    ]
    rows += [{"member": "late", "question": "q0", "p": 0.5, "outcome": 1, "as_of": 1}]
    found, late = against_market(columns(rows))
    assert (found.member, found.reference, found.n) == ("m", "market", 2)
    assert found.reference_brier == pytest.approx((0.16 + 0.16) / 2)  # the later price came after it
    assert found.difference.mean == pytest.approx(0.25 - 0.16)
    assert (late.member, late.n) == ("late", 1)
    assert late.reference_brier == pytest.approx(0.04)  # of two prices the later


def test_reference_is_what_it_said_by_then_and_none_that_it_said_later() -> None:
    rows = [
        {"member": "market:a", "question": "q0", "p": 0.1, "outcome": 1, "as_of": 1},
        {"member": "market:a", "question": "q0", "p": 0.5, "outcome": 1, "as_of": 3, "made": 3},
        {"member": "market:a", "question": "q0", "p": 0.7, "outcome": 1, "as_of": 3, "made": 4},
        {"member": "market:a", "question": "q0", "p": 1.0, "outcome": 1, "as_of": 6},
        {"member": "market:a", "question": "q1", "p": 0.9, "outcome": 0, "as_of": 4},
        {"member": "m", "question": "q0", "p": 0.2, "outcome": 1, "as_of": 2},
        {"member": "m", "question": "q0", "p": 0.6, "outcome": 1, "as_of": 5},
        {"member": "m", "question": "q1", "p": 0.5, "outcome": 0, "as_of": 3},
        {"member": "m", "question": "q2", "p": 0.5, "outcome": 0, "as_of": 6},
        {"member": "same", "question": "q1", "p": 0.3, "outcome": 0, "as_of": 4},
        {"member": "early", "question": "q0", "p": 0.3, "outcome": 1, "as_of": 0},
    ]
    found = {item.member: item for item in against_market(columns(rows))}
    assert {name: item.n for name, item in found.items()} == {"m": 1, "same": 1}
    assert found["m"].brier == pytest.approx(0.16)
    assert found["m"].reference_brier == pytest.approx(0.09)  # .7: the last by then, recorded after .5
    assert found["same"].reference_brier == pytest.approx(0.81)


def test_bins_and_parts_of_a_whole_ledger_hold_every_answer_once(tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        fill(ledger, 80, 6)
        scored = ledger.views.scored()
    assert scored.clusters == tuple(sorted(scored.clusters))
    for member, track, n in (("climatology", "live", 40), ("member-05", "back-test", 40), ("member-05", "live", 0)):
        assert sum(one.n for one in reliability(scored, member, track)) == n
        assert sum(one.n for one in over_time(scored, member, track)) == n
        assert sum(one.n for one in by_source(scored, member, track)) == n
        assert sum(one.n for one in by_horizon(scored, member, track)) == n
    markets = sum(one.n for one in by_member(scored) if one.name.startswith("market:"))
    assert markets == 40
    assert all(one.n == 40 for one in against_market(scored))
