"""What a matrix of reviews says, as `--json` gives it: agreement, severity, self-preference, ranks, leaderboards."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.benchmark.review.matrix import ReviewMatrix
from ensembles import reviews
from ensembles.agreement import KINDS, complete, intraclass
from ensembles.correlation import correlations
from ensembles.odds import Floats
from ensembles.ranks import ranks


def summary(matrix: ReviewMatrix) -> dict[str, Any]:
    """The whole of it; every interval at 95 %, None for what the marks do not define."""
    marks = reviews.overall(matrix.marks)
    relative = reviews.centred(marks)
    by_others = reviews.received(relative, leave_out=matrix.own)
    preference = reviews.self_preference(marks, matrix.own)
    halo = reviews.halo(matrix.marks)
    found: dict[str, Any] = {
        "n_assessors": len(matrix.assessors),
        "n_respondents": len(matrix.respondents),
        "n_criteria": len(matrix.criteria),
        "n_absent": int(np.isnan(marks).sum()),
        "grand_mean": float(np.nanmean(marks)),
        **_agreement(matrix, marks),
        "severity": _severity(matrix, marks, halo, preference),
        "self_preference": reviews.mean_interval(preference).as_dict(),
        "halo": reviews.mean_interval(halo).as_dict(),
        "criteria": [
            {"criterion": name, "mean": float(mean)}
            for name, mean in zip(matrix.criteria, np.nanmean(matrix.marks, axis=(0, 1)), strict=True)
        ],
        "respondents": _respondents(matrix, reviews.received(marks), reviews.received(relative), by_others),
        "leaderboards": _leaderboards(matrix, marks, by_others),
        "matrix": {
            "assessors": list(matrix.assessors),
            "respondents": list(matrix.respondents),
            "marks": _plain(marks),
            "centred": _plain(relative),
        },
    }
    found["leaderboard_correlation"] = found["leaderboards"][0]["pearson"] if found["leaderboards"] else None
    return found


def _agreement(matrix: ReviewMatrix, marks: Floats) -> dict[str, Any]:
    """The six ICCs of respondents by assessors, of marks averaged over criteria, and who was left out for gaps."""
    kept = complete(marks.T)
    left_out = {
        "assessors": [name for name, keep in zip(matrix.assessors, kept.raters, strict=True) if not keep],
        "respondents": [name for name, keep in zip(matrix.respondents, kept.targets, strict=True) if not keep],
    }
    if kept.targets.sum() < 2 or kept.raters.sum() < 2:
        return {"icc": dict.fromkeys(KINDS), "f": None, "icc_table": [], "icc_left_out": left_out}
    found = intraclass(marks.T[np.ix_(kept.targets, kept.raters)])
    return {
        "icc": {kind: _known(found[kind].icc) for kind in KINDS},
        "f": _known(found["ICC3"].f),
        "icc_table": [
            {
                "type": kind,
                "icc": _known(one.icc),
                "f": _known(one.f),
                "df1": one.df1,
                "df2": one.df2,
                "p": _known(one.p),
                "low": _known(one.low),
                "high": _known(one.high),
                "level": one.level,
            }
            for kind, one in found.items()
        ],
        "icc_left_out": left_out,
    }


def _severity(matrix: ReviewMatrix, marks: Floats, halo: Floats, preference: Floats) -> list[dict[str, Any]]:
    """The assessors, the most severe first."""
    rows = [
        {
            "assessor": name,
            "mean_given": float(np.nanmean(given)),
            "severity": interval.as_dict(),
            "halo": _known(one_opinion),
            "self_preference": _known(own),
        }
        for name, given, interval, one_opinion, own in zip(
            matrix.assessors, marks, reviews.severity(marks), halo, preference, strict=True
        )
    ]
    return sorted(rows, key=lambda row: float(row["mean_given"]))


def _respondents(matrix: ReviewMatrix, mean: Floats, centred: Floats, by_others: Floats) -> list[dict[str, Any]]:
    """The respondents, the best first by centred marks."""
    rows = [
        {
            "respondent": name,
            "mean": _known(raw),
            "centred": _known(relative),
            "rank": _known(rank),
            "by_others": _known(without_own),
            "rank_by_others": _known(rank_without_own),
        }
        for name, raw, relative, rank, without_own, rank_without_own in zip(
            matrix.respondents, mean, centred, ranks(centred), by_others, ranks(by_others), strict=True
        )
    ]
    return sorted(rows, key=lambda row: (row["rank"] is None, row["rank"]))


def _leaderboards(matrix: ReviewMatrix, marks: Floats, by_others: Floats) -> list[dict[str, Any]]:
    """How marks go with external scores of the same models: those received, and those given."""
    of_assessors = np.array([interval.mean for interval in reviews.severity(marks, n_boot=1)])
    rows = []
    for name, scores in matrix.leaderboards.items():
        of_respondent = np.array([scores.get(one, np.nan) for one in matrix.respondents])
        of_assessor = np.array([scores.get(one, np.nan) for one in matrix.assessors])
        for what, values, external in (
            ("marks received", reviews.received(marks), of_respondent),
            ("centred marks received from others", by_others, of_respondent),
            ("marks given", of_assessors, of_assessor),
        ):
            found = correlations(values, external)
            intervals = {key: getattr(found, key).as_dict() for key in ("pearson", "spearman", "kendall")}
            rows.append({"leaderboard": name, "of": what, "n": found.n, **intervals})
    return rows


def _known(value: float) -> float | None:
    """A number as JSON wants it."""
    return float(value) if np.isfinite(value) else None


def _plain(matrix: Floats) -> list[list[float | None]]:
    return [[_known(value) for value in row] for row in matrix]
