"""The traces half of the Agents page: the runs in a list with filters, and one run's steps, page by page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.ui import reading, shell, words
from app.ui.trace_text import LONG, TITLES, argument_rows, code_arguments, facts_of, parts_of, title_of
from db.ledger.traces import TraceHeader, TraceStore
from db.traces import TraceStep

RUNS_A_PAGE, STEPS_A_PAGE = 20, 20


def show() -> None:
    """The list, and below it the run that was chosen."""
    with TraceStore(reading.settings().database_url) as traces:
        if not traces.count():
            shell.empty(
                "No agent has run yet",
                "Whatever a language-model member is sent, says, calls and is shown is kept here. The model `scripted` "
                "comes with Auspex and costs nothing.",
                icon=":material/footprint:",
                command="auspex forecast --members react:scripted",
            )
            return
        header = _chosen(traces)
        if header is not None:
            _run(traces, header)


def _chosen(traces: TraceStore) -> TraceHeader | None:
    """The run chosen in the list."""
    members, question = st.columns(2)
    with members:
        names = ["", *(name for name in reading.views().facets().members if ":" in name)]
        member = st.selectbox("Member", names, format_func=lambda name: name or "All members", key="trace_member")
    with question:
        prefix = st.text_input("Question", placeholder="the first digits of its id", key="trace_question").strip()
    total = traces.count(question_id=prefix, member=member)
    if not total:
        shell.empty("No run matches", "Choose another member, or leave the question out.")
        return None
    offset = _offset("trace_page", total, RUNS_A_PAGE, "run")
    found = traces.find(question_id=prefix, member=member, limit=RUNS_A_PAGE, offset=offset)
    return st.selectbox("Run", found, format_func=_title, key="trace_run")


def _title(header: TraceHeader) -> str:
    return (
        f"{header.member} · question {header.question_id[:8]} · as of {words.day(header.as_of)} · {header.outcome} · "
        f"{words.count(header.n_steps, 'step')}"
    )


def _run(traces: TraceStore, header: TraceHeader) -> None:
    """One run: what it was asked and took, and its steps."""
    with st.container(border=True):
        question = reading.ledger().questions([header.question_id])
        asked = question[0].text if question else f"A question of a benchmark, {header.question_id[:8]}"
        st.markdown(f"**{words.plain(asked)}**")
        answered = header.outcome == "answered"
        with st.container(horizontal=True, gap="small"):
            st.badge(header.outcome, color="green" if answered else "orange")
            st.badge(header.member, color="gray", icon=":material/smart_toy:")
            st.badge(f"as of {words.minute(header.as_of)}", color="gray", icon=":material/lock_clock:")
        st.caption(
            f"{words.count(header.n_steps, 'step')} · {header.tokens:,} tokens · {words.money(header.cost_usd)} · "
            f"model {words.plain(header.model or 'none')} · {words.minute(header.created_at)} · run `{header.id[:10]}`"
        )
    offset = _offset(f"steps_{header.id}", header.n_steps, STEPS_A_PAGE, "step")
    for number, step in enumerate(traces.steps(header.id, offset=offset, limit=STEPS_A_PAGE), start=offset):
        _step(number, step)


def _offset(key: str, total: int, size: int, what: str) -> int:
    """Where the page that is shown begins; a choice of pages where there are several."""
    pages = -(-total // size)
    if pages < 2:
        return 0
    page = st.number_input(
        f"Page of {pages} ({words.count(total, what)})", min_value=1, max_value=pages, step=1, key=key, width=220
    )
    return (int(page) - 1) * size


def _step(number: int, step: TraceStep) -> None:
    _, icon = TITLES[step.kind]
    facts = " · ".join(facts_of(step))
    with st.container(gap="small"):
        st.markdown(f"{icon} **{words.plain(title_of(number, step))}**" + (f" :gray[{facts}]" if facts else ""))
        if step.kind == "tool_call":
            _call(step)
        elif step.kind == "failure":
            st.warning(words.plain(step.text))
        elif step.kind == "prompt" or len(step.text) > LONG:
            with st.expander(f"{len(step.text):,} characters"):
                _text(step)
        else:
            _text(step)


def _call(step: TraceStep) -> None:
    """A call's arguments: a small table, and code as code."""
    rows = argument_rows(step.arguments)
    _fields(rows)
    for code in code_arguments(step.arguments).values():
        st.code(code, language="python", wrap_lines=True)
    if step.text:
        st.code(step.text, language=None, wrap_lines=True)
    if not rows and not step.text and not code_arguments(step.arguments):
        st.caption("Without arguments.")


def _fields(rows: Sequence[tuple[str, str]]) -> None:
    """Names with their values, a line each."""
    st.markdown("\n".join(f"- :gray[{words.plain(name)}:] {words.plain(value)}" for name, value in rows))


def _text(step: TraceStep) -> None:
    """What was said or shown: results in fixed width as the model had them, words as words, code as code."""
    if step.kind == "observation":
        st.code(step.text or "Nothing.", language=None, wrap_lines=True)
        return
    for part in parts_of(step.text):
        if part.kind == "fields":
            _fields(part.rows)
        elif part.kind == "code":
            st.code(part.text, language=part.language or "python", wrap_lines=True)
        else:
            st.markdown(words.plain(part.text).replace("\n", "  \n"))
    if not step.text:
        st.caption("Nothing but what follows.")
