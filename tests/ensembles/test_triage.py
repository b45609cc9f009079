"""Spread as a triage flag: by hand, against scipy, and on the real round."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from ensembles.pooling import linear_pool, logit_pool
from ensembles.triage import Triage, spread, triage

NAN = float("nan")


def test_spread_by_hand() -> None:
    found = spread([[0.2, 0.4], [0.1, 0.1], [0.3, NAN], [NAN, NAN]])
    assert found == pytest.approx([0.1, 0.0, NAN, NAN], nan_ok=True)
    assert spread([0.1] * 7) == 0, "agreement is no spread, not even one of rounding"


@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=5))
def test_spread_is_the_standard_deviation_and_swaps_with_yes_and_no(rows: list[list[float]]) -> None:
    assert spread(rows) == pytest.approx(np.std(rows, axis=1), abs=1e-9)
    assert spread(rows) == pytest.approx(spread(1 - np.array(rows)), abs=1e-9)


def _crowd(n: int = 120, *, seed: int = 0) -> dict[str, Any]:
    """Members that differ most where the aggregate is least sure."""
    random = np.random.default_rng(seed)
    chance = random.uniform(0.02, 0.6, n)
    said = np.clip(chance[:, None] + random.normal(0, 0.4, (n, 4)) * chance[:, None], 0, 1)
    return {
        "outcome": (random.random(n) < chance).astype(float),
        "probability": said,
        "aggregate": linear_pool(said),
        "cluster": np.arange(n) // 2,
        "source": np.array(["a", "b", "b"])[np.arange(n) % 3],
    }


def test_triage_flags_the_widest_fifth_overall_and_of_each_source() -> None:
    crowd = _crowd()
    whole, *parts = triage(**crowd)
    assert [part.source for part in (whole, *parts)] == [None, "a", "b"]
    assert [part.n for part in (whole, *parts)] == [120, 40, 80]
    assert whole.n_clusters == 60
    assert whole.n_flagged == 24
    width, error = spread(crowd["probability"]), (crowd["aggregate"] - crowd["outcome"]) ** 2
    inside = width >= np.quantile(width, 0.8)
    assert whole.threshold == pytest.approx(np.quantile(width, 0.8))
    assert whole.error_flagged == pytest.approx(error[inside].mean())
    assert whole.error_rest == pytest.approx(error[~inside].mean())
    assert whole.excess.mean == pytest.approx(error[inside].mean() - error[~inside].mean())
    assert whole.excess.low < whole.excess.mean < whole.excess.high
    [alone] = triage(**(crowd | {"source": None}))
    assert alone == whole


def test_correlations_are_those_of_scipy() -> None:
    crowd = _crowd(60)
    crowd["probability"] = crowd["probability"].round(1)  # ties
    [found] = triage(**(crowd | {"source": None}))
    width, error = spread(crowd["probability"]), (crowd["aggregate"] - crowd["outcome"]) ** 2
    doubt = crowd["aggregate"] * (1 - crowd["aggregate"])
    by_spread, by_doubt, both = (spearmanr(*pair)[0] for pair in ((width, error), (doubt, error), (width, doubt)))
    assert found.by_spread.mean == pytest.approx(by_spread)
    assert found.by_doubt.mean == pytest.approx(by_doubt)
    partial = (by_spread - both * by_doubt) / np.sqrt((1 - both**2) * (1 - by_doubt**2))
    assert found.beyond_doubt.mean == pytest.approx(partial)
    assert found.by_spread.low < by_spread < found.by_spread.high


def test_spread_that_repeats_the_doubt_adds_little_beyond_it() -> None:
    found = [triage(**_crowd(seed=seed))[0] for seed in range(5)]
    alone, beyond = (np.mean([getattr(one, name).mean for one in found]) for name in ("by_spread", "beyond_doubt"))
    assert beyond < alone / 2


def test_rows_that_repeat_their_cluster_do_not_narrow_the_interval() -> None:
    crowd = _crowd(40) | {"cluster": np.arange(40), "source": None}
    repeated: dict[str, Any] = {
        name: None if column is None else np.repeat(column, 3, axis=0) for name, column in crowd.items()
    }
    [once], [thrice] = triage(**crowd), triage(**repeated)
    assert thrice.by_spread.mean == pytest.approx(once.by_spread.mean)
    assert (thrice.by_spread.low, thrice.by_spread.high) == pytest.approx((once.by_spread.low, once.by_spread.high))


def test_members_that_agree_everywhere_flag_nothing() -> None:
    [found] = triage(
        outcome=[1, 0, 1], probability=np.full((3, 2), 0.4), aggregate=[0.4] * 3, cluster=[0, 1, 2]
    )  # fmt: skip
    assert found.n_flagged == 0
    assert found.error_rest == pytest.approx((0.36 + 0.16 + 0.36) / 3)
    assert np.isnan([found.by_spread.mean, found.error_flagged, found.excess.mean]).all()


def test_few_clusters_have_a_correlation_but_no_interval() -> None:
    [found] = triage(**(_crowd(18) | {"source": None}))
    assert not np.isnan(found.by_spread.mean)
    assert np.isnan([found.by_spread.low, found.by_spread.high]).all()


def test_open_questions_and_lone_members_are_left_out() -> None:
    crowd = _crowd(40) | {"source": None}
    crowd["outcome"][0] = NAN
    crowd["probability"][1, 1:] = NAN
    [found] = triage(**crowd)
    assert found.n == 38


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flagged": 0.0}, "flagged"),
        ({"cluster": [0]}, "everything else"),
        ({"outcome": [NAN, NAN]}, "nothing to judge"),
        ({"aggregate": [1.5, 0.5]}, "outside 0..1"),
    ],
)
def test_triage_refuses_what_it_cannot_judge(change: dict[str, Any], message: str) -> None:
    columns: dict[str, Any] = {
        "outcome": [1, 0],
        "probability": [[0.5, 0.4], [0.3, 0.2]],
        "aggregate": [0.45, 0.25],
        "cluster": [0, 1],
    }
    with pytest.raises(ValueError, match=message):
        triage(**(columns | change))


def _round(folder: Path, dataset: str, suffix: str) -> dict[str, Any]:
    """The questions of a dataset that five frontier models answered, by their aggregates over runs."""
    members = [f"{model}-high-{suffix}" for model in ("flash", "gpt5", "kimi-k2.5", "pro", "sonnet")]
    said: dict[str, dict[str, float]] = defaultdict(dict)
    with gzip.open(folder / "forecasts.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            if row["dataset"] == dataset and row["trial"] == "-1" and row["forecaster"] in members:
                said[row["question_id"]][row["forecaster"]] = float(row["prob"])
    with (folder / "questions.csv").open() as file:
        questions = [row for row in csv.DictReader(file) if len(said.get(row["question_id"], {})) == len(members)]
    matrix = np.array([[said[row["question_id"]][member] for member in members] for row in questions])
    return {
        "outcome": np.array([float(row["outcome"]) for row in questions]),
        "probability": matrix,
        "aggregate": logit_pool(matrix),
        "cluster": np.array([row["cluster"] for row in questions]),
        "source": np.array([row["source"] for row in questions]),
    }


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["none-c0-t0", "brave-c0-t1"])
def test_on_the_real_round_spread_tells_of_error_on_markets_and_hardly_on_data(data_dir: Path, suffix: str) -> None:
    market, data = (
        triage(**_round(data_dir / "forecasts", dataset, suffix)) for dataset in ("fb_market", "fb_dataset")
    )
    assert (market[0].n, data[0].n) == (100, 298)
    assert market[0].by_spread.low > 0.6
    assert data[0].by_spread.high < 0.5
    assert market[0].error_flagged > 3 * market[0].error_rest
    _most_of_it_the_aggregate_had_said(market[0])


def _most_of_it_the_aggregate_had_said(found: Triage) -> None:
    assert found.by_doubt.mean > found.by_spread.mean
    assert found.beyond_doubt.mean < 0.5 * found.by_spread.mean
