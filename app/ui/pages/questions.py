"""Questions: all of them, to filter and page through, and one with its history, answers and resolution."""

from __future__ import annotations

import streamlit as st

from app.ui import reading, shell, theme, words
from app.ui.charts.answers import Once, history_chart
from app.ui.parts import forecast, resolution
from db.ledger.filters import KINDS, STATES, QuestionFilter
from db.ledger.rows import QuestionDetail, QuestionRow
from db.values import ProbabilityValue

_ON_A_PAGE = 20


def _list() -> None:
    counts = reading.at_head("counts", reading.views().counts)
    if not counts.questions:
        shell.empty(
            "No questions yet",
            "Ask one on the Desk, draw some from the event store, or import a set.",
            command="auspex questions generate --as-of DATE",
        )
        st.page_link("pages/desk.py", label="Ask a question", icon=":material/edit_note:")
        return
    wanted = _filter()
    cursors = st.session_state.setdefault("question-pages", {})
    if cursors.get("filter") != wanted:
        cursors.clear()
        cursors.update(filter=wanted, after=[""])
    page = reading.views().questions(wanted, limit=_ON_A_PAGE, after=cursors["after"][-1])
    if not page.data:
        shell.empty("No question fits", "Take a filter away to see more.", icon=":material/filter_alt_off:")
        return
    with st.container(key="question-list", gap=None):
        for row in page.data:
            _row(row)
    _turn(cursors["after"], page.next)


def _filter() -> QuestionFilter:
    facets = reading.at_head("facets", reading.views().facets)
    text, state, kind, source = st.columns([3, 1.3, 1.3, 1.6])
    return QuestionFilter(
        text=text.text_input("Text", placeholder="Words of the question", icon=":material/search:", key="find").strip(),
        state=state.selectbox("State", ("", *STATES), format_func=lambda name: name or "any", key="state"),
        kind=kind.selectbox("Kind", ("", *KINDS), format_func=lambda name: words.KINDS.get(name, "any"), key="kind"),
        source=source.selectbox("Source", ("", *facets.sources), format_func=lambda name: name or "any", key="from"),
    )


def _row(row: QuestionRow) -> None:
    line = st.container(horizontal=True, vertical_alignment="center", wrap=False)
    with line.container():
        st.page_link("pages/questions.py", label=words.plain(row.text), query_params={"question": row.id})
        said = words.count(row.n_forecasts, "forecast")
        st.caption(f"{words.KINDS[row.kind]} · {words.plain(row.source)} · due {words.day(row.resolve_by)} · {said}")
    chance = words.NOTHING if row.probability is None else f"**{words.percent(row.probability, 0)}**"
    line.container(width=56).markdown(chance, text_alignment="right")
    with line.container(width=96, horizontal=True, horizontal_alignment="right"):
        shell.state_badge(row.outcome if row.state == "resolved" and row.kind == "binary" else row.state)


def _turn(after: list[str], following: str) -> None:
    """Buttons to newer and older questions; `after` holds the cursors of the pages up to this one."""
    line = st.container(horizontal=True, vertical_alignment="center")
    if line.button("Newer", icon=":material/arrow_back:", disabled=len(after) == 1, key="newer"):
        after.pop()
        st.rerun()
    if line.button("Older", icon=":material/arrow_forward:", disabled=not following, key="older"):
        after.append(following)
        st.rerun()
    line.caption(f"Page {len(after)}")


def _one(question_id: str) -> None:
    detail = reading.views().question(question_id)
    row, question = detail.row, detail.question
    if st.button("All questions", type="tertiary", icon=":material/arrow_back:", key="back"):
        st.query_params.clear()
        st.rerun()
    st.header(words.plain(question.text), anchor=False)
    line = st.container(horizontal=True, vertical_alignment="center")
    with line:
        shell.state_badge(row.state)
        st.caption(
            f"{words.KINDS[row.kind]} · {words.plain(row.source)} · asked {words.minute(question.open_at)} · due "
            f"{words.minute(question.resolve_by)} · {row.id[:8]}",
            width="stretch",
        )
    for label, text in (
        ("What decides it", question.resolution_criteria),
        ("Fine print", question.fine_print),
        ("Background", question.background),
    ):
        if text:
            with st.expander(label):
                st.markdown(words.plain(text))
    _forecasts(detail)
    resolution.show(detail)


def _forecasts(detail: QuestionDetail) -> None:
    found = forecast.rounds(detail)
    if not found:
        shell.empty("Nobody has forecast this yet", "Ask the crowd.", icon=":material/groups:", command=(
            f"auspex batch run --question {detail.row.id[:8]}"
        ))  # fmt: skip
        return
    if len(found) > 1:
        st.subheader("History", anchor=False)
        _history(detail)
    st.subheader("Forecast", anchor=False)
    chosen = found[0]
    if len(found) > 1:
        chosen = st.selectbox("As of", found, format_func=lambda one: words.minute(one.as_of), key="round")
    else:
        st.caption(f"As of {words.minute(chosen.as_of)}")
    forecast.show(detail.question, chosen)


def _history(detail: QuestionDetail) -> None:
    said = [
        Once(who=item.member, moment=item.as_of.isoformat(), probability=item.value.probability)
        for item in detail.forecasts
        if isinstance(item.value, ProbabilityValue)
    ]
    said += [
        Once(who="the crowd", moment=item.as_of.isoformat(), probability=item.value.probability, pooled=True)
        for item in detail.aggregates
        if isinstance(item.value, ProbabilityValue)
    ]
    if said:
        theme.show_chart(history_chart(said))


with shell.page("Questions"):
    asked_for = st.query_params.get("question", "")
    if asked_for:
        _one(asked_for)
    else:
        _list()
