"""Track record: how good forecasts were once the outcome was known, live and back-test apart."""

from __future__ import annotations

import streamlit as st

from app.track_record.selection import BACK_TEST, LIVE, TRACKS
from app.ui import reading, shell, words
from app.ui.parts import leaders, member_scores
from app.ui.parts.leaders import Record

_MEANING = {
    LIVE: "Live: made before the outcome could be known.",
    BACK_TEST: "Back-test: made when the outcome could be known, from what was known before. A model may have learnt "
    "of it since, so this proves less.",
}


def show() -> None:
    """The page."""
    with shell.page("Track record", "How good the forecasts were, once the outcome was known."):
        record = reading.at_head("track record", lambda: leaders.read(reading.views()))
        if not record.rows:
            _nothing()
            return
        track = _track(record)
        rows = [row for row in record.rows if row["track"] == track]
        if not rows:
            shell.empty(
                f"No {track} forecast has an outcome yet",
                "Forecast open questions, and resolve them once their outcome is known.",
                icon=":material/monitoring:",
                command="auspex forecast && auspex resolve",
            )
            return
        leaders.show(record, rows, track)
        if any(row["n_binary"] for row in rows):
            member_scores.show(record, rows, track)


def _nothing() -> None:
    counts = reading.views().counts()
    shell.empty(
        "Nothing is scored yet",
        f"{words.count(counts.forecasts, 'forecast')} of {words.count(counts.questions, 'question')}, "
        f"{counts.resolved:,} resolved. Forecasts are scored once the outcome of their question is recorded.",
        icon=":material/monitoring:",
        command="auspex resolve" if counts.forecasts else "auspex questions generate && auspex forecast",
    )


def _track(record: Record) -> str:
    """The track that is looked at: live forecasts and back-tests never share a chart."""
    have = {row["track"] for row in record.rows}
    track = st.segmented_control(
        "Track",
        TRACKS,
        default=LIVE if LIVE in have else BACK_TEST,
        format_func=str.capitalize,
        required=True,
        key="record_track",
        label_visibility="collapsed",
    )
    st.caption(_MEANING[track])
    return str(track)


show()
