"""The desk: how the crowd did so far, a question to ask, and its forecast as it comes in."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app.ui import reading, shell, words
from app.ui.parts import asking, forecast, progress, standing
from app.ui.parts.asking import Order
from app.ui.parts.examples import Example, examples
from db.errors import StoreError
from db.ledger.filters import QuestionFilter


def _page() -> None:
    standing.show()
    job_id, question_id = st.query_params.get("job", ""), st.query_params.get("question", "")
    if job_id and question_id:
        _result(job_id, question_id)
        return
    left, right = st.container(key="wide-ask").columns([3, 2], gap="large")
    with left:
        st.subheader("Ask a question", anchor=False)
        order = asking.form()
        if order is not None:
            _send(order)
    with right:
        _examples()
        _latest()


def _send(order: Order) -> None:
    with shell.refusals():
        question_id, job_id = asking.send(order)
        st.query_params.update(job=job_id, question=question_id)
        st.rerun()


def _examples() -> None:
    st.subheader("Or try one of these", anchor=False)
    try:
        as_of = reading.default_as_of()
        found, ends = examples(as_of), reading.store().info().last_added_at
    except StoreError:
        found, ends = [], None
    if not found:
        _no_events(ends)
    for place, example in enumerate(found):
        _example(place, example, Order(asked=example.asked, as_of=as_of, members=example.members))


def _no_events(ends: datetime | None) -> None:
    shell.empty(
        "No events are stored yet" if ends is None else f"The event store ends on {words.day(ends)}",
        "Members count what happened before. Take in some days of GDELT first.",
        icon=":material/database:",
        command="auspex ingest http://data.gdeltproject.org/gdeltv2/masterfilelist.txt --from DATE --to DATE",
    )


def _example(place: int, example: Example, order: Order) -> None:
    question = asking.made(order.asked, order.as_of)
    with st.container(border=True, key=f"example-{place}"):
        st.markdown(words.plain(question.text))
        note = example.note or "all statistical members"
        line = st.container(horizontal=True, vertical_alignment="center", wrap=False)
        line.caption(f"As of {words.day(order.as_of)}, {note}", width="stretch")
        if line.button("Ask", key=f"ask-example-{place}", icon=":material/send:"):
            _send(order)


def _latest() -> None:
    found = reading.at_head("open-latest", lambda: reading.views().questions(QuestionFilter(state="open"), limit=5))
    if not found.data:
        return
    st.subheader("Open questions", anchor=False)
    with st.container(key="open-questions", gap=None):
        for row in found.data:
            st.page_link(
                "pages/questions.py", label=f"**{words.percent(row.probability, 0)}** · {words.plain(row.text)}",
                query_params={"question": row.id},
            )  # fmt: skip
    st.page_link("pages/questions.py", label="All questions", icon=":material/arrow_forward:")


def _result(job_id: str, question_id: str) -> None:
    """The forecast of one question: its progress while it is made, then all of it."""
    detail = reading.views().question(question_id)
    st.divider()
    st.subheader(words.plain(detail.question.text), anchor=False)
    if detail.question.resolution_criteria:
        st.caption(words.plain(detail.question.resolution_criteria))
    status = progress.watch(job_id)
    if status.state.ended:
        found = forecast.rounds(detail)
        if found:
            forecast.show(detail.question, found[0])
        elif status.failures_by_signature:
            progress.failures(status.failures_by_signature)
    row = st.container(horizontal=True, vertical_alignment="center")
    if row.button("Ask another question", icon=":material/add:", key="another"):
        st.query_params.clear()
        st.rerun()
    row.page_link(
        "pages/questions.py", label="History and resolution", icon=":material/history:",
        query_params={"question": question_id},
    )  # fmt: skip


with shell.page(
    "Desk", "Ask a question, and the crowd answers with a probability that is recorded before it is known."
):
    _page()
