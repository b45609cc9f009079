"""The gate: it opens for what wins afterwards, says why not, and never sees the future."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.calibration import fit_intercept
from ensembles.gate import ForwardGains, forward_gains, gate
from ensembles.odds import Floats, expit, logit
from ensembles.pooling import logit_pool
from ensembles.source_calibration import fit_hierarchical
from ensembles.stacking import fit_ridge_stack

DAY = np.datetime64("2026-01-01")


def _gains(mean: float, *, rounds: int = 6, drift: float = 0.0, seed: int = 0) -> dict[str, Any]:
    """Forty clusters of two rows in each round; a round has a gain of its own besides."""
    random = np.random.default_rng(seed)
    n = rounds * 80
    of_round = np.repeat(np.arange(rounds), 80)
    gain = mean + random.normal(0, drift, rounds)[of_round] + random.normal(0, 0.02, n // 2).repeat(2)
    return {"gain": gain, "round": of_round, "cluster": np.arange(n) // 2}


def test_gate_opens_for_a_gain_that_holds_and_says_so_with_its_numbers() -> None:
    found = gate(**_gains(0.01))
    assert found.on
    assert (found.n_outcomes, found.n_clusters, found.n_rounds, found.n_rounds_won) == (480, 240, 6, 6)
    assert 0 < found.gain.low < found.gain.mean < found.gain.high
    assert found.reason.startswith("on: it makes forecasts better (gain +0.0")
    assert "over 480 outcomes, ahead in 6 of 6 rounds; 95% interval +0.0" in found.reason
    assert found.effect == 0.004
    assert 0 < found.power < 1
    assert found.n_needed is not None
    assert found.n_needed > 1


@pytest.mark.parametrize(
    ("gains", "limits", "reason"),
    [
        (_gains(0.01, rounds=4), {}, "off: 5 rounds are asked for, and there have been 4"),
        (_gains(0.01), {"min_outcomes": 500}, "off: 500 outcomes are asked for, and there are 240"),
        (_gains(0.0), {}, "off: no difference that the outcomes could show"),
        (_gains(-0.01), {}, "off: it makes forecasts worse"),
    ],
)
def test_gate_stays_shut_and_says_why(gains: dict[str, Any], limits: dict[str, int], reason: str) -> None:
    found = gate(**gains, **limits)
    assert not found.on
    assert found.reason.startswith(reason)


def test_gate_asks_for_most_rounds_and_not_for_one_great_one() -> None:
    random = np.random.default_rng(0)
    of_round = np.repeat(np.arange(5), [400, 20, 20, 20, 20])
    gain = np.where(of_round < 2, 0.05, -0.002) + random.normal(0, 0.001, 480)
    found = gate(gain, round=of_round, cluster=np.arange(480))
    assert found.n_rounds_won == 2
    assert not found.on


def test_rounds_that_disagree_keep_the_gate_shut_though_the_questions_alone_would_open_it() -> None:
    gains = _gains(0.0)
    gains["gain"] += np.array([0.04, 0.03, 0.03, 0.01, -0.02, -0.03])[gains["round"]]
    assert gate(gains["gain"], round=gains["cluster"], cluster=gains["cluster"]).on
    found = gate(**gains)
    assert found.n_rounds_won == 4
    assert not found.on


@pytest.mark.slow
def test_drift_without_a_gain_opens_the_gate_seldom_though_questions_alone_would() -> None:
    drifting = [_gains(0.0, drift=0.01, seed=seed) for seed in range(40)]
    opened = sum(gate(**gains).on for gains in drifting)
    as_if_one = sum(gate(gains["gain"], round=gains["cluster"], cluster=gains["cluster"]).on for gains in drifting)
    assert opened <= 3 < as_if_one, (opened, as_if_one)


def test_gate_leaves_out_what_was_not_covered_and_is_shut_without_outcomes() -> None:
    gains = _gains(0.01)
    padded: dict[str, Any] = {name: np.concatenate([column, column[:80]]) for name, column in gains.items()}
    padded["gain"][-80:] = np.nan
    assert gate(**padded) == gate(**gains)
    for nothing in ([], [np.nan]):
        found = gate(nothing, round=[0] * len(nothing), cluster=[0] * len(nothing))
        assert (found.on, found.n_outcomes, found.n_needed) == (False, 0, None)
        assert "no outcome" in found.reason
        assert np.isnan([found.gain.mean, found.power]).all()


def test_gate_stays_shut_on_one_cluster_whatever_the_minimum() -> None:
    found = gate([0.1, 0.1], round=[0, 1], cluster=["a", "a"], min_rounds=1, min_outcomes=1)
    assert not found.on
    assert np.isnan(found.gain.low)
    assert "nan" not in found.reason


@pytest.mark.parametrize(
    ("gain", "message"), [([0.1], "shapes"), ([[0.1], [0.2]], "shapes"), ([np.inf, 0.1], "finite")]
)
def test_gate_refuses_what_is_no_column_of_gains(gain: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gate(gain, round=[0, 1], cluster=[0, 1])


def _world(rounds: int = 5, n: int = 60, lean: float = 1.0) -> dict[str, Any]:
    """Rounds a month apart, outcomes known after ten to fifty days, forecasts that all lean to yes."""
    random = np.random.default_rng(3)
    asked = np.repeat(DAY + 30 * np.arange(rounds), n)
    chance = random.uniform(0.1, 0.9, rounds * n)
    return {
        "probability": expit(logit(chance) + lean),
        "outcome": (random.random(rounds * n) < chance).astype(float),
        "asked_at": asked,
        "known_at": asked + random.integers(10, 50, rounds * n),
    }


def test_walking_forward_learns_a_lasting_lean_and_passes_the_gate() -> None:
    world = _world(lean=2.0)
    found = forward_gains(fit_intercept, **world)
    assert not found.covered[:60].any(), "there is nothing to learn the first round's rule from"
    assert found.covered[60:].all()
    decision = gate(found.gain, round=found.round, cluster=np.arange(300), min_rounds=4)
    assert decision.on
    assert decision.n_rounds == 4


def test_walking_forward_by_hand() -> None:
    found = forward_gains(
        fit_intercept,
        [0.5, 0.5, 0.5, 0.5],
        outcome=[1, 0, 1, np.nan],
        asked_at=[DAY, DAY, DAY + 10, DAY + 20],
        known_at=[DAY + 5, DAY + 10, DAY + 30, np.datetime64("NaT")],
    )
    # On the 11th one outcome was known, the other only on the day itself; on the 21st both, of which nothing follows.
    assert found.n_taught.tolist() == [0, 0, 1, 2]
    lifted = float(fit_intercept([0.5], outcome=[1])(0.5))
    assert found.probability_with == pytest.approx([np.nan, np.nan, lifted, 0.5], nan_ok=True)
    assert found.gain == pytest.approx([np.nan, np.nan, 0.25 - (1 - lifted) ** 2, np.nan], nan_ok=True)
    assert found.score_without == pytest.approx([0.25, 0.25, 0.25, np.nan], nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 4), st.lists(st.booleans(), min_size=300, max_size=300))
def test_what_became_known_later_never_changes_what_an_earlier_round_got(at: int, flips: list[bool]) -> None:
    world = _world()
    moment = DAY + 30 * at
    later = np.array(flips) & ~(world["known_at"] < moment)
    changed = world | {"outcome": np.where(later, 1 - world["outcome"], world["outcome"])}
    before, after = (forward_gains(fit_intercept, **columns) for columns in (world, changed))
    until = world["asked_at"] <= moment
    assert np.array_equal(before.probability_with[until], after.probability_with[until], equal_nan=True)
    assert np.array_equal(before.n_taught[until], after.n_taught[until])


def test_walking_forward_takes_pools_and_sources() -> None:
    world = _world()
    several = np.stack([world.pop("probability"), np.full(300, 0.5)], axis=1)
    pooled = forward_gains(fit_ridge_stack, several, without=logit_pool, **world)
    assert pooled.probability_without == pytest.approx(logit_pool(several))
    assert pooled.covered[60:].all()
    labels = np.array(["a", "b"])[np.arange(300) % 2]
    by_source = forward_gains(fit_hierarchical, several[:, 0], source=labels, **world)
    assert by_source.covered[60:].all()
    with pytest.raises(ValueError, match="name a pooling rule"):
        forward_gains(fit_ridge_stack, several, **world)


def test_weights_reach_the_fit_and_a_minimum_keeps_it_from_learning() -> None:
    world = _world()
    heavy, light = (forward_gains(fit_intercept, weight=np.full(300, w), **world) for w in (1.0, 1e-6))
    assert np.abs(light.probability_with - light.probability_without)[60:].max() < 1e-3
    assert np.abs(heavy.probability_with - heavy.probability_without)[60:].max() > 0.05
    patient = forward_gains(fit_intercept, min_taught=100, **world)
    assert isinstance(patient, ForwardGains)
    assert patient.n_taught[patient.covered].min() >= 100
    assert (heavy.n_taught[heavy.covered].min()) < 100


def test_walking_forward_refuses_columns_that_do_not_match() -> None:
    world = _world()
    with pytest.raises(ValueError, match="one row for each of the 300 forecasts"):
        forward_gains(fit_intercept, **(world | {"known_at": world["known_at"][1:]}))
    with pytest.raises(ValueError, match="outside 0..1"):
        forward_gains(fit_intercept, **(world | {"probability": world["probability"] + 1}))


def test_the_score_can_be_another() -> None:
    def distance(*, outcome: Floats, probability: Floats) -> Floats:
        return np.abs(outcome - probability)

    found = forward_gains(fit_intercept, score=distance, **_world())
    assert found.score_without == pytest.approx(np.abs(_world()["outcome"] - found.probability_without))
