"""Scores by month, small: who leads in front, a reference behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import altair as alt

from app.ui.charts.drawing import chart_of, layered
from app.ui.charts.palette import GREY, INK

_HEIGHT = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The mean score of `who` over n questions whose outcome was known in the month of `first_day`."""

    who: str
    first_day: date
    mean: float
    n: int


def months_chart(months: Sequence[Month], *, title: str, leading: str) -> alt.LayerChart:
    """Lines over months; `leading` is drawn in ink, all others in grey. `title` names the score."""
    rows = [{"who": one.who, "month": one.first_day.isoformat()[:7], "mean": one.mean, "n": one.n} for one in months]
    names = sorted({one.who for one in months}, key=lambda name: name != leading)
    colours = [INK if name == leading else GREY for name in names]
    base = chart_of(rows).encode(
        x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True, domain=False)),
        y=alt.Y("mean:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=3, domain=False)),
        color=alt.Color(
            "who:N", title=None, scale=alt.Scale(domain=names, range=colours), legend=alt.Legend(orient="top")
        ),
        tooltip=[
            alt.Tooltip("who:N", title="who"),
            alt.Tooltip("month:O", title="month"),
            alt.Tooltip("mean:Q", title=title, format=".3f"),
            alt.Tooltip("n:Q", title="questions", format=","),
        ],
    )
    return layered(base.mark_line(strokeWidth=2), base.mark_circle(size=45, opacity=1), height=_HEIGHT)
