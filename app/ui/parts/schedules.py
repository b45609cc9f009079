"""Schedules: what is done at set times, its missed ticks, and a form for another."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app.jobs.records import DeskJob, Schedule
from app.ui import reading, shell, words
from app.ui.parts.asking import member_options

_SOURCE = "http://data.gdeltproject.org/gdeltv2/masterfilelist.txt"
_MEMBERS_NOTE = "Left empty: all statistical members."


def show() -> None:
    """Every schedule, then the form."""
    with shell.refusals():
        found = reading.jobs().schedules()
        if not found:
            shell.empty(
                "Nothing is scheduled",
                "The daily desk refreshes the events, draws questions, forecasts, resolves and scores, once a day.",
                icon=":material/schedule:",
            )
        for schedule in found:
            _one(schedule)
    with st.expander("Add a schedule", icon=":material/add:", expanded=not found):
        _form()


def _one(schedule: Schedule) -> None:
    with st.container(border=True, key=f"schedule-{schedule.name}"):
        line = st.container(horizontal=True, vertical_alignment="center")
        line.markdown(f"**{words.plain(schedule.name)}**", width="stretch")
        line.badge("paused" if schedule.paused else "active", color="gray" if schedule.paused else "green")
        st.caption(
            f"{words.plain(schedule.spec.kind)} · {words.plain(schedule.cron)} ({words.plain(schedule.time_zone)}) · "
            f"last {words.minute(schedule.last_at)} · next {words.minute(schedule.next_at)}"
        )
        missed = reading.jobs().missed(schedule.name)
        if missed:
            st.caption(f"{words.count(len(missed), 'tick')} missed since {words.minute(missed[0])}.")
        _buttons(schedule, missed)


def _buttons(schedule: Schedule, missed: list[datetime]) -> None:
    row = st.container(horizontal=True)
    name, jobs = schedule.name, reading.jobs()
    if schedule.paused:
        if row.button("Go on", icon=":material/play_arrow:", key=f"unpause-{name}"):
            jobs.unpause(name)
            st.rerun()
    elif row.button("Pause", icon=":material/pause:", key=f"pause-{name}"):
        jobs.pause(name)
        st.rerun()
    if missed and row.button("Run what was missed", icon=":material/history:", key=f"backfill-{name}"):
        jobs.backfill(name, missed[0], missed[-1])
        st.rerun()
    if row.button("Remove", icon=":material/delete:", key=f"remove-{name}"):
        jobs.remove(name)
        st.rerun()


def _form() -> None:
    st.caption("A day at the desk: events are taken in, questions drawn, forecast and resolved, and all of it scored.")
    left, middle, right = st.columns(3)
    name = left.text_input("Name", value="daily-desk", key="schedule-name")
    cron = middle.text_input("When", value="30 6 * * *", key="schedule-cron", help="Minute, hour, day, month, weekday.")
    zone = right.text_input("Time zone", value="UTC", key="schedule-zone")
    source = st.text_input(
        "Events from", value=_SOURCE, key="schedule-source", help="Empty: nothing is taken in first."
    )
    left, middle, right = st.columns(3)
    n = left.number_input("Questions a day", min_value=1, value=100, key="schedule-n")
    horizon = middle.number_input("Days ahead", min_value=1, value=7, key="schedule-horizon")
    budget = right.number_input("US dollars at most", min_value=0.0, value=None, key="schedule-budget")
    statistical, models = member_options()
    members = st.multiselect(
        "Members", (*statistical, *models), accept_new_options=True, placeholder=_MEMBERS_NOTE, key="schedule-members"
    )
    if st.button("Add it", type="primary", icon=":material/add:", key="schedule-add"):
        spec = DeskJob(
            title=name,
            sources=tuple(part.strip() for part in (source,) if part.strip()),
            horizon_days=int(horizon),
            n=int(n),
            members=tuple(members),
            budget_usd=budget,
        )
        with shell.refusals():
            reading.jobs().add_schedule(Schedule(name=name, cron=cron, time_zone=zone, spec=spec))
            st.rerun()
