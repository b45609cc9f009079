"""Log-odds: there and back, and their mean over members by products, which must equal the plain formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensembles.odds import CLIP, expit, logit, mean_logit

ANSWERS = st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=1, max_size=20)


@given(st.floats(CLIP, 1 - CLIP))
def test_expit_undoes_logit(p: float) -> None:
    assert float(expit(logit(p))) == pytest.approx(p, rel=1e-12)


def test_log_odds_by_hand() -> None:
    assert logit([0.5, 0.9, np.nan]).tolist() == pytest.approx([0, np.log(9), np.nan], nan_ok=True)
    assert logit([0.0, 1.0]).tolist() == pytest.approx([-np.log(999), np.log(999)]), "clipped to a thousandth"
    assert expit([-1e4, 0, 1e4]).tolist() == [0, 0.5, 1]


@given(ANSWERS, st.sampled_from([1e-15, 1e-6, 1e-3, 0.4]))
def test_mean_logit_is_the_plain_mean_of_those_present(members: list[float], clip: float) -> None:
    logits = logit(members, clip=clip)
    known = logits[~np.isnan(logits)]
    mean, present = mean_logit(members, clip=clip)
    assert int(present) == len(known)
    expected = known.mean() if len(known) else np.nan
    assert float(mean) == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("clip", [1e-15, 1e-6, 1e-3, 0.4])
@pytest.mark.parametrize("extreme", [0.0, 1.0])
def test_products_over_hundreds_of_sure_members_stay_within_doubles(clip: float, extreme: float) -> None:
    p = np.full((3, 1000), extreme)
    p[1, 1:] = 0.5
    p[2, ::2] = np.nan
    mean, present = mean_logit(p, clip=clip)
    sure = float(logit(extreme, clip=clip))
    assert mean.tolist() == pytest.approx([sure, sure / 1000, sure], rel=1e-9)
    assert present.tolist() == [1000, 1000, 500]


def test_mean_logit_works_in_parts_without_a_seam() -> None:
    p = np.random.default_rng(0).random((20_001, 3))
    p[p < 0.1] = np.nan
    untouched = p.copy()
    mean, present = mean_logit(p)
    assert np.array_equal(p, untouched, equal_nan=True), "the caller's matrix is left as it was"
    for row in (0, 8191, 8192, 16_384, 20_000):
        alone, n = mean_logit(p[row])
        assert float(alone) == pytest.approx(float(mean[row]), nan_ok=True)
        assert n == present[row]
    assert np.array_equal(mean_logit(p.T.copy().T)[0], mean, equal_nan=True), "whatever the memory's order"


def test_mean_logit_of_no_rows_and_of_integers() -> None:
    assert mean_logit(np.empty((0, 4)))[0].shape == (0,)
    assert mean_logit(np.empty((2, 0, 4)))[0].shape == (2, 0)
    assert float(mean_logit([0, 1])[0]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "clip", "message"),
    [
        ([0.5, 1.5], CLIP, "outside 0..1"),
        ([np.nan, -0.1], CLIP, "outside 0..1"),
        ([np.nan, np.inf], CLIP, "outside 0..1"),
        ([], CLIP, "at least one member"),
        (0.5, CLIP, "at least one member"),
        ([0.5], 0.5, "clip"),
        ([0.5], 0.0, "clip"),
    ],
)
def test_mean_logit_refuses(p: list[float], clip: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_logit(p, clip=clip)
