"""The effect of assistance on made-up cases: what is said of it in words, by track and by variant."""

from __future__ import annotations

import numpy as np
import pytest

from app.assisted import Case, differences, effects, verdict
from app.shown import ShownCase, shown_effects
from db.dialogues import Variant
from ensembles.significance import Interval


def drawn(variant: Variant, change: float, *, live: bool = True, n: int = 40, outlier: float = 0.0) -> list[Case]:
    """Cases of one person on `n` questions whose Brier scores change by `change` and a little noise; of the first one
    by `outlier` more."""
    random = np.random.default_rng(0)
    return [
        Case(
            question_id=f"q{at:02}",
            person="ann",
            variant=variant,
            live=live,
            before=0.3,
            after=0.3 + change + (outlier if at == 0 else 0.0) + float(random.normal(0, 0.02)),
        )
        for at in range(n)
    ]


def test_effect_is_better_worse_or_no_difference_by_its_interval() -> None:
    rows = effects([*drawn(Variant.STRUCTURED, -0.05), *drawn(Variant.NOISY, 0.05), *drawn(Variant.CONTROL, 0.0)])
    assert [row["variant"] for row in rows] == ["structured", "noisy", "control"]
    assert [row["verdict"] for row in rows] == ["better", "worse", "no difference"]
    assert all(row["change"]["low"] < row["change"]["mean"] < row["change"]["high"] for row in rows)
    assert rows[0]["relative"]["mean"] == pytest.approx(rows[0]["change"]["mean"] / 0.3)
    assert rows[2]["power"] > 0.99


def test_live_forecasts_and_back_tests_stay_apart() -> None:
    rows = effects([*drawn(Variant.STRUCTURED, -0.05), *drawn(Variant.STRUCTURED, 0.05, live=False)])
    assert [(row["track"], row["verdict"]) for row in rows] == [("live", "better"), ("back-test", "worse")]
    assert differences([*drawn(Variant.STRUCTURED, -0.05), *drawn(Variant.NOISY, 0.0, live=False)]) == []


def test_effect_that_hangs_on_one_question_shows_in_the_range_without_it() -> None:
    [row] = effects(drawn(Variant.STRUCTURED, -0.01, n=20, outlier=-0.25))
    without = row["leave_one_out"]
    assert without["without_high"] == "q00"
    assert row["change"]["mean"] < without["high"] - 0.01


def test_variants_that_were_asked_about_the_same_questions_are_compared_pair_by_pair() -> None:
    both = [*drawn(Variant.STRUCTURED, -0.05), *drawn(Variant.CONTROL, -0.02)]
    [row] = differences(both)
    assert (row["first"], row["second"], row["questions"], row["verdict"]) == ("structured", "control", 40, "better")
    # The noise is that of the question, the same for both, so it falls out of the difference.
    assert row["difference"] == pytest.approx({"mean": -0.03, "low": -0.03, "high": -0.03, "level": 0.95})


def test_few_questions_find_no_effect() -> None:
    assert verdict(Interval(-0.2, -0.3, -0.1), questions=9) == "too few questions to tell"
    assert verdict(Interval(0.0, -0.3, 0.3), questions=9) == "too few questions to tell"
    assert verdict(Interval(-0.2, -0.3, -0.1), questions=10) == "better"
    assert verdict(Interval(-0.2, float("nan"), float("nan")), questions=1) == "too few questions to tell"
    assert effects([]) == differences([]) == shown_effects([]) == []


def test_updates_are_held_against_what_needs_no_second_call() -> None:
    cases = [
        ShownCase(question_id=f"q{at}", member="direct:m", live=True, scores=(0.3, 0.2, 0.15 + at / 1000, 0.2))
        for at in range(20)
    ]
    [row] = shown_effects(cases)
    assert (row["n"], row["questions"], row["members"]) == (20, 20, ["direct:m"])
    assert row["brier"]["update"]["mean"] == pytest.approx(0.2)
    assert row["verdicts"] == {"first": "better", "average": "worse", "hybrid": "no difference"}
