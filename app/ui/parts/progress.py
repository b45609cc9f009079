"""A job's progress, looked at again every second until it has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from app.jobs.records import FailureGroup, JobState, JobStatus
from app.ui import reading, shell, words

_EVERY_S = 1.0
_WORKER_SILENT = timedelta(seconds=60)

COLOURS = {
    JobState.QUEUED: "gray",
    JobState.RUNNING: "blue",
    JobState.DONE: "green",
    JobState.CANCELLED: "orange",
    JobState.FAILED: "red",
}


def watch(job_id: str) -> JobStatus:
    """Show how a job stands, live while it is under way; returns how it stood when the page was drawn."""
    status = reading.jobs().status(job_id)
    if status.state.ended:
        bar(status)
    else:
        _live(job_id)
    return status


@st.fragment(run_every=_EVERY_S)
def _live(job_id: str) -> None:
    status = reading.jobs().status(job_id)
    bar(status)
    warn_without_worker()
    if st.button("Cancel", key=f"cancel-{job_id}", icon=":material/stop_circle:"):
        with shell.refusals():
            reading.jobs().cancel(job_id)
    if status.state.ended:
        st.rerun()


def bar(status: JobStatus) -> None:
    """How far a job is, in a line and a bar."""
    share = status.done / status.total if status.total else float(status.state.ended)
    said = status.state.value.capitalize()
    if status.total:
        unit = "answers" if status.kind in ("forecast", "desk") else "steps"
        said += f": {status.done:,} of {status.total:,} {unit}"
    if status.failed:
        said += f", {status.failed:,} failed"
    st.progress(min(share, 1.0), text=f"{said} · {words.money(status.cost_usd)}")
    if status.error:
        st.error(words.plain(status.error), icon=":material/error:")


def badge(state: JobState) -> None:
    """A job's state as a badge."""
    st.badge(state.value, color=COLOURS[state])  # type: ignore[arg-type]


def warn_without_worker() -> None:
    """Say so where nobody is there to do the work."""
    seen = reading.jobs().worker_seen_at()
    if seen is None or datetime.now(UTC) - seen > _WORKER_SILENT:
        since = "No worker has run here yet" if seen is None else f"No worker since {words.minute(seen)}"
        st.warning(f"{since}: jobs wait until one runs. Start it with `auspex worker`.", icon=":material/bedtime:")


def failures(groups: tuple[FailureGroup, ...]) -> None:
    """What went wrong, alike failures together."""
    rows = [(f"{group.n:,}", group.member, group.reason, group.example) for group in groups]
    shell.table(("n", "member", "reason", "for instance"), rows)
