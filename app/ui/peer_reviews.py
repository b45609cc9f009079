"""The ledger's peer reviews as one matrix and as the cells of a heat-map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from agents.reviewer import author
from app.benchmark.review.matrix import ReviewMatrix
from app.benchmark.review.tables import kind
from app.ui.charts.heat_map import Cell
from app.ui.charts.intervals import Point
from db.reviews import PeerReview


def matrix_of(reviews: Sequence[PeerReview]) -> ReviewMatrix:
    """Marks of every assessor for every respondent, each the mean over what the pair's reviews gave on a criterion.

    Assessors, respondents and criteria in order of appearance; NaN where a pair has no mark.
    """
    assessors = tuple(dict.fromkeys(review.assessor for review in reviews))
    respondents = tuple(dict.fromkeys(review.respondent for review in reviews))
    criteria = tuple(dict.fromkeys(criterion for review in reviews for criterion in review.marks))
    given: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for review in reviews:
        for criterion, mark in review.marks.items():
            given[review.assessor, review.respondent, criterion].append(mark)
    marks = np.array(
        [
            [[_mean(given.get((by, of, criterion), ())) for criterion in criteria] for of in respondents]
            for by in assessors
        ]
    ).reshape(len(assessors), len(respondents), len(criteria))
    own = np.array([[author(of) == by for of in respondents] for by in assessors], dtype=np.bool_)
    return ReviewMatrix(assessors, respondents, criteria, marks, own.reshape(marks.shape[:2]))


def _mean(marks: Sequence[int]) -> float:
    return float(np.mean(marks)) if len(marks) else float("nan")


def cells_of(matrix: ReviewMatrix, summary: dict[str, Any]) -> list[Cell]:
    """A cell for every pair with a mark; `summary` is that of `app.benchmark.review.summary`."""
    found = summary["matrix"]
    return [
        Cell(assessor=by, respondent=of, mark=mark, centred=centred, own=bool(own))
        for by, marks, relative, owns in zip(
            found["assessors"], found["marks"], found["centred"], matrix.own, strict=True
        )
        for of, mark, centred, own in zip(found["respondents"], marks, relative, owns, strict=True)
        if mark is not None and centred is not None
    ]


def icc_points(summary: dict[str, Any]) -> list[Point]:
    """The intraclass correlations that are defined, with their intervals; n is the number of respondents."""
    n = summary["n_respondents"] - len(summary["icc_left_out"]["respondents"])
    return [
        Point(label=kind(row), mean=row["icc"], low=row["low"], high=row["high"], n=n)
        for row in summary["icc_table"]
        if row["icc"] is not None
    ]
