"""Human and machine: the fixed rule by hand, the learnt one on what it should find, both on a real round."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.hybrid import FittedHybrid, fit_hybrid, hybrid
from ensembles.odds import CLIP, Floats, expit
from ensembles.pooling import logit_pool
from ensembles.scores import brier
from ensembles.significance import paired_cluster_bootstrap

PROBABILITY = st.floats(0, 1)
MODELS = ("flash", "gpt5", "kimi-k2.5", "pro", "sonnet")
GROUPS = {
    "no search": ([f"{model}-high-none-c0-t0" for model in MODELS], 0.1017),
    "search, crowd hidden": ([f"{model}-high-brave-c0-t1" for model in MODELS], 0.0549),
}
"""Five models each, with the Brier score of their logit pool."""


def test_hybrid_of_hand_worked_odds() -> None:
    # Odds of 16 and 1/2, four fifths and one fifth of their logarithms: 16 ** .8 * .5 ** .2 = 2 ** 3 = 8.
    assert hybrid(16 / 17, 1 / 3) == pytest.approx(8 / 9)
    assert hybrid(16 / 17, 1 / 3, human_weight=0) == pytest.approx(1 / 3)
    assert hybrid(16 / 17, 1 / 3, human_weight=1) == pytest.approx(16 / 17)


def test_hybrid_takes_whole_sets_and_lacks_what_either_side_lacks() -> None:
    human, machine = np.array([[0.2], [np.nan]]), np.array([0.2, 0.7, np.nan])
    found = hybrid(human, machine)
    assert found.shape == (2, 3)
    assert np.isnan(found).tolist() == [[False, False, True], [True, True, True]]
    assert found[0, 0] == pytest.approx(0.2)
    assert hybrid([], []).shape == (0,)


@given(PROBABILITY, PROBABILITY, PROBABILITY)
def test_hybrid_is_symmetric_bounded_and_between_its_sides(human: float, machine: float, weight: float) -> None:
    found = float(hybrid(human, machine, human_weight=weight))
    low, high = (float(np.clip(end(human, machine), CLIP, 1 - CLIP)) for end in (min, max))
    assert low - 1e-12 <= found <= high + 1e-12
    assert float(hybrid(1 - human, 1 - machine, human_weight=weight)) == pytest.approx(1 - found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"human": 1.2, "machine": 0.5}, "outside 0..1"),
        ({"human": 0.2, "machine": -0.5}, "outside 0..1"),
        ({"human": 0.2, "machine": 0.5, "human_weight": 80}, "human_weight must lie in 0..1"),
    ],
)
def test_hybrid_refuses_what_is_no_probability_or_weight(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hybrid(**arguments)


def _drawn(n: int, slopes: tuple[float, float, float], seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Human and machine numbers, and outcomes that follow `intercept, human, machine`."""
    random = np.random.default_rng(seed)
    x = random.normal(0, 1.5, (2, n))
    p = expit(slopes[0] + slopes[1] * x[0] + slopes[2] * x[1])
    return expit(x[0]), expit(x[1]), (random.random(n) < p).astype(np.float64)


def test_fit_recovers_the_slopes_behind_many_outcomes() -> None:
    truth = (-0.4, 0.9, 0.5)
    human, machine, outcome = _drawn(40_000, truth)
    found = fit_hybrid(human, machine, outcome=outcome)
    assert (found.intercept, found.human, found.machine) == pytest.approx(truth, abs=0.05)
    assert found.n == 40_000


def test_few_outcomes_leave_the_fixed_rule_nearly_as_it_is() -> None:
    against_it = (0.0, 0.2, 2.0)
    few, some, many = (fit_hybrid(h, m, outcome=o) for h, m, o in (_drawn(n, against_it) for n in (5, 50, 5000)))
    assert (few.intercept, few.human, few.machine) == pytest.approx((0.0, 0.8, 0.2), abs=0.1)
    assert 0.2 < some.machine < many.machine < 2.0
    human, machine, outcome = _drawn(100, against_it)
    both, fixed = np.stack([human, machine], axis=1), hybrid(human, machine)
    assert fit_hybrid(human, machine, outcome=outcome, strength=1e6)(both) == pytest.approx(fixed, abs=1e-3)
    nothing = fit_hybrid([], [], outcome=[])
    assert nothing.parameters == {"intercept": 0.0, "human": 0.8, "machine": pytest.approx(0.2), "n": 0.0}
    assert nothing(both) == pytest.approx(fixed)


