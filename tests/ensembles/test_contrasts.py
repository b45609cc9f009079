"""Intervals of functions of sums: by hand, against the plain bootstrap, and where there is too little."""

from __future__ import annotations

import numpy as np
import pytest

from ensembles.contrasts import bootstrap_of_sums
from ensembles.odds import Floats
from ensembles.significance import cluster_bootstrap


def _mean(sums: Floats) -> Floats:
    return sums[..., 0] / sums[..., 1]


def _difference(sums: Floats) -> Floats:
    return sums[..., 0] / sums[..., 1] - sums[..., 2] / sums[..., 3]


def test_a_mean_as_a_quotient_of_sums_has_the_interval_of_the_mean() -> None:
    random = np.random.default_rng(1)
    values, clusters = random.normal(size=80), np.arange(80) // 4
    found = bootstrap_of_sums(np.column_stack([values, np.ones(80)]), clusters, _mean, seed=3)
    [plain] = cluster_bootstrap(values, clusters, seed=3)
    assert found.as_dict() == pytest.approx(plain.as_dict())


def test_difference_of_groups_over_the_same_questions_is_paired() -> None:
    # Each question moves both groups alike, so their difference is 1 whichever questions are drawn.
    level = np.random.default_rng(2).normal(0, 10, 12)
    first = np.column_stack([level + 1, np.ones(12), np.zeros(12), np.zeros(12)])
    second = np.column_stack([np.zeros(12), np.zeros(12), level, np.ones(12)])
    found = bootstrap_of_sums(np.concatenate([first, second]), np.tile(np.arange(12), 2), _difference)
    assert (found.mean, found.low, found.high) == pytest.approx((1, 1, 1))


def test_draws_without_one_of_the_groups_are_left_out() -> None:
    # One question of each group: of the four draws two hold both, and those show the difference itself.
    columns = np.array([[3.0, 1, 0, 0], [0, 0, 1.0, 1]])
    found = bootstrap_of_sums(columns, ["a", "b"], _difference, n_boot=4000, seed=5)
    assert found.mean == 2
    assert np.isnan(found.low) or (found.low, found.high) == (2, 2)


def test_with_one_cluster_or_an_undefined_statistic_there_is_no_interval() -> None:
    assert np.isnan(bootstrap_of_sums([[1.0, 2.0]], ["a"], _mean).low)
    nothing = bootstrap_of_sums([[1.0, 0.0], [1.0, 0.0]], ["a", "b"], _mean)
    assert np.isnan([nothing.mean, nothing.low, nothing.high]).all()


@pytest.mark.parametrize(
    ("columns", "clusters", "n_boot", "message"),
    [
        ([1.0, 2.0], ["a", "b"], 10, "columns must be"),
        ([[1.0], [2.0]], ["a"], 10, "cluster labels"),
        ([[np.nan]], ["a"], 10, "finite"),
        ([[1.0]], ["a"], 0, "n_boot"),
    ],
)
def test_what_cannot_be_resampled_is_refused(
    columns: list[object], clusters: list[str], n_boot: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap_of_sums(columns, clusters, lambda sums: sums[..., 0], n_boot=n_boot)  # type: ignore[arg-type]
