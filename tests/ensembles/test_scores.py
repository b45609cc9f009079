"""Scores against hand-worked values, other implementations, and what must always hold."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st

from ensembles.scores import (
    KL_BOUND,
    KL_EPSILON,
    auroc,
    bounded_kl,
    brier,
    brier_multi,
    ece,
    log_score,
    murphy,
    reliability_bins,
    set_scores,
    skill,
    wilson,
)

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_brier_and_log_score_by_hand() -> None:
    assert brier(outcome=[1, 0], probability=[0.7, 0.7]) == pytest.approx([0.09, 0.49])
    assert log_score(outcome=[1, 0], probability=[0.5, 0.0]) == pytest.approx([np.log(2), 1e-6], abs=1e-9)
    assert log_score(outcome=1, probability=0.0) == pytest.approx(13.8155, abs=1e-3)
    assert brier_multi(outcome=[1, 0, 0], probability=[0.0, 1.0, 0.0]) == 2.0
    assert brier_multi(outcome=[[0, 1, 0]], probability=[[0.2, 0.5, 0.3]]) == pytest.approx([0.04 + 0.25 + 0.09])
    assert skill(score=0.1, reference=0.2) == 0.5
    assert np.isnan(skill(score=0.1, reference=0.0))


@given(PROBABILITIES)
def test_brier_matches_scoringrules_and_is_symmetric_under_yes_no(probabilities: list[float]) -> None:
    p = np.array(probabilities)
    outcome = (np.arange(len(p)) % 2).astype(float)
    own = brier(outcome=outcome, probability=p)
    assert own == pytest.approx(scoringrules.brier_score(outcome, p))
    assert own == pytest.approx(brier(outcome=1 - outcome, probability=1 - p))
    log = log_score(outcome=outcome, probability=p)
    inner = np.clip(p, 1e-6, 1 - 1e-6)
    assert log == pytest.approx(scoringrules.log_score(outcome, inner), abs=1e-9)
    assert log == pytest.approx(log_score(outcome=1 - outcome, probability=1 - p), abs=1e-6)


@pytest.mark.parametrize("bad", [1.2, -0.1, float("nan")])
def test_scores_refuse_what_is_no_probability(bad: float) -> None:
    for score in (brier, log_score):
        with pytest.raises(ValueError, match="outside 0..1"):
            score(outcome=[1.0], probability=[bad])


@pytest.mark.parametrize("clip", [0.0, 1e-17, 0.5, float("nan")])
def test_log_score_refuses_a_clip_that_clips_nothing_or_all(clip: float) -> None:
    with pytest.raises(ValueError, match="clip must be"):
        log_score(outcome=[1.0], probability=[1.0], clip=clip)


@pytest.mark.parametrize("bad", [[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])
def test_multi_category_brier_refuses_forecasts_that_would_leave_its_bounds(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="probability does not sum to 1"):
        brier_multi(outcome=[1, 0, 0], probability=bad)


PAIRS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.9, 1.0]) | st.floats(0, 1), st.booleans()),
    min_size=1,
    max_size=60,
)


@given(PAIRS, st.none() | st.integers(1, 20))
def test_murphy_identity_is_exact(pairs: list[tuple[float, bool]], bins: int | None) -> None:
    p, outcome = np.array([pair[0] for pair in pairs]), np.array([float(pair[1]) for pair in pairs])
    parts = murphy(outcome=outcome, probability=p, bins=bins)
    assert parts.brier == pytest.approx(float(brier(outcome=outcome, probability=p).mean()), abs=1e-12)
    assert min(parts.reliability, parts.uncertainty) >= 0
    assert bins is not None or parts.discrimination >= 0


def test_murphy_by_hand() -> None:
    parts = murphy(outcome=[0, 1, 1, 1], probability=[0.25, 0.25, 0.75, 0.75])
    assert (parts.reliability, parts.discrimination, parts.uncertainty) == (0.0625, 0.0625, 0.1875)
    # One bin: mean 0.5, rate 0.75; variance within 0.0625, twice the covariance 0.125.
    binned = murphy(outcome=[0, 1, 1, 1], probability=[0.25, 0.25, 0.75, 0.75], bins=1)
    assert (binned.reliability, binned.discrimination, binned.uncertainty) == (0.0625, 0.0625, 0.1875)


@given(PAIRS)
def test_bins_that_hold_one_value_each_decompose_as_distinct_values_do(pairs: list[tuple[float, bool]]) -> None:
    p, outcome = np.array([round(pair[0], 1) for pair in pairs]), np.array([float(pair[1]) for pair in pairs])
    distinct, binned = murphy(outcome=outcome, probability=p), murphy(outcome=outcome, probability=p, bins=100)
    assert binned.reliability == pytest.approx(distinct.reliability, abs=1e-12)
    assert binned.discrimination == pytest.approx(distinct.discrimination, abs=1e-12)
    swapped = murphy(outcome=1 - outcome, probability=1 - p)
    assert swapped.reliability == pytest.approx(distinct.reliability, abs=1e-12)
    assert swapped.discrimination == pytest.approx(distinct.discrimination, abs=1e-12)


@pytest.mark.parametrize("bins", [10, 100])
def test_a_forecast_on_an_edge_opens_its_bin(bins: int) -> None:
    for k in range(bins):
        on, below = k / bins, np.nextafter(k / bins, 0)
        found = reliability_bins(outcome=[1, 0], probability=[on, below], bins=bins)
        assert [part.n for part in found] == ([2] if k == 0 else [1, 1])


@given(PAIRS, st.integers(1, 20))
def test_reliability_bins_account_for_every_forecast(pairs: list[tuple[float, bool]], bins: int) -> None:
    p, outcome = np.array([pair[0] for pair in pairs]), np.array([float(pair[1]) for pair in pairs])
    found = reliability_bins(outcome=outcome, probability=p, bins=bins)
    assert sum(part.n for part in found) == len(p)
    assert sum(part.n * part.observed_rate for part in found) == pytest.approx(outcome.sum())
    assert all(
        0 <= part.low <= part.observed_rate + 1e-12 and part.observed_rate <= part.high + 1e-12 for part in found
    )
    assert 0 <= ece(outcome=outcome, probability=p, bins=bins) <= 1


def test_reliability_bins_are_the_golden_ones() -> None:
    probability = [0.0, 0.04, 0.1, 0.15, 0.3, 0.35, 0.35, 0.9, 0.95, 1.0]
    outcome = [0, 0, 0, 1, 0, 1, 0, 1, 1, 1]
    found = reliability_bins(outcome=outcome, probability=probability, bins=10)
    assert [part.n for part in found] == [2, 2, 3, 3], "bins without forecasts are left out, .1 and .3 open theirs"
    plotted = [(part.mean_probability, part.observed_rate, part.low, part.high) for part in found]
    # Wilson's bounds as `scipy.stats.binomtest(hits, n).proportion_ci(method="wilson")` gives them.
    golden = [
        (0.02, 0.0, 0.0, 0.657620),
        (0.125, 0.5, 0.094531, 0.905469),
        (1 / 3, 1 / 3, 0.061492, 0.792340),
        (0.95, 1.0, 0.438503, 1.0),
    ]
    assert np.array(plotted) == pytest.approx(np.array(golden), abs=5e-7)


def test_calibrated_forecasts_have_no_reliability_gap() -> None:
    random = np.random.default_rng(0)
    p = random.choice([0.1, 0.3, 0.8], 200_000)
    outcome = (random.random(len(p)) < p).astype(float)
    assert murphy(outcome=outcome, probability=p).reliability < 1e-4
    assert ece(outcome=outcome, probability=p) < 0.01
    assert all(
        part.low <= part.mean_probability <= part.high for part in reliability_bins(outcome=outcome, probability=p)
    )


def test_ece_by_hand() -> None:
    assert ece(outcome=[0, 1, 1, 1], probability=[0.2, 0.2, 0.9, 0.9]) == pytest.approx((0.3 + 0.1) / 2)
    with pytest.raises(ValueError, match="no forecasts"):
        ece(outcome=[], probability=[])
    with pytest.raises(ValueError, match="at least one bin"):
        ece(outcome=[1], probability=[0.4], bins=0)


def test_wilson_and_auroc_by_hand() -> None:
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    with pytest.raises(ValueError, match="0 <= hits <= n"):
        wilson(11, 10)
    assert auroc(outcome=[0, 0, 1, 1], probability=[0.1, 0.4, 0.35, 0.8]) == pytest.approx(0.75)
    assert auroc(outcome=[0, 1, 1], probability=[0.5, 0.5, 0.5]) == 0.5
    assert np.isnan(auroc(outcome=[1, 1], probability=[0.1, 0.4]))
    with pytest.raises(ValueError, match="not fractions"):
        auroc(outcome=[0.3, 1.0], probability=[0.1, 0.4])


def test_set_scores_conventions() -> None:
    truth = np.array([[True, True, False], [False, False, False], [False, False, False], [True, False, False]])
    predicted = np.array([[True, False, True], [False, False, False], [True, False, False], [False, False, False]])
    found = set_scores(outcome=truth, predicted=predicted)
    assert found.f1.tolist() == [0.5, 1.0, 0.0, 0.0]
    assert found.precision.tolist() == [0.5, 1.0, 0.0, 0.0]
    assert found.recall.tolist() == [0.5, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("bad", [np.array([[2, 1]]), np.array([[0.5, 0.5]])])
def test_set_scores_refuse_what_is_no_set(bad: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> None:
    with pytest.raises(ValueError, match="boolean"):
        set_scores(outcome=np.array([[True, False]]), predicted=bad)


SHARES = st.lists(st.just(0.0) | st.floats(0, 1e308), min_size=4, max_size=4)


@given(SHARES.filter(any), SHARES)
def test_kl_never_leaves_its_bounds(gold: list[float], predicted: list[float]) -> None:
    assert 0 <= float(bounded_kl(outcome=gold, predicted=predicted)) <= KL_BOUND
    assert float(bounded_kl(outcome=gold, predicted=gold)) == pytest.approx(0, abs=1e-8)


def test_kl_by_hand() -> None:
    assert pytest.approx(23.026, abs=1e-3) == KL_BOUND
    assert float(bounded_kl(outcome=[1, 0], predicted=[0, 1])) == pytest.approx(KL_BOUND)
    assert float(bounded_kl(outcome=[2, 2], predicted=[1, 3])) == pytest.approx(0.5 * np.log(4 / 3))
    assert float(bounded_kl(outcome=[1, 0], predicted=[0, 1], epsilon=0.01)) == pytest.approx(np.log(100))
    spread = float(bounded_kl(outcome=[1, 1], predicted=[0, 0]))
    assert spread == pytest.approx(np.log(0.5 / KL_EPSILON)), "an empty prediction is no uniform one"


@pytest.mark.parametrize(
    ("gold", "predicted", "message"),
    [
        ([0, 0], [1, 0], "without any mass"),
        ([1, 0], [float("nan"), 1], "predicted holds"),
        ([1, -1], [1, 0], "outcome holds"),
        ([1, 0], [1, 0, 0], "one shape"),
    ],
)
def test_kl_refuses_what_is_no_distribution(gold: list[float], predicted: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bounded_kl(outcome=gold, predicted=predicted)


def test_importing_the_scores_leaves_heavy_libraries_alone() -> None:
    code = (
        "import sys, ensembles.scores, ensembles.pooling, ensembles.significance, ensembles.registry;"
        "print({'sklearn', 'scipy', 'scoringrules'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