def test_fit_swaps_with_the_outcomes_and_counts_weights_as_repeats() -> None:
    human, machine, outcome = _drawn(200, (0.5, 0.7, 0.6))
    found = fit_hybrid(human, machine, outcome=outcome)
    swapped = fit_hybrid(1 - human, 1 - machine, outcome=1 - outcome)
    assert (swapped.intercept, swapped.human) == pytest.approx((-found.intercept, found.human))
    twice = fit_hybrid(human, machine, outcome=outcome, weight=np.full(200, 2.0))
    repeated = fit_hybrid(*(np.tile(side, 2) for side in (human, machine)), outcome=np.tile(outcome, 2))
    assert twice.parameters | {"n": 400.0} == pytest.approx(repeated.parameters)


def test_fit_passes_over_questions_with_one_number_alone() -> None:
    human, machine, outcome = _drawn(60, (0.0, 0.8, 0.2))
    holes = np.where(np.arange(60) % 3 == 0, np.nan, human)
    kept = ~np.isnan(holes)
    with_holes = fit_hybrid(holes, machine, outcome=outcome)
    assert with_holes == fit_hybrid(human[kept], machine[kept], outcome=outcome[kept])
    assert np.isnan(with_holes([[np.nan, 0.5], [0.5, np.nan]], quorum=0.0)).all()


def test_outcomes_that_are_told_apart_perfectly_still_have_a_finite_fit() -> None:
    human = np.array([0.001, 0.002, 0.998, 0.999] * 50)
    found = fit_hybrid(human, human, outcome=np.round(human))
    assert all(np.isfinite(value) for value in found.parameters.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"machine": [0.5]}, "one length"),
        ({"outcome": [1.0]}, "outcomes of shape"),
        ({"outcome": [1.0, np.nan]}, "outcomes must be 0 or 1"),
        ({"weight": [1.0, -1.0]}, "not negative"),
        ({"strength": 0.0}, "above 0"),
    ],
)
def test_fit_refuses_what_it_cannot_learn_from(change: dict[str, object], message: str) -> None:
    arguments = {"human": [0.2, 0.8], "machine": [0.3, 0.6], "outcome": [0.0, 1.0], **change}
    with pytest.raises(ValueError, match=message):
        fit_hybrid(**arguments)  # type: ignore[arg-type]


def test_fitted_hybrid_pools_two_members_and_no_others() -> None:
    rule = FittedHybrid(intercept=0.0, human=1.0, machine=0.0, n=1)
    assert rule([[0.3, 0.9]]) == pytest.approx([0.3])
    for wrong in ([0.1, 0.2, 0.3], 0.5):
        with pytest.raises(ValueError, match=r"two members|2 members"):
            rule(wrong)
    with pytest.raises(ValueError, match="quorum"):
        rule([0.1, 0.2], quorum=2)


def _round(folder: Path, group: str) -> tuple[Floats, Floats, Floats, list[str]]:
    """Market prices, the models' numbers, outcomes and clusters of the market questions that all five answered."""
    members, _ = GROUPS[group]
    said: dict[str, dict[str, float]] = {}
    with gzip.open(folder / "forecasts.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["trial"] == "-1" and row["forecaster"] in members and row["dataset"] == "fb_market":
                said.setdefault(row["question_id"], {})[row["forecaster"]] = float(row["prob"])
    with (folder / "questions.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if len(said.get(row["question_id"], {})) == len(members)]
    human, outcome = (np.array([float(row[name]) for row in rows]) for name in ("human_prob", "outcome"))
    p = np.array([[said[row["question_id"]][member] for member in members] for row in rows])
    return human, p, outcome, [row["cluster"] for row in rows]


@pytest.mark.parametrize("group", GROUPS)
def test_on_a_real_round_a_fifth_of_machine_is_no_worse_than_people_alone_and_half_of_it_is_no_better(
    data_dir: Path, group: str
) -> None:
    human, p, outcome, clusters = _round(data_dir / "forecasts", group)
    machine = logit_pool(p, clip=CLIP)
    scores = {
        name: brier(outcome=outcome, probability=probability)
        for name, probability in (
            ("machine", machine),
            ("human", human),
            ("fixed", hybrid(human, machine)),
            ("half", hybrid(human, machine, human_weight=0.5)),
        )
    }
    assert len(outcome) == 100
    assert scores["machine"].mean() == pytest.approx(GROUPS[group][1], abs=5e-5)
    difference = paired_cluster_bootstrap(scores["fixed"], scores["human"], clusters)
    assert difference.low <= 0 <= difference.high
    assert abs(difference.mean) < 0.001
    assert scores["fixed"].mean() < scores["half"].mean()
    assert scores["human"].mean() < scores["half"].mean() < scores["machine"].mean()
    ahead = paired_cluster_bootstrap(scores["fixed"], scores["machine"], clusters)
    assert ahead.high < 0
