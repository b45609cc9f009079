"""Jobs: what runs and what ran, what failed and why, and what is done at set times."""

from __future__ import annotations

import streamlit as st

from app.jobs.records import JobState, JobStatus
from app.ui import reading, shell, words
from app.ui.parts import progress, schedules

_ON_A_PAGE = 15


def _list() -> None:
    progress.warn_without_worker()
    line = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom")
    state = line.segmented_control("State", [state.value for state in JobState], key="job-state")
    if line.button(
        "Resolve what is due",
        icon=":material/task_alt:",
        key="resolve-due",
        help="Lets the event store resolve every open question whose days are past.",
    ):
        from app.jobs.records import ResolveJob

        st.query_params["job"] = reading.jobs().submit(ResolveJob())
        st.rerun()
    _rows(state or "")


@st.fragment(run_every=3.0)
def _rows(state: str) -> None:
    """The jobs, looked at again while the page is open."""
    with shell.refusals():
        page = reading.jobs().list(limit=_ON_A_PAGE, state=state, after=st.session_state.get(f"jobs-after-{state}", ""))
        if not page.data:
            shell.empty(
                "No jobs here",
                "Questions that are asked on the Desk run as jobs, and so do schedules.",
                icon=":material/work_history:",
                command="auspex batch run --as-of DATE",
            )
            return
        with st.container(key="job-list", gap=None):
            for status in page.data:
                _row(status)
        line, key = st.container(horizontal=True), f"jobs-after-{state}"
        if st.session_state.get(key) and line.button("Newest", icon=":material/first_page:", key="newest"):
            st.session_state[key] = ""
            st.rerun(scope="fragment")
        if page.next and line.button("Older", icon=":material/arrow_forward:", key="older"):
            st.session_state[key] = page.next
            st.rerun(scope="fragment")


def _row(status: JobStatus) -> None:
    line = st.container(horizontal=True, vertical_alignment="center", wrap=False)
    with line.container():
        st.page_link("pages/jobs.py", label=words.plain(status.title), query_params={"job": status.job_id})
        told = f"{status.kind} · {words.minute(status.created_at)}"
        st.caption(f"{told} · {words.plain(status.schedule)}" if status.schedule else told)
    failed = f", {status.failed:,} failed" if status.failed else ""
    done = f"{status.done:,} of {status.total:,}{failed}" if status.total else words.NOTHING
    line.container(width=150).markdown(f":small[:gray[{done}]]", text_alignment="right")
    with line.container(width=96, horizontal=True, horizontal_alignment="right"):
        progress.badge(status.state)


def _one(job_id: str) -> None:
    if st.button("All jobs", type="tertiary", icon=":material/arrow_back:", key="back"):
        st.query_params.clear()
        st.rerun()
    status = reading.jobs().status(job_id)
    st.header(words.plain(status.title), anchor=False)
    when = f"{status.kind} · submitted {words.minute(status.created_at)}"
    if status.logical_at:
        when += f" · for {words.minute(status.logical_at)} of {words.plain(status.schedule)}"
    st.caption(f"{when} · {status.job_id}")
    progress.watch(job_id)
    if status.failures_by_signature:
        st.subheader("What failed", anchor=False)
        progress.failures(status.failures_by_signature)
    if status.result:
        st.subheader("What came of it", anchor=False)
        shell.table(("", ""), [(name.replace("_", " "), str(value)) for name, value in status.result.items()])
    unfinished = status.state in (JobState.CANCELLED, JobState.FAILED)
    if unfinished or (status.state == JobState.DONE and status.failed):
        label = "Go on" if unfinished else "Ask again what failed"
        if st.button(label, icon=":material/replay:", type="primary", key="resume"):
            with shell.refusals():
                reading.jobs().resume(job_id)
                st.rerun()


with shell.page("Jobs"):
    if st.query_params.get("job"):
        _one(st.query_params["job"])
    else:
        shown = st.segmented_control(
            "Show", ("Work", "Schedules"), default="Work", required=True, key="shown", label_visibility="collapsed"
        )
        if shown == "Work":
            _list()
        else:
            schedules.show()
