"""The benchmark: sampled answers in, rows of measures, rules and confidences out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.benchmark.uncertainty.confidence import set_share_confidence
from app.benchmark.uncertainty.measures import BASELINE, EXACT, ROUGE_L, Matrices, Measure, matrices, measures
from app.benchmark.uncertainty.samples import LEAST_ROUGE_L, Sampled
from app.benchmark.uncertainty.scores import Truth, scores
from app.benchmark.uncertainty.selection import selection
from ensembles.selective import oracle_auarc

CAVEAT = (
    f"An answer counts as right if its ROUGE-L with the known answer is above {LEAST_ROUGE_L}. That label and the "
    "similarities of words look at the same overlap of words, which flatters the measures built on them."
)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The result as `--json` gives it, with the measures and the truth that the plots are drawn from."""

    rows: dict[str, Any]
    measures: Sequence[Measure]
    truth: Truth


def bench(questions: Sequence[Sampled], columns: Sequence[Matrices]) -> Found:
    """Every measure on the similarities in `columns`, at least one; the first leads in `selection` and `confidence`."""
    exact = matrices(questions, EXACT)
    rouge_l = next((column for column in columns if column.name == ROUGE_L), None) or matrices(questions, ROUGE_L)
    found = measures(questions, exact=exact, rouge_l=rouge_l, columns=columns)
    right = [one.right() for one in questions]
    truth = Truth.of(right)
    rows = {
        "n": len(questions),
        "n_answers": len(truth.right),
        "mean_accuracy": float(truth.expected.mean()),
        "oracle_auarc": oracle_auarc(accuracy=truth.expected),
        "oracle_auarc_answers": oracle_auarc(accuracy=truth.right),
        "baseline": BASELINE,
        "methods": scores(found, truth),
        **selection(questions, right, exact, columns),
        "confidence": set_share_confidence(columns[0], right),
        "caveat": CAVEAT,
    }
    return Found(rows, found, truth)
