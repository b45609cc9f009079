"""The crowd's answers to one question: every member's, the aggregate's, and how far the members lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from app.ui.charts.drawing import chart_of, layered
from app.ui.charts.palette import GREY, INK, WARM

_LINE_PX, _FRAME_PX = 26, 56


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A probability in 0..1 that `who` said; `apart` of somebody who is no member of the crowd."""

    who: str
    probability: float
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A member's number: its median, and a low and a high quantile."""

    who: str
    low: float
    middle: float
    high: float


def crowd_chart(said: Sequence[Said], aggregate: float | None, spread: float | None) -> alt.LayerChart:
    """A dot a member in the order of their probabilities, a line at the aggregate, a band of one spread about it."""
    rows = [
        {"who": one.who, "p": one.probability, "kind": "beside the crowd" if one.apart else "member"} for one in said
    ]
    order = [one.who for one in sorted(said, key=lambda one: -one.probability)]
    x = alt.X(
        "p:Q", title="probability of yes", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=6)
    )
    y = alt.Y("who:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, domain=False, grid=True))
    dots = (
        chart_of(rows)
        .mark_circle(size=110, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=["member", "beside the crowd"], range=[INK, GREY]), legend=None
            ),
            tooltip=[alt.Tooltip("who:N", title="who"), alt.Tooltip("p:Q", title="probability", format=".1%")],
        )
    )
    layers = [dots]
    if aggregate is not None:
        layers.insert(0, _pooled(aggregate, spread or 0.0))
        layers.insert(1, _line(aggregate))
    return layered(*layers, height=_FRAME_PX + _LINE_PX * len(order))


def _pooled(aggregate: float, spread: float) -> alt.Chart:
    band = {"low": max(aggregate - spread, 0.0), "high": min(aggregate + spread, 1.0)}
    drawn: alt.Chart = chart_of([band]).mark_rect(color=WARM, opacity=0.14).encode(x="low:Q", x2="high:Q")
    return drawn


def _line(aggregate: float) -> alt.Chart:
    line = chart_of([{"p": aggregate}]).mark_rule(color=WARM, strokeWidth=2.5)
    drawn: alt.Chart = line.encode(x="p:Q", tooltip=[alt.Tooltip("p:Q", title="aggregate", format=".1%")])
    return drawn


def options_chart(said: Mapping[str, Mapping[str, float]], aggregate: Mapping[str, float]) -> alt.LayerChart:
    """A line an option: a dot for each member's probability, a bar for the aggregate's; likeliest first."""
    rows = [{"who": who, "option": option, "p": p} for who, per in said.items() for option, p in per.items()]
    pooled = [{"option": option, "p": p} for option, p in aggregate.items()]
    known = aggregate or {option: 0.0 for per in said.values() for option in per}
    order = sorted(known, key=lambda option: -known[option])
    x = alt.X("p:Q", title="probability", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=6))
    y = alt.Y("option:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, domain=False))
    bars = (
        chart_of(pooled)
        .mark_bar(color=WARM, opacity=0.45, height=12)
        .encode(x=x, y=y, tooltip=["option:N", alt.Tooltip("p:Q", title="aggregate", format=".1%")])
    )
    dots = (
        chart_of(rows)
        .mark_circle(size=70, color=INK, opacity=0.9)
        .encode(x=x, y=y, tooltip=["who:N", "option:N", alt.Tooltip("p:Q", title="probability", format=".1%")])
    )
    return layered(bars, dots, height=_FRAME_PX + (_LINE_PX + 6) * len(order))


def ranges_chart(ranges: Sequence[Range], *, pooled: str, title: str) -> alt.LayerChart:
    """A line each: the median with its interval; the one called `pooled` stands out. `title` names the unit."""
    rows = [
        {"who": one.who, "low": one.low, "middle": one.middle, "high": one.high, "pooled": one.who == pooled}
        for one in ranges
    ]
    scale = alt.Scale(zero=False)
    base = chart_of(rows).encode(
        y=alt.Y("who:N", sort=[one.who for one in ranges], title=None, axis=alt.Axis(labelLimit=260, domain=False)),
        color=alt.condition("datum.pooled", alt.value(WARM), alt.value(INK)),
        tooltip=["who:N", "low:Q", alt.Tooltip("middle:Q", title="median"), "high:Q"],
    )
    return layered(
        base.mark_rule(strokeWidth=2.5, opacity=0.6).encode(x=alt.X("low:Q", title=title, scale=scale), x2="high:Q"),
        base.mark_circle(size=90, opacity=1).encode(x=alt.X("middle:Q", title=title, scale=scale)),
        height=_FRAME_PX + _LINE_PX * len(ranges),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """The probability that `who` said as of `moment` (ISO, UTC); `pooled` of the aggregate."""

    who: str
    moment: str
    probability: float
    pooled: bool = False


def history_chart(said: Sequence[Once]) -> alt.LayerChart:
    """How answers went over the moments that they were made as of: members thin, the aggregate on top of them."""
    rows = [{"who": one.who, "at": one.moment, "p": one.probability, "pooled": one.pooled} for one in said]
    base = chart_of(rows).encode(
        x=alt.X("at:T", title="as of", axis=alt.Axis(format="%d %b %Y", labelAngle=0, labelOverlap=True)),
        y=alt.Y(
            "p:Q", title="probability of yes", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=6)
        ),
        detail="who:N",
        tooltip=[
            alt.Tooltip("who:N", title="who"),
            alt.Tooltip("at:T", title="as of", format="%Y-%m-%d %H:%M"),
            alt.Tooltip("p:Q", title="probability", format=".1%"),
        ],
    )
    members = base.transform_filter("!datum.pooled")
    pooled = base.transform_filter("datum.pooled")
    return layered(
        members.mark_line(color=GREY, strokeWidth=1, opacity=0.5),
        members.mark_circle(color=INK, size=45, opacity=0.55),
        pooled.mark_line(color=WARM, strokeWidth=3),
        pooled.mark_circle(color=WARM, size=110, opacity=1),
        height=280,
    )
