"""The track record in brief: how the crowd did on what is resolved, against climatology on the same questions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from app.ui import reading, shell, theme, words

if TYPE_CHECKING:
    from db.ledger.rows import ScoredColumns

_CROWD, _REFERENCE = "the crowd", "climatology"
_CROWD_CODE, _REFERENCE_CODE, _OTHERS = 0, 1, -1
_AGGREGATE, _HYBRID = "aggregate (", "aggregate (hybrid"


@dataclass(frozen=True, slots=True)
class Standing:
    """Brier scores, lower is better, of the crowd and of climatology on the questions that both answered.

    `live` says which answers they are: those made before it could be known, else back-tests. `months` are (first day,
    who, mean, n) by the month in which the outcome was known.
    """

    n: int
    live: bool
    crowd: dict[str, float | None]
    reference: dict[str, float | None]
    months: list[tuple[date, str, float, int]]


def show() -> None:
    """How the desk did so far, in a line of figures and a small chart; what to do where nothing is resolved yet."""
    found = reading.at_head("standing", lambda: standing(reading.views().scored()))
    counts = reading.at_head("counts", reading.views().counts)
    if found is None:
        if counts.questions:
            shell.empty(
                "No track record yet",
                f"{words.count(counts.open, 'question')} open. Scores begin when the first one that was forecast is "
                "resolved.",
                icon=":material/hourglass_top:",
            )
        return
    figures, chart = st.container(key="wide-standing").columns([3, 2], gap="large")
    with figures:
        columns = st.columns(3)
        columns[0].metric("Resolved", f"{counts.resolved:,}", help=f"Of {words.count(counts.questions, 'question')}.")
        columns[1].metric("Brier score of the crowd", _mean(found.crowd), help="Lower is better; 0.25 is a coin's.")
        columns[2].metric("Of climatology", _mean(found.reference), help="The base rate, on the same questions.")
        made = "forecast live" if found.live else "forecast in back-tests, not live"
        st.caption(
            f"Brier scores of {words.count(found.n, 'yes/no question')}, {made}. 95 % intervals: the crowd "
            f"{_ends(found.crowd)}, climatology {_ends(found.reference)}."
        )
    with chart:
        if len({day for day, *_ in found.months}) > 1:
            _chart(found)


def standing(columns: ScoredColumns) -> Standing | None:
    """How the crowd stands against climatology; None while there is no question that both answered and that came."""
    from app.track_record import TRACKS
    from app.track_record.selection import on_track

    both = _crowd_and_reference(columns)
    for track in TRACKS:
        said = on_track(both, track)
        shared = said.where(np.bincount(said.question, minlength=1)[said.question] == 2)
        if len(shared):
            return _standing(shared, track)
    return None


def _crowd_and_reference(columns: ScoredColumns) -> ScoredColumns:
    """The answers of climatology, and the aggregates of every rule as those of one member."""
    crowds = [name.startswith(_AGGREGATE) and not name.startswith(_HYBRID) for name in columns.members]
    who = np.array([_CROWD_CODE if crowd else _OTHERS for crowd in crowds], dtype=np.int32)
    who[[name == _REFERENCE for name in columns.members]] = _REFERENCE_CODE
    rows = np.flatnonzero(who[columns.member] != _OTHERS)
    return replace(columns.where(rows), members=(_CROWD, _REFERENCE), member=who[columns.member[rows]])


def _standing(shared: ScoredColumns, track: str) -> Standing:
    from app.track_record import LIVE, by_member, over_time

    scores = {part.name: part for part in by_member(shared, track)}
    return Standing(
        n=scores[_CROWD].n,
        live=track == LIVE,
        crowd=scores[_CROWD].brier.as_dict(),
        reference=scores[_REFERENCE].brier.as_dict(),
        months=[
            (month.first_day, who, month.brier.mean, month.n)
            for who in (_CROWD, _REFERENCE)
            for month in over_time(shared, who, track)
        ],
    )


def _chart(found: Standing) -> None:
    from app.ui.charts.months import Month, months_chart

    months = [Month(who=who, first_day=day, mean=mean, n=n) for day, who, mean, n in found.months]
    theme.show_chart(months_chart(months, title="Brier score", leading=_CROWD))


def _mean(interval: dict[str, float | None]) -> str:
    return words.NOTHING if interval["mean"] is None else f"{interval['mean']:.3f}"


def _ends(interval: dict[str, float | None]) -> str:
    low, high = interval["low"], interval["high"]
    return "unknown (one cluster)" if low is None or high is None else f"{low:.3f} to {high:.3f}"
