"""The peer-review half of the Crowd page: who marked whom how, whether they agree, and who is severe."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.benchmark.review.matrix import ReviewMatrix
from app.benchmark.review.summary import summary
from app.benchmark.review.tables import tables
from app.ui import reading, shell, theme, words
from app.ui.charts.heat_map import heat_map
from app.ui.charts.intervals import interval_chart
from app.ui.peer_reviews import cells_of, icc_points, matrix_of
from db.reviews import PeerReview

_ALL = "All questions"


def show() -> None:
    """The reviews of all questions together, or of one."""
    reviews: list[PeerReview] = reading.at_head("reviews", lambda: reading.ledger().reviews())
    if not reviews:
        shell.empty(
            "No peer review yet",
            "Have models mark each other's reasons for the forecasts of one question.",
            icon=":material/rate_review:",
            command="auspex crowd review QUESTION --model NAME",
        )
        return
    asked = list(dict.fromkeys(review.question_id for review in reviews))
    texts = {question.id: question.text for question in reading.ledger().questions(asked)}
    chosen = st.selectbox(
        "Question", [_ALL, *asked], format_func=lambda key: texts.get(key, key), key="review_question"
    )
    wanted = [review for review in reviews if chosen in (_ALL, review.question_id)]
    matrix, found = reading.at_head(f"review {chosen}", lambda: _summed(wanted))
    _heat_map(matrix, found, n=len(wanted))
    _agreement(found)
    for table in tables(found)[1:]:
        with st.expander(table.title, icon=":material/table_rows:"):
            shell.table(table.columns, table.rows, numbers=range(1, len(table.columns)))
            st.caption(words.plain(table.note))


def _summed(reviews: list[PeerReview]) -> tuple[ReviewMatrix, dict[str, Any]]:
    matrix = matrix_of(reviews)
    return matrix, summary(matrix)


def _heat_map(matrix: ReviewMatrix, found: dict[str, Any], *, n: int) -> None:
    kind = st.segmented_control(
        "Marks", ["As given", "Less the assessor's mean"], default="As given", required=True, key="review_kind"
    )
    theme.show_chart(
        heat_map(
            cells_of(matrix, found),
            assessors=[row["assessor"] for row in found["severity"]],
            respondents=[row["respondent"] for row in found["respondents"]],
            centred=kind != "As given",
        ),
        key="review_heat_map",
        caption=f"n = {words.count(n, 'review')}: {words.count(found['n_assessors'], 'assessor')} of "
        f"{words.count(found['n_respondents'], 'respondent')}, the mean over {found['n_criteria']} criteria, 1 (poor) "
        "to 5 (excellent). Outlined: a model's marks of its own work. No pool is weighed by these marks.",
    )


def _agreement(found: dict[str, Any]) -> None:
    """All six intraclass correlations, always: one of them alone misleads."""
    st.subheader("Do the assessors agree?", anchor=False)
    points = icc_points(found)
    if points:
        theme.show_chart(
            interval_chart(points, title="intraclass correlation", format=".2f", reference=0.0), key="review_icc"
        )
    table = tables(found)[0]
    rows = table.rows or tuple((name, *[words.NOTHING] * 5) for name in found["icc"])
    shell.table(table.columns, rows, numbers=range(1, len(table.columns)))
    st.caption(words.plain(table.note if table.rows else "Agreement takes two assessors of two respondents at least."))
