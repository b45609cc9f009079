"""One member of the Track record page: calibration, discrimination, and its scores over time, by source and horizon."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.scoring import REFERENCE
from app.track_record.breakdowns import Part, Period, by_horizon, by_source, over_time
from app.track_record.calibration import Discrimination, discrimination, reliability
from app.track_record.selection import code_of
from app.ui import reading, theme, words
from app.ui.charts.intervals import interval_chart
from app.ui.charts.over_time import over_time_chart
from app.ui.charts.palette import GREY, INK
from app.ui.charts.reliability import reliability_chart
from app.ui.parts.leaders import Record
from app.ui.record_points import first_choice, months, parts
from db.ledger.rows import ScoredColumns
from ensembles.scores import ReliabilityBin

_CALIBRATION_PX, _TOLD_PX = 530, 370
"""Side by side where there is room, else one below the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What the page shows of a member on a track; `base_rate` are climatology's months, none for climatology itself."""

    bins: list[ReliabilityBin]
    told: Discrimination | None
    months: list[Period]
    base_rate: list[Period]
    sources: list[Part]
    horizons: list[Part]


def scores_of(columns: ScoredColumns, member: str, track: str) -> Scores:
    """All of it, from the ledger's columns: cut down to the member's own first, which the parts then read quickly."""
    own = columns.where(columns.member == code_of(columns, member))
    base = columns.where(columns.member == code_of(columns, REFERENCE))
    return Scores(
        bins=reliability(own, member, track),
        told=discrimination(own, member, track),
        months=over_time(own, member, track),
        base_rate=[] if member == REFERENCE else over_time(base, REFERENCE, track),
        sources=by_source(own, member, track),
        horizons=by_horizon(own, member, track),
    )


def show(record: Record, rows: Sequence[dict[str, Any]], track: str) -> None:
    """A choice of member, and its scores on yes/no questions."""
    names = [row["member"] for row in rows if row["n_binary"]]
    st.subheader("One member", anchor=False)
    member = st.selectbox(
        "Member", names, index=names.index(first_choice(rows)), key=f"record_member_{track}", width=360
    )
    found = reading.at_head(f"scores {track} {member}", lambda: scores_of(record.columns, member, track))
    with st.container(horizontal=True, gap="large"):
        with st.container(width=_CALIBRATION_PX):
            _calibration(found, member, track)
        with st.container(width=_TOLD_PX):
            _discrimination(found.told)
    _over_time(found, member, track)
    sources, horizons = st.columns(2, gap="large")
    with sources:
        _by("By source", found.sources, f"sources_{track}")
    with horizons:
        _by("By horizon", found.horizons, f"horizons_{track}")


def _calibration(found: Scores, member: str, track: str) -> None:
    st.markdown("##### Calibration")
    theme.show_chart(
        reliability_chart(found.bins),
        key=f"reliability_{track}",
        caption=f"{words.plain(member)}, {track}: n = {sum(one.n for one in found.bins):,} in bins of ten points; the "
        "numbers on top are how many each. Whiskers: 95 % Wilson intervals, which take questions to be independent. On "
        "the dotted line what was said came as often as said.",
    )


def _discrimination(told: Discrimination | None) -> None:
    st.markdown("##### Telling yes from no")
    if told is None:
        st.caption("No answer to a question that came out yes or no.")
        return
    with st.container(horizontal=True, gap="medium"):
        st.metric("Brier score", f"{told.brier:.3f}", width="content")
        st.metric(
            "AUROC",
            words.NOTHING if math.isnan(told.auroc) else f"{told.auroc:.3f}",
            help="The chance that a yes was given more than a no; .5 for guessing.",
            width="content",
        )
        st.metric("ECE", f"{told.ece:.3f}", help="Mean gap between forecast and rate over the bins.", width="content")
    parts_of = told.murphy
    with st.container(horizontal=True, gap="medium"):
        st.metric("Reliability", f"{parts_of.reliability:.4f}", help="0 is perfect calibration.", width="content")
        st.metric(
            "Discrimination",
            f"{parts_of.discrimination:.4f}",
            help="How far bins differ in what came; the more the better, uncertainty at most.",
            width="content",
        )
        st.metric(
            "Uncertainty", f"{parts_of.uncertainty:.4f}", help="Of the questions, not of the member.", width="content"
        )
    fractions = f"; {told.n_fractions:,} that came out as a fraction are left out" if told.n_fractions else ""
    st.caption(
        f"n = {told.n:,}, {words.percent(told.base_rate)} of them yes{fractions}. Brier score = reliability - "
        "discrimination + uncertainty (Murphy 1973), over the bins of the diagram."
    )


def _over_time(found: Scores, member: str, track: str) -> None:
    st.markdown("##### Over time")
    base = months("base rate (climatology)", found.base_rate)
    theme.show_chart(
        over_time_chart(
            [*months(member, found.months), *base],
            title="Brier score, lower is better",
            colours={member: INK, "base rate (climatology)": GREY},
        ),
        key=f"over_time_{track}",
        caption=f"By the month in which the outcome was known: n = {sum(month.n for month in found.months):,} in "
        f"{words.count(len(found.months), 'month')}. Bands: 95 % intervals that resample clusters.",
    )


def _by(title: str, found: Sequence[Part], key: str) -> None:
    st.markdown(f"##### {title}")
    theme.show_chart(
        interval_chart(parts(found), title="Brier score, lower is better"),
        key=key,
        caption="n = " + ", ".join(f"{part.n:,} {words.plain(part.name)}" for part in found) + ".",
    )
