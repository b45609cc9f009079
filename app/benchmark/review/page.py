"""The page of a peer review."""

from __future__ import annotations

from typing import Any

from app.benchmark.page.content import Page, Section
from app.benchmark.review.matrix import ReviewMatrix
from app.benchmark.review.plots import agreement, heat_maps, leaderboard, severity
from app.benchmark.review.tables import agreement as agreement_table
from app.benchmark.review.tables import assessors, bounds, leaderboards, number, respondents


def page(matrix: ReviewMatrix, found: dict[str, Any], *, made_by: str) -> Page:
    """The page: what the marks are, how far they agree, who is severe, who is ranked how."""
    sections = [
        Section(
            "The marks",
            plots=(heat_maps(matrix, found),),
            tables=(respondents(found),),
        ),
        Section(
            "Do the assessors agree?",
            paragraphs=(_agreement_in_words(found),),
            plots=(agreement(found),) if found["icc_table"] else (),
            tables=(agreement_table(found),),
        ),
        Section(
            "What says more about the assessor than about the reviewed",
            plots=(severity(found),),
            tables=(assessors(found),),
        ),
    ]
    if matrix.leaderboards:
        sections.append(
            Section(
                "Against external leaderboards",
                plots=tuple(leaderboard(matrix, found, name) for name in matrix.leaderboards),
                tables=(leaderboards(found),),
            )
        )
    return Page(
        title="Peer review",
        paragraphs=(
            f"{found['n_assessors']} assessors marked {found['n_respondents']} respondents on {found['n_criteria']} "
            f"criteria, 1 (poor) to 5 (excellent); the mean mark is {found['grand_mean']:.2f}"
            + (f"; {found['n_absent']} pairs have no marks." if found["n_absent"] else "."),
            "Marks are opinions of rationales, not scores of forecasts: no pool is weighed by them unless that has won "
            "on later outcomes.",
        ),
        sections=tuple(sections),
        made_by=made_by,
    )


def _agreement_in_words(found: dict[str, Any]) -> str:
    rows = {row["type"]: row for row in found["icc_table"]}
    if not rows:
        return (
            "Too few complete marks to tell: an intraclass correlation needs two respondents marked by two assessors."
        )
    one, mean = (f"{number(row['icc'])} [{bounds(row)}]" for row in (rows["ICC2"], rows["ICC3k"]))
    return (
        f"The mark of one assessor, severity counted as error, has ICC(2,1) = {one}. The mean of all assessors, "
        f"severity taken out, has ICC(3,k) = {mean}. The last is what papers like to report; it holds for the order of "
        "respondents by just these assessors together, and for nothing else."
    )
