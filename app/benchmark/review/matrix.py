"""The marks of a peer review as a matrix: what every assessor gave every respondent on every criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from db.reviews import PeerReview


@dataclass(frozen=True, slots=True)
class ReviewMatrix:
    """Marks of shape (assessors, respondents, criteria), NaN where one was not given.

    `own`, boolean (assessors, respondents), says which assessor wrote what. `leaderboards` are external scores of the
    assessors, higher is better: leaderboard -> assessor -> score.
    """

    assessors: tuple[str, ...]
    respondents: tuple[str, ...]
    criteria: tuple[str, ...]
    marks: NDArray[np.float64]
    own: NDArray[np.bool_]
    leaderboards: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def of_reviews(reviews: Sequence[PeerReview], authors: Mapping[str, str]) -> ReviewMatrix:
    """The matrix of recorded reviews, one at most of each pair; `authors` says which assessor a respondent's own model
    would be. Assessors, respondents and criteria in order of appearance."""
    assessors = tuple(dict.fromkeys(review.assessor for review in reviews))
    respondents = tuple(dict.fromkeys(review.respondent for review in reviews))
    criteria = tuple(dict.fromkeys(criterion for review in reviews for criterion in review.marks))
    marks = np.full((len(assessors), len(respondents), len(criteria)), np.nan)
    for review in reviews:
        given = [review.marks.get(criterion, np.nan) for criterion in criteria]
        marks[assessors.index(review.assessor), respondents.index(review.respondent)] = given
    own = np.array([[authors.get(one) == assessor for one in respondents] for assessor in assessors], dtype=np.bool_)
    return ReviewMatrix(assessors, respondents, criteria, marks, own.reshape(marks.shape[:2]))
