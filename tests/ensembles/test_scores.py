"""Scores against hand-worked values, other implementations, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st

from ensembles.decoding import choose_set
from ensembles.pooling import extremize, linear_pool, logit_pool, median_pool
from ensembles.registry import POOLING, pooling_rule
from ensembles.scores import (
    KL_BOUND,
    bounded_kl,
    brier,
    brier_multi,
    discrimination,
    ece,
    log_score,
    murphy,
    reliability_bins,
    set_scores,
    skill,
    wilson,
)
from ensembles.significance import cluster_bootstrap, paired_cluster_bootstrap

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_brier_and_log_score_by_hand() -> None:
    assert brier(outcome=[1, 0], probability=[0.7, 0.7]) == pytest.approx([0.09, 0.49])
    assert log_score(outcome=[1, 0], probability=[0.5, 0.0]) == pytest.approx([np.log(2), 1e-6], abs=1e-9)
    assert log_score(outcome=1, probability=0.0) == pytest.approx(13.8155, abs=1e-3)
    assert brier_multi(outcome=[1, 0, 0], probability=[0.0, 1.0, 0.0]) == 2.0
    assert skill(score=0.1, reference=0.2) == 0.5


@given(PROBABILITIES)
def test_brier_matches_scoringrules_and_is_symmetric_under_yes_no(probabilities: list[float]) -> None:
    p = np.array(probabilities)
    outcome = (np.arange(len(p)) % 2).astype(float)
    own = brier(outcome=outcome, probability=p)
    assert own == pytest.approx(scoringrules.brier_score(outcome, p))
    assert own == pytest.approx(brier(outcome=1 - outcome, probability=1 - p))
    log = log_score(outcome=outcome, probability=p)
    assert log == pytest.approx(log_score(outcome=1 - outcome, probability=1 - p), abs=1e-6)


@pytest.mark.parametrize("bad", [1.2, -0.1, float("nan")])
def test_scores_refuse_what_is_no_probability(bad: float) -> None:
    for score in (brier, log_score):
        with pytest.raises(ValueError, match="outside 0..1"):
            score(outcome=[1.0], probability=[bad])


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=60))
def test_murphy_identity_is_exact(pairs: list[tuple[float, bool]]) -> None:
    p, outcome = np.array([pair[0] for pair in pairs]), np.array([float(pair[1]) for pair in pairs])
    parts = murphy(outcome=outcome, probability=p)
    assert parts.brier == pytest.approx(float(brier(outcome=outcome, probability=p).mean()), abs=1e-12)
    assert min(parts.reliability, parts.discrimination, parts.uncertainty) >= 0


def test_calibrated_forecasts_have_no_reliability_gap() -> None:
    random = np.random.default_rng(0)
    p = random.choice([0.1, 0.3, 0.8], 200_000)
    outcome = (random.random(len(p)) < p).astype(float)
    assert murphy(outcome=outcome, probability=p).reliability < 1e-4
    assert ece(outcome=outcome, probability=p) < 0.01
    assert all(
        part.low <= part.mean_probability <= part.high for part in reliability_bins(outcome=outcome, probability=p)
    )


def test_wilson_and_discrimination_by_hand() -> None:
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert discrimination(outcome=[0, 0, 1, 1], probability=[0.1, 0.4, 0.35, 0.8]) == pytest.approx(0.75)
    assert np.isnan(discrimination(outcome=[1, 1], probability=[0.1, 0.4]))


def test_set_scores_conventions() -> None:
    truth = np.array([[True, True, False], [False, False, False], [False, False, False], [True, False, False]])
    predicted = np.array([[True, False, True], [False, False, False], [True, False, False], [False, False, False]])
    found = set_scores(outcome=truth, predicted=predicted)
    assert found.f1.tolist() == [0.5, 1.0, 0.0, 0.0]
    assert found.precision.tolist() == [0.5, 1.0, 0.0, 0.0]


@given(st.lists(st.floats(0, 100), min_size=4, max_size=4), st.lists(st.floats(0, 100), min_size=4, max_size=4))
def test_kl_never_exceeds_its_bound(a: list[float], b: list[float]) -> None:
    found = float(bounded_kl(outcome=a, predicted=b))
    assert 0 <= found <= KL_BOUND
    assert float(bounded_kl(outcome=[1, 0], predicted=[0, 1])) == pytest.approx(KL_BOUND)


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8), st.randoms())
@pytest.mark.parametrize("name", POOLING)
def test_pooling_rules_keep_what_every_rule_must(name: str, members: list[float], random: object) -> None:
    rule = pooling_rule(name)
    p = np.array(members)
    pooled = float(rule(p))
    assert p.min() - 1e-9 <= pooled <= p.max() + 1e-9
    assert float(rule(p[::-1])) == pytest.approx(pooled)
    assert float(rule(1 - p)) == pytest.approx(1 - pooled)
    assert float(rule(p[:1])) == pytest.approx(p[0])
    assert float(rule(np.full(5, p[0]))) == pytest.approx(p[0])
    assert rule.__doc__


def test_pooling_heeds_absent_members_and_the_quorum() -> None:
    some = np.array([[0.2, 0.4, np.nan], [0.2, np.nan, np.nan]])
    for rule in (linear_pool, logit_pool, median_pool):
        pooled = rule(some)
        assert 0.2 < pooled[0] < 0.4
        assert np.isnan(pooled[1])
    assert logit_pool(np.array([0.2, 0.8])) == pytest.approx(0.5)
    assert extremize(np.array([0.7]), 1.0) == pytest.approx(0.7)
    assert float(extremize(0.7, 2.0)) == pytest.approx(0.49 / (0.49 + 0.09))
    with pytest.raises(ValueError, match="outside"):
        linear_pool([1.5])
    with pytest.raises(ValueError, match="unknown pooling rule"):
        pooling_rule("magic")


def test_bootstrap_covers_and_pairs() -> None:
    random = np.random.default_rng(1)
    covered = 0
    for trial in range(100):
        clusters = np.repeat(np.arange(40), 5)
        values = random.normal(0, 1, 40)[clusters] + random.normal(0, 0.2, 200)
        [interval] = cluster_bootstrap(values, clusters, seed=trial, draws=400)
        covered += interval.low <= 0 <= interval.high
    assert 85 <= covered <= 99
    same = paired_cluster_bootstrap([1.0, 2.0], [1.0, 2.0], [0, 1])
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    assert cluster_bootstrap([1.0, 2.0], [0, 0])[0].as_dict()["low"] is None
    with pytest.raises(ValueError, match="finite"):
        cluster_bootstrap([np.nan], [0])


def test_choose_set_takes_the_best_k_and_may_choose_nothing() -> None:
    p = np.array([[0.9, 0.8, 0.1], [0.05, 0.02, 0.01]])
    assert choose_set(p).tolist() == [[True, True, False], [True, False, False]]
    assert choose_set(p, empty=np.array([0.05, 0.9])).tolist() == [[True, True, False], [False, False, False]]
