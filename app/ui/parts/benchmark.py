"""The benchmark half of the Agents page: one run's results by class of leakage, with intervals and n everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.benchmark.agents.marks import in_days
from app.benchmark.agents.page import CUT_OFF, LEAKAGE, baseline_line, described
from app.benchmark.agents.tables import leakage_lines, tables
from app.ui import reading, shell, theme, words
from app.ui.bench_results import BenchRun, Row, classes, difference_points, f1_points, of_class, reliability_of, runs
from app.ui.charts.intervals import interval_chart
from app.ui.charts.reliability import reliability_chart

_LEVELS = {"base": "base codes", "root": "roots", "quad": "four classes", "binary": "cooperation or conflict"}


def show() -> None:
    """The newest run, or the one chosen."""
    folder = reading.settings().cache / "benchmarks"
    found = runs(folder)
    if not found:
        shell.empty(
            "No benchmark of agents yet",
            "Ask members which events will be reported between two countries. The model `scripted` comes with Auspex "
            "and costs nothing.",
            icon=":material/leaderboard:",
            command="auspex bench agents --members react:scripted --queries 10",
        )
        return
    run, level = _choice(found)
    st.markdown(words.plain(described(run.report)))
    st.caption(words.plain(f"{CUT_OFF} {baseline_line(run.report)} {LEAKAGE}"))
    for skip in run.report["skipped"]:
        horizon = "" if skip["horizon_days"] is None else f" at {in_days(skip['horizon_days'])}"
        st.caption(words.plain(f"{skip['n']} queries{horizon} were not asked: {skip['reason']}."))
    for leakage in classes(run.rows):
        _class(of_class(run.rows, leakage), leakage, level)
    st.caption(words.plain(f"Answers and reports: {run.folder}"))


def _choice(found: Sequence[BenchRun]) -> tuple[BenchRun, str]:
    left, right = st.columns([2, 1])
    with left:
        run = st.selectbox("Run", found, format_func=lambda one: one.title, key="bench_run")
    with right:
        level = st.selectbox("F1 of", list(_LEVELS), format_func=_LEVELS.__getitem__, key="bench_level")
    return run, level


def _class(rows: Sequence[Row], leakage: str, level: str) -> None:
    """The results of one class of leakage."""
    st.subheader(f"{leakage[:1].upper()}{leakage[1:]}", anchor=False, divider="gray")
    left, right = st.columns(2, gap="large")
    sizes = ", ".join(dict.fromkeys(f"n = {row['n']} at {in_days(row['horizon_days'])}" for row in rows))
    with left:
        theme.show_chart(
            interval_chart(f1_points(rows, level), title=f"F1, {_LEVELS[level]}"),
            key=f"bench_f1_{leakage}",
            caption=f"{sizes}. 95 % intervals resample days. An answer that is invalid or unfinished counts 0.",
        )
    baseline = rows[0]["diff_to_baseline"]["baseline"]
    with right:
        points = difference_points(rows, level)
        if points:
            theme.show_chart(
                interval_chart(points, title=f"F1 less that of {baseline}", format="+.3f", reference=0.0),
                key=f"bench_diff_{leakage}",
                caption="Paired on the same queries. An interval across the dotted line tells nothing apart.",
            )
    for table in tables(rows):
        with st.expander(words.plain(table.title), icon=":material/table_rows:"):
            shell.table(table.columns, table.rows, numbers=range(1, len(table.columns)))
            st.caption(words.plain(table.note))
    _calibration(rows, leakage)
    with st.expander("What the models may have known", icon=":material/event_busy:"):
        for line in leakage_lines(rows):
            st.markdown(words.plain(line))


def _calibration(rows: Sequence[Row], leakage: str) -> None:
    stating = [row for row in rows if row["reliability"]]
    if not stating:
        return
    with st.expander("Calibration", icon=":material/adjust:"):
        row = st.selectbox(
            "Member and horizon",
            stating,
            format_func=lambda one: f"{one['member']}, {in_days(one['horizon_days'])}",
            key=f"bench_calibration_{leakage}",
        )
        theme.show_chart(
            reliability_chart(reliability_of(row)),
            key=f"bench_reliability_{leakage}",
            caption=f"n = {row['n_probabilities']} answers x 149 base codes; whiskers are 95 % Wilson intervals. Codes "
            "of one day are not independent, so the true uncertainty is larger.",
        )
