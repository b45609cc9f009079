"""What each measure is worth: areas and AUROC with intervals, and what it gains over counting votes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.benchmark.uncertainty.measures import BASELINE, Measure
from ensembles.odds import Floats
from ensembles.selective import Drawn, auarc, drawn, ranking_auroc
from ensembles.significance import percentile_interval

METRICS = ("auarc_u_ea", "auroc_u_ia", "auroc_c_ia", "auarc_c_ia")


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Which answers are right, 0 or 1, all questions after one another, and the place of each one's question."""

    right: Floats
    question: np.ndarray[Any, np.dtype[np.intp]]

    @classmethod
    def of(cls, right: Sequence[Floats]) -> Truth:
        """The truth of questions one by one."""
        return cls(np.concatenate(right), np.repeat(np.arange(len(right)), [len(one) for one in right]))

    @property
    def expected(self) -> Floats:
        """The expected accuracy of each question: the share of its answers that are right."""
        found: Floats = np.bincount(self.question, weights=self.right) / np.bincount(self.question)
        return found


@dataclass(frozen=True, slots=True)
class _Scored:
    """One metric of one measure, and the same in each bootstrap sample of questions."""

    value: float
    found: Floats


def scores(measures: Sequence[Measure], truth: Truth) -> list[dict[str, Any]]:
    """One row per measure: each metric (None where a measure has no such value), `intervals`, and `diff_to_baseline`.

    Differences are to `BASELINE`, paired; all intervals resample whole questions, all measures with the same draws.
    """
    samples = drawn(np.arange(truth.question[-1] + 1)), drawn(truth.question)
    scored = [_scored(measure, truth, *samples) for measure in measures]
    base = next(found for measure, found in zip(measures, scored, strict=True) if measure.method == BASELINE)
    return [_row(measure, found, base) for measure, found in zip(measures, scored, strict=True)]


def _scored(measure: Measure, truth: Truth, of_questions: Drawn, of_answers: Drawn) -> dict[str, _Scored]:
    u = measure.uncertainty
    found = {
        "auarc_u_ea": _one(auarc, truth.expected, u, of_questions),
        "auroc_u_ia": _one(ranking_auroc, truth.right, u[truth.question], of_answers),
    }
    if measure.confidence is not None:
        found["auroc_c_ia"] = _one(ranking_auroc, truth.right, -measure.confidence, of_answers)
        found["auarc_c_ia"] = _one(auarc, truth.right, -measure.confidence, of_answers)
    return found


def _one(metric: Callable[..., Floats], accuracy: Floats, uncertainty: Floats, samples: Drawn) -> _Scored:
    whole = float(metric(accuracy=accuracy, uncertainty=uncertainty))
    return _Scored(whole, metric(accuracy=accuracy, uncertainty=uncertainty, samples=samples))


def _row(measure: Measure, found: dict[str, _Scored], base: dict[str, _Scored]) -> dict[str, Any]:
    gains = {
        metric: percentile_interval(one.value - base[metric].value, one.found - base[metric].found)
        for metric, one in found.items()
    }
    return {
        "method": measure.method,
        "similarity": measure.similarity,
        **{metric: _number(found[metric].value) if metric in found else None for metric in METRICS},
        "intervals": {metric: percentile_interval(one.value, one.found).as_dict() for metric, one in found.items()},
        "diff_to_baseline": {metric: gain.as_dict() for metric, gain in gains.items()},
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
