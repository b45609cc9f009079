"""The pooling half of the Crowd page: the rule used now and why, the rules compared, leanings, and disagreement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from app.crowd_report import TRACKS, crowd_report
from app.ui import reading, shell, theme, words
from app.ui.charts.intervals import interval_chart, point
from app.ui.rules_compared import Comparison, compare_rules, difference_points
from ensembles.registry import DEFAULT_RULE

Row = dict[str, Any]
_TYPES = {"market": "Questions of markets and tournaments", "data": "Questions made from data"}


def show() -> None:
    """The report over the resolved yes/no questions."""
    with st.spinner("Reading the track record"):
        found, comparisons = reading.at_head("crowd", _report)
    if not found["members"]:
        shell.empty(
            "No forecast of a yes/no question has an outcome yet",
            "Rules are compared on resolved questions. The event store resolves those about events.",
            icon=":material/groups:",
            command="auspex resolve",
        )
        return
    _learnt(found["learnt"], found["crowd"])
    for comparison in comparisons:
        _compared(comparison)
    _habits(found["members"])
    _disagreement(found["spread"], found["effective"])


def _report() -> tuple[Row, list[Comparison]]:
    """The crowd report as of now, and the rules compared on each track that has answers."""
    now = datetime.now(UTC)
    record = reading.ledger().track_record(known_before=now)
    found = crowd_report(record, [], now=now)
    compared = [compare_rules(record, tuple(found["crowd"]), track) for track in TRACKS]
    return found, [one for one in compared if one is not None]


def _learnt(rows: Sequence[Row], crowd: Sequence[str]) -> None:
    st.subheader("The rule used now", anchor=False)
    for column, row in zip(st.columns(max(len(rows), 1), gap="medium"), rows, strict=False):
        with column, st.container(border=True, height="stretch"):
            st.markdown(f"{_TYPES[row['type']]}")
            st.markdown(f"#### `{row['rule']}`")
            st.markdown(f"{words.plain(row['reason'][:1].upper() + row['reason'][1:])}.")
            gain = row["gain"]
            st.caption(
                f"n = {row['n_known']:,} known outcomes of live forecasts in {words.count(row['rounds'], 'round')}. "
                f"Gain of learnt weights in Brier score on later rounds: {words.interval(gain, 4)}. Power to see one "
                f"of {row['effect']:g}: {_number(row['power'], 2)}."
            )
    st.caption(f"The crowd: {words.plain(', '.join(crowd) or 'nobody yet')}. Only live forecasts teach a rule.")


def _compared(found: Comparison) -> None:
    st.subheader(f"Rules compared, {found.track}", anchor=False)
    theme.show_chart(
        interval_chart(
            difference_points(found),
            title=f"Brier score less that of {DEFAULT_RULE}; left of the line is better",
            format="+.4f",
            reference=0.0,
        ),
        key=f"rules_{found.track}",
        caption=f"n = {found.n:,} questions that all {len(found.members)} members answered, in {found.clusters:,} "
        f"clusters (pairs of countries, series); {found.incomplete:,} with a gap left out. 95 % intervals "
        "resample clusters. An interval across the line tells nothing apart.",
    )
    shell.table(
        ("Rule", "Brier score", "Log loss", "Skill against the base rate", f"Less {DEFAULT_RULE}", "Verdict"),
        [
            (
                row["rule"],
                f"{row['brier']:.4f}",
                f"{row['log_loss']:.4f}",
                _number(row["skill_vs_base_rate"], 3),
                words.interval(row["diff"], 4),
                words.NOTHING if row["rule"] == DEFAULT_RULE else row["verdict"],
            )
            for row in found.rows
        ],
        numbers=(1, 2, 3, 4),
    )
    name, best = found.best
    st.caption(
        f"The average member has {found.average:.4f}, the best in hindsight, {words.plain(name)}, {best:.4f}. The base "
        "rate is that of these very questions, which nobody knew beforehand."
    )


def _habits(rows: Sequence[Row]) -> None:
    st.subheader("How members lean", anchor=False)
    points = [point(row["member"], row["lean"], row["n"], row["track"]) for row in rows]
    theme.show_chart(
        interval_chart(
            [one for one in points if one is not None],
            title="mean forecast less the rate that came true; right of the line says yes too much",
            format="+.3f",
            reference=0.0,
        ),
        key="leanings",
        caption=f"n = {_range([row['n'] for row in rows])} answers each. 95 % intervals resample clusters.",
    )
    with st.expander("In numbers", icon=":material/table_rows:"):
        shell.table(
            ("Member", "Track", "n", "Mean", "Came true", "Lean to yes", "x.x5 or x.x0", "x.x0", "Brier score"),
            [
                (
                    row["member"],
                    row["track"],
                    f"{row['n']:,}",
                    words.percent(row["mean_forecast"]),
                    words.percent(row["resolution_rate"]),
                    words.interval(row["lean"]),
                    words.percent(row["share_of_fives"], 0),
                    words.percent(row["share_of_tens"], 0),
                    words.interval(row["brier"]),
                )
                for row in rows
            ],
            numbers=range(2, 9),
        )
        st.caption("Multiples of 5 and of 10 per cent: 21 % and 11 % if whole per cents were all as likely.")


def _disagreement(spread: Sequence[Row], effective: Sequence[Row]) -> None:
    if not spread:
        return
    st.subheader("What disagreement tells", anchor=False)
    for row in effective:
        st.markdown(
            f"{_number(row['effective'], 1)} independent members would be worth as much as these {row['members']} "
            f"({row['track']}, n = {row['n']:,}): their errors go together."
        )
    shell.table(
        ("Source", "Track", "n", "Spread", "Doubt", "Spread beyond doubt", "Error where wide", "Elsewhere"),
        [
            (
                row["source"] or "all",
                row["track"],
                f"{row['n']:,}",
                words.interval(row["by_spread"], 2),
                words.interval(row["by_doubt"], 2),
                words.interval(row["beyond_doubt"], 2),
                _number(row["error_flagged"], 3),
                _number(row["error_rest"], 3),
            )
            for row in spread
        ],
        numbers=range(2, 8),
    )
    st.caption(
        "Spearman's correlation with the squared error of the logit pool: of the members' standard deviation, of the "
        "pool's own doubt p (1 - p), and of the first with the second held fixed. Wide: the fifth of the questions "
        "with the widest spread."
    )


def _range(counts: Sequence[int]) -> str:
    """One number where all are the same, else from the least to the most."""
    least, most = min(counts), max(counts)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _number(value: float | None, digits: int) -> str:
    return words.NOTHING if value is None or value != value else f"{value:.{digits}f}"
