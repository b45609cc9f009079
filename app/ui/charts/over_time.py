"""Scores over time: a line per forecaster with its interval as a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import altair as alt

from app.ui.charts.drawing import chart_of, interval_text, layered
from app.ui.charts.palette import GREY, SERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A mean score of `name` over the n answers of the period that begins on `first_day`; bounds None: too few."""

    name: str
    first_day: date
    mean: float
    low: float | None
    high: float | None
    n: int


def over_time_chart(
    periods: Sequence[Period], *, title: str, format: str = ".3f", colours: Mapping[str, str] | None = None
) -> alt.LayerChart:
    """Lines with bands, names coloured in their order of appearance; `title` names the score."""
    names = list(dict.fromkeys(one.name for one in periods))
    taken = colours or dict(zip(names, SERIES, strict=False))
    rows = [
        {
            "name": one.name,
            "day": one.first_day.isoformat(),
            "mean": one.mean,
            "low": one.low,
            "high": one.high,
            "n": one.n,
            "said": interval_text(one.mean, one.low, one.high, format),
        }
        for one in periods
    ]
    scale = alt.Scale(zero=False)
    base = chart_of(rows).encode(
        x=alt.X("day:T", title=None, axis=alt.Axis(format="%b %Y", labelAngle=0, labelOverlap=True, tickCount=8)),
        color=alt.Color(
            "name:N",
            scale=alt.Scale(domain=names, range=[taken.get(name, GREY) for name in names]),
            legend=alt.Legend(orient="top", title=None, columns=3),
        ),
        tooltip=[
            alt.Tooltip("name:N", title="who"),
            alt.Tooltip("day:T", title="from", format="%Y-%m-%d"),
            alt.Tooltip("said:N", title=title),
            alt.Tooltip("n:Q", title="n", format=","),
        ],
    )
    band = base.transform_filter("datum.low != null").mark_errorband(opacity=0.12)
    return layered(
        band.encode(y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q"),
        base.transform_filter("datum.low != null")
        .mark_rule(opacity=0.35)
        .encode(y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q"),
        base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=45)).encode(
            y=alt.Y("mean:Q", title=title, scale=scale)
        ),
        height=300,
    )
