"""Which of its answers to give: rules that choose one per question, and how often they choose a right one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.benchmark.uncertainty.measures import Matrices
from app.benchmark.uncertainty.samples import Sampled
from ensembles.equilibrium import CORRECT, INCORRECT, equilibrium
from ensembles.odds import Floats
from ensembles.selective import chosen
from ensembles.significance import cluster_bootstrap
from ensembles.similarity import words
from ensembles.uncertainty import deg_confidence, ecc_confidence, set_share

BASELINE = "majority_over_ties"
"""What the other rules are compared with: the most frequent answer, the mean over those that are equally frequent."""
_CLIP = 1e-3
"""A discriminator is never surer than this: a candidate that all support is not proven."""


def selection(
    questions: Sequence[Sampled], right: Sequence[Floats], exact: Matrices, columns: Sequence[Matrices]
) -> dict[str, Any]:
    """`selection`: rule to accuracy; `selection_intervals`, and `selection_diff` to `selection_baseline`, paired.

    Of answers that tie, the first is given. Intervals resample questions.
    """
    found = {
        "random": np.array([one.mean() for one in right]),
        "majority": _first_best(exact.measured(set_share), right),
        BASELINE: _mean_best(exact.measured(set_share), right),
    }
    for at, column in enumerate(columns):
        tail = f"_{column.name}" if at else ""
        found[f"largest_set{tail}"] = _first_best(column.measured(set_share), right)
        found[f"min_ecc{tail}"] = _first_best(column.measured(ecc_confidence), right)
        found[f"max_deg{tail}"] = _first_best(column.measured(deg_confidence), right)
    found["er_g"], found["er_d"] = _equilibrium(questions, right, columns[0])
    found["oracle"] = np.array([one.max() for one in right])
    values = np.stack(list(found.values()), axis=1)
    places = np.arange(len(values))
    whole = cluster_bootstrap(values, places)
    gained = cluster_bootstrap(values - found[BASELINE][:, None], places)
    return {
        "selection": {name: one.mean for name, one in zip(found, whole, strict=True)},
        "selection_baseline": BASELINE,
        "selection_intervals": {name: one.as_dict() for name, one in zip(found, whole, strict=True)},
        "selection_diff": {name: one.as_dict() for name, one in zip(found, gained, strict=True)},
    }


def _first_best(confidence: Sequence[Floats], right: Sequence[Floats]) -> Floats:
    return np.array([one[chosen(c).argmax()] for c, one in zip(confidence, right, strict=True)])


def _mean_best(confidence: Sequence[Floats], right: Sequence[Floats]) -> Floats:
    return np.array([one[chosen(c)].mean() for c, one in zip(confidence, right, strict=True)])


def _equilibrium(questions: Sequence[Sampled], right: Sequence[Floats], column: Matrices) -> tuple[Floats, Floats]:
    """ER-G and ER-D without a model: candidates are the distinct answers, the generator's prior how often each came.

    It has no opinion on what to say when told to be wrong. The discriminator's prior that a candidate is correct is its
    mean similarity to all answers.
    """
    most = max(len(one.samples) for one in questions)
    generator = np.full((len(questions), 2, most), np.nan)
    discriminator = np.full((len(questions), most, 2), np.nan)
    correct = np.full((len(questions), most), np.nan)
    for at, (one, matrix) in enumerate(zip(questions, column.of, strict=True)):
        said = [words(sample) for sample in one.samples]
        _, first, times = np.unique([" ".join(text) for text in said], return_index=True, return_counts=True)
        order = np.argsort(first)
        first, share, n = first[order], times[order] / len(said), len(first)
        support = np.clip(matrix[first].mean(axis=1), _CLIP, 1 - _CLIP)
        generator[at, CORRECT, :n], generator[at, INCORRECT, :n] = np.log(share), 0.0
        discriminator[at, :n, CORRECT], discriminator[at, :n, INCORRECT] = np.log(support), np.log1p(-support)
        correct[at, :n] = right[at][first]
    played = equilibrium(generator, discriminator)
    rows = np.arange(len(questions))
    return correct[rows, played.by_generator], correct[rows, played.by_discriminator]
