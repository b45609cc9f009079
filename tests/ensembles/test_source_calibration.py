"""Calibration by source: each source its own line, as far as its outcomes carry it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.calibration import fit_platt
from ensembles.odds import Floats, expit, logit
from ensembles.source_calibration import SourceCalibrator, fit_hierarchical


def _two_sources(n: int) -> tuple[Floats, Floats, list[str]]:
    """Source "low" comes true less often than is said, by 1 in log-odds, and source "high" more often by as much."""
    random = np.random.default_rng(1)
    said, source = random.uniform(0.05, 0.95, n), np.array(["low", "high"] * (n // 2))
    truth = random.random(n) < expit(logit(said) + np.where(source == "low", -1.0, 1.0))
    return said, truth.astype(float), source.tolist()


def test_sources_that_lean_apart_get_lines_of_their_own() -> None:
    said, truth, source = _two_sources(4000)
    found = fit_hierarchical(said, outcome=truth, source=source)
    for name in ("low", "high"):
        rows = np.array(source) == name
        alone = fit_platt(said[rows], outcome=truth[rows])
        assert found.sources[name].slope == pytest.approx(alone.slope, abs=0.05)
        assert found.sources[name].intercept == pytest.approx(alone.intercept, abs=0.05)
    assert found.sources["low"].intercept < -0.5 < 0.5 < found.sources["high"].intercept
    other = found([0.2, 0.5], source=["other", "never seen"])
    assert other == pytest.approx(found.overall([0.2, 0.5]))


def test_few_outcomes_of_a_source_leave_it_near_the_others() -> None:
    said, truth, source = _two_sources(400)
    lone = fit_hierarchical([*said, 0.2], outcome=[*truth, 1.0], source=[*source, "new"])
    assert abs(lone.sources["new"].intercept - lone.overall.intercept) < 0.1
    assert abs(lone.sources["low"].intercept - lone.overall.intercept) > 0.5


def test_shrinkage_ends_in_one_line_and_in_the_identity() -> None:
    said, truth, source = _two_sources(400)
    pooled = fit_platt(said, outcome=truth)
    one = fit_hierarchical(said, outcome=truth, source=source, source_ridge=1e5)
    for line in (one.overall, *one.sources.values()):
        assert (line.slope, line.intercept) == pytest.approx((pooled.slope, pooled.intercept), abs=0.01)
    none = fit_hierarchical(said, outcome=truth, source=source, ridge=1e6, source_ridge=1e6)
    for line in (none.overall, *none.sources.values()):
        assert (line.slope, line.intercept) == pytest.approx((1, 0), abs=0.01)


def test_the_fit_is_the_minimum_of_what_it_says_it_minimises() -> None:
    said, truth, source = _two_sources(60)

    def loss(found: SourceCalibrator) -> float:
        log_odds = np.array([logit(found([p], source=[s]))[0] for p, s in zip(said, source, strict=True)])
        lines = found.sources.values()
        away = (found.overall.slope - 1) ** 2 + found.overall.intercept**2
        apart = sum((x.slope - found.overall.slope) ** 2 + (x.intercept - found.overall.intercept) ** 2 for x in lines)
        return float((np.logaddexp(0, log_odds) - truth * log_odds).sum() + away / 2 + 10 * apart / 2)

    found = fit_hierarchical(said, outcome=truth, source=source)
    best = loss(found)
    for name in ("overall", "low", "high"):
        for part in ("slope", "intercept"):
            for step in (-0.01, 0.01):
                assert loss(_moved(found, name, part, step)) > best


def _moved(found: SourceCalibrator, name: str, part: str, step: float) -> SourceCalibrator:
    lines = {"overall": found.overall, **found.sources}
    values = lines[name].parameters
    lines[name] = type(found.overall)(**(values | {part: values[part] + step}))
    return SourceCalibrator(lines.pop("overall"), lines)


ROWS = st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.sampled_from("abc"), st.integers(1, 2)), min_size=1)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_maps_by_source_are_bounded_monotone_and_swap_with_yes_and_no(
    rows: list[tuple[float, bool, str, int]],
) -> None:
    p, outcome = np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])
    source, times = np.array([row[2] for row in rows]), np.array([row[3] for row in rows])
    found = fit_hierarchical(p, outcome=outcome, source=source, weight=times)
    swapped = fit_hierarchical(1 - p, outcome=1 - outcome, source=source, weight=times)
    repeated = fit_hierarchical(np.repeat(p, times), outcome=np.repeat(outcome, times), source=np.repeat(source, times))
    grid = np.linspace(0, 1, 21)
    for name in ("a", "b", "c"):
        labels = [name] * len(grid)
        mapped = found(grid, source=labels)
        assert ((mapped > 0) & (mapped < 1) & (np.diff(mapped, prepend=0) >= 0)).all()
        assert mapped == pytest.approx(1 - swapped(1 - grid, source=labels), abs=1e-4)
        assert mapped == pytest.approx(repeated(grid, source=labels), abs=1e-4)


def test_absent_rows_teach_nothing_and_parameters_name_their_source() -> None:
    found = fit_hierarchical([0.2, np.nan, 0.7], outcome=[0, 1, np.nan], source=["a", "b", "b"])
    alone = fit_hierarchical([0.2], outcome=[0], source=["a"])
    assert found.overall.intercept == pytest.approx(alone.overall.intercept, abs=1e-6)
    assert set(found.parameters) == {
        "slope", "intercept", "slope[a]", "intercept[a]", "slope[b]", "intercept[b]"
    }  # fmt: skip
    assert found.sources["b"].intercept == pytest.approx(found.overall.intercept, abs=1e-6)
    mapped = found([[0.5, np.nan], [0.5, 0.1]], source=["a", "z"])
    assert np.isnan(mapped).tolist() == [[False, True], [False, False]]


def test_sources_must_label_the_rows() -> None:
    with pytest.raises(ValueError, match="source must label"):
        fit_hierarchical([0.2, 0.4], outcome=[0, 1], source=["a"])
    with pytest.raises(ValueError, match="source must label"):
        fit_hierarchical([0.2], outcome=[0], source=["a"])([0.2, 0.4], source=["a"])
    with pytest.raises(ValueError, match="ridges"):
        fit_hierarchical([0.2], outcome=[0], source=["a"], source_ridge=0)
    with pytest.raises(ValueError, match="nothing to calibrate on"):
        fit_hierarchical([], outcome=[], source=[])
