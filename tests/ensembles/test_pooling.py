"""Fixed pooling rules: what every rule must keep, each rule's own value, and the yardstick on a real round."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.odds import CLIP, Floats
from ensembles.pooling import (
    halawi_pool,
    linear_pool,
    logit_pool,
    median_pool,
    supervised_pool,
    trimmed_mean_pool,
)
from ensembles.registry import POOLING, pooling_rule
from ensembles.scores import brier

MEMBERS = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=12)
EXTREMIZED = {"extremized_logit_pool", "neyman_roughgarden_pool"}
few = settings(max_examples=30)  # of every rule
every_rule = pytest.mark.parametrize("name", POOLING)
within_range = pytest.mark.parametrize("name", [name for name in POOLING if name not in EXTREMIZED])
monotone = pytest.mark.parametrize("name", [name for name in POOLING if name != "halawi_pool"])


@every_rule
@few
@given(members=MEMBERS, data=st.data())
def test_order_of_members_and_name_of_the_outcome_do_not_matter(
    name: str, members: list[float], data: st.DataObject
) -> None:
    rule = pooling_rule(name)
    p = np.array(members)
    pooled = float(rule(p))
    assert float(rule(np.array(data.draw(st.permutations(members))))) == pytest.approx(pooled)
    assert float(rule(1 - p)) == pytest.approx(1 - pooled)
    assert 0 <= pooled <= 1


@within_range
@few
@given(members=MEMBERS)
def test_pool_lies_among_its_members(name: str, members: list[float]) -> None:
    rule, p = pooling_rule(name), np.array(members)
    assert p.min() - 1e-9 <= float(rule(p)) <= p.max() + 1e-9
    assert float(rule(p[:1])) == pytest.approx(p[0])
    assert float(rule(np.full(5, p[0]))) == pytest.approx(p[0])


@monotone
@few
@given(members=MEMBERS, data=st.data())
def test_a_member_who_says_more_never_lowers_the_pool(name: str, members: list[float], data: st.DataObject) -> None:
    rule, which = pooling_rule(name), data.draw(st.integers(0, len(members) - 1))
    raised = np.array(members)
    raised[which] = data.draw(st.floats(members[which], 1.0))
    assert float(rule(raised)) >= float(rule(np.array(members))) - 1e-12


def test_halawi_pool_is_not_monotone_when_another_member_becomes_the_farthest() -> None:
    assert halawi_pool([0.2, 0.4, 0.61]) < halawi_pool([0.2, 0.4, 0.59])


@every_rule
@few
@given(members=MEMBERS, absent=st.integers(0, 4))
def test_absent_members_count_for_the_quorum_only(name: str, members: list[float], absent: int) -> None:
    rule = pooling_rule(name)
    some = np.array(members + [np.nan] * absent)
    assert float(rule(some, quorum=0.0)) == pytest.approx(float(rule(np.array(members))))
    assert np.isnan(rule(some, quorum=1.0)) == (absent > 0)
    assert np.isnan(rule(np.full(3, np.nan), quorum=0.0))


@every_rule
def test_rules_pool_the_last_axis_each_row_by_itself(name: str) -> None:
    rule, p = pooling_rule(name), np.random.default_rng(0).random((4, 3, 5))
    p[0, 0, :2] = p[1, 1] = np.nan
    pooled = rule(p)
    assert pooled.shape == (4, 3)
    assert pooled.ravel().tolist() == pytest.approx([float(rule(row)) for row in p.reshape(12, 5)], nan_ok=True)
    assert rule(np.empty((0, 5))).shape == (0,)


@every_rule
def test_rules_pool_hundreds_of_members_sure_ones_and_integers(name: str) -> None:
    rule = pooling_rule(name)
    many = np.linspace(0, 1, 201)
    assert float(rule(many)) == pytest.approx(0.5), "symmetric around one half, two sure members among them"
    assert 0 <= float(rule(np.append(np.full(200, 0.3), 0.0))) <= float(rule(np.full(201, 0.3)))
    assert float(rule([0, 1])) == pytest.approx(0.5)


@every_rule
@pytest.mark.parametrize("n", range(1, 13))
def test_a_share_that_equals_the_quorum_reaches_it(name: str, n: int) -> None:
    for present in range(1, n + 1):
        some = np.array([0.3] * present + [np.nan] * (n - present))
        assert not np.isnan(pooling_rule(name)(some, quorum=present / n))


@every_rule
def test_rules_refuse_what_is_no_crowd(name: str) -> None:
    rule = pooling_rule(name)
    for bad, message in (([1.5], "outside"), ([-0.1], "outside"), ([], "at least one member"), (0.5, "at least one")):
        with pytest.raises(ValueError, match=message):
            rule(bad)
    with pytest.raises(ValueError, match="quorum"):
        rule([0.5], quorum=60)


def test_each_rule_by_hand() -> None:
    crowd = [0.1, 0.2, 0.3, 0.4, 1.0]
    assert linear_pool(crowd) == pytest.approx(0.4)
    assert median_pool(crowd) == pytest.approx(0.3)
    assert median_pool([0.1, np.nan, 0.2, 0.4, 1.0]) == pytest.approx(0.3), "the mean of the middle two of four"
    assert trimmed_mean_pool(crowd) == pytest.approx(0.3)
    assert trimmed_mean_pool(crowd, trim=0.0) == pytest.approx(0.4)
    assert trimmed_mean_pool(np.linspace(0, 1, 100) ** 2, trim=0.29) == pytest.approx(
        np.mean(np.linspace(0, 1, 100)[29:71] ** 2)
    )
    assert trimmed_mean_pool([0.9, np.nan, 0.1, 0.2, 0.3, 0.4]) == pytest.approx(0.3), "trims those present"
    assert logit_pool([0.2, 0.8]) == pytest.approx(0.5)
    assert logit_pool([0.5, 0.9]) == pytest.approx(0.75), "odds 1 and 9, their mean 3"
    assert logit_pool([0.0, 1.0]) == pytest.approx(0.5), "two sure members cancel"
    with pytest.raises(ValueError, match="trim"):
        trimmed_mean_pool(crowd, trim=0.5)


def test_halawi_pool_by_hand() -> None:
    assert halawi_pool([0.1, 0.2, 0.3, 0.4, 1.0]) == pytest.approx((4.5 / 4 * 1.0 + 0.5 * 1.0) / 5)
    assert halawi_pool([0.1, 0.2, 0.3]) == pytest.approx(0.2), "both ends are equally far, and share the halving"
    assert halawi_pool([0.2, 0.3, 0.4, 0.4, 0.4]) == pytest.approx((4.5 / 4 * 1.5 + 0.5 * 0.2) / 5)
    assert halawi_pool([0.1, 0.7]) == pytest.approx(0.4)
    assert halawi_pool([0.9, np.nan, 0.1, 0.2]) == pytest.approx((1.25 * 0.3 + 0.5 * 0.9) / 3)


def test_logit_pool_of_a_unanimous_crowd_ends_at_the_clip() -> None:
    assert logit_pool([0.0, 0.0]) == pytest.approx(CLIP)
    assert logit_pool([1.0, 1.0, 1.0]) == pytest.approx(1 - CLIP)
    assert logit_pool([1e-7, 1e-7], clip=1e-6) == pytest.approx(1e-6), "codes of events are rarer than that"


def test_too_few_members_pool_to_nothing() -> None:
    some = np.array([[0.2, 0.4, np.nan], [0.2, np.nan, np.nan]])
    for name in POOLING:
        pooled = pooling_rule(name)(some)
        assert 0.1 < pooled[0] < 0.4
        assert np.isnan(pooled[1])


def test_a_sure_supervisor_replaces_the_crowd_where_there_is_one() -> None:
    nan = np.nan
    found = supervised_pool(
        [0.3, 0.3, 0.3, 0.3, nan], supervisor=[0.9, 0.9, nan, 0.9, 0.9], confidence=[1.0, 0.5, 1.0, nan, 1.0]
    )
    assert found.tolist() == pytest.approx([0.9, 0.3, 0.3, 0.3, nan], nan_ok=True)
    assert supervised_pool(0.3, supervisor=0.9, confidence=0.5, threshold=0.5) == 0.9
    with pytest.raises(ValueError, match="outside"):
        supervised_pool(0.3, supervisor=0.9, confidence=3)


FIVE = ("flash", "gpt5", "kimi-k2.5", "pro", "sonnet")
GROUPS = {
    "no search": [f"{name}-high-none-c0-t0" for name in FIVE],
    "search, crowd hidden": [f"{name}-high-brave-c0-t1" for name in FIVE],
    "search, crowd shown": [f"{name}-high-brave-c1{'' if name == 'kimi-k2.5' else '-p1'}-t1" for name in FIVE],
}
YARDSTICK = {  # average member, best member, median, logit pool
    ("fb_market", "no search"): (100, 0.1113, 0.0791, 0.1012, 0.1017),
    ("fb_market", "search, crowd hidden"): (100, 0.0623, 0.0531, 0.0552, 0.0549),
    ("fb_market", "search, crowd shown"): (100, 0.0344, 0.0277, 0.0277, 0.0296),
    ("fb_dataset", "no search"): (298, 0.1579, 0.1471, 0.1519, 0.1512),
    ("fb_dataset", "search, crowd hidden"): (298, 0.1412, 0.1308, 0.1371, 0.1368),
    ("fb_dataset", "search, crowd shown"): (298, 0.1411, 0.1379, 0.1382, 0.1364),
}


@pytest.fixture(scope="module")
def real_round(data_dir: Path) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], dict[str, float]]]:
    """Outcomes by (dataset, question), and what each forecaster's own aggregate said by (dataset, question)."""
    with open(data_dir / "forecasts" / "questions.csv", newline="") as file:
        outcomes = {(row["dataset"], row["question_id"]): float(row["outcome"]) for row in csv.DictReader(file)}
    said: dict[tuple[str, str], dict[str, float]] = {key: {} for key in outcomes}
    with gzip.open(data_dir / "forecasts" / "forecasts.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["trial"] == "-1":
                said[row["dataset"], row["question_id"]][row["forecaster"]] = float(row["prob"])
    return outcomes, said


@pytest.mark.parametrize("dataset, group", YARDSTICK)
def test_the_pools_of_a_real_round_score_as_published(
    real_round: tuple[dict[tuple[str, str], float], dict[tuple[str, str], dict[str, float]]], dataset: str, group: str
) -> None:
    outcomes, said = real_round
    names = GROUPS[group]
    asked = [key for key in outcomes if key[0] == dataset and set(names) <= said[key].keys()]
    p = np.array([[said[key][name] for name in names] for key in asked])
    truth = np.array([outcomes[key] for key in asked])

    def score(pooled: Floats) -> float:
        return float(brier(outcome=truth, probability=pooled).mean())

    each = [score(column) for column in p.T]
    found = (len(asked), float(np.mean(each)), min(each), score(median_pool(p)), score(logit_pool(p)))
    assert found == pytest.approx(YARDSTICK[dataset, group], abs=5e-5)
