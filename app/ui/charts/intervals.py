"""Means with their intervals, a line each: leaderboards, agreement, anything that is a number with its doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from app.ui.charts.drawing import chart_of, interval_text, layered
from app.ui.charts.palette import GREY, SERIES

_LINE_PX, _FRAME_PX, _LEGEND_PX = 26, 60, 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A mean on the line `label`; `low` and `high` are None where the interval is not known. `n` is what it rests on.

    Points of different `group` have different colours and stand under each other on the same line.
    """

    label: str
    mean: float
    low: float | None
    high: float | None
    n: int
    group: str = ""


def point(label: str, interval: Mapping[str, float | None] | None, n: int, group: str = "") -> Point | None:
    """The point of an interval as the reports have it, or None where there is no mean."""
    if interval is None or interval["mean"] is None:
        return None
    return Point(label=label, mean=interval["mean"], low=interval["low"], high=interval["high"], n=n, group=group)


def interval_chart(
    points: Sequence[Point],
    *,
    title: str,
    format: str = ".3f",
    reference: float | None = None,
    colours: Mapping[str, str] | None = None,
) -> alt.LayerChart:
    """Dots with whiskers, lines in the order of `points`; `reference` draws a dotted line, such as at no difference.

    `title` names the axis. `colours` gives groups theirs; without it they take them in order.
    """
    labels = list(dict.fromkeys(one.label for one in points))
    groups = list(dict.fromkeys(one.group for one in points))
    taken = colours or dict(zip(groups, SERIES, strict=False))
    base = chart_of([_row(one, format) for one in points]).encode(
        y=alt.Y(
            "label:N",
            sort=labels,
            title=None,
            axis=alt.Axis(labelLimit=260, labelOverlap=False, labelFlush=False, ticks=False, domain=False),
        ),
        yOffset=alt.YOffset("group:N", sort=groups) if len(groups) > 1 else alt.Undefined,
        color=alt.Color(
            "group:N",
            scale=alt.Scale(domain=groups, range=[taken.get(group, GREY) for group in groups]),
            legend=alt.Legend(orient="top", title=None) if len(groups) > 1 else None,
        ),
        tooltip=[
            alt.Tooltip("label:N", title="what"),
            *([alt.Tooltip("group:N", title="track")] if len(groups) > 1 else []),
            alt.Tooltip("said:N", title=title),
            alt.Tooltip("n:Q", title="n", format=","),
        ],
    )
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(tickCount=6)
    whiskers = base.transform_filter("datum.low != null").mark_rule(strokeWidth=2, opacity=0.55)
    layers = [
        whiskers.encode(x=alt.X("low:Q", title=title, scale=scale, axis=axis), x2="high:Q"),
        base.mark_circle(size=70, opacity=1).encode(x=alt.X("mean:Q", title=title, scale=scale, axis=axis)),
    ]
    if reference is not None:
        layers.insert(0, _line_at(reference))
    several = len(groups) > 1
    height = _FRAME_PX + _LEGEND_PX * several + _LINE_PX * len(labels) * max(1, (len(groups) + 1) // 2)
    return layered(*layers, height=height)


def _row(one: Point, format: str) -> dict[str, Any]:
    return {
        "label": one.label,
        "group": one.group,
        "mean": one.mean,
        "low": one.low,
        "high": one.high,
        "n": one.n,
        "said": interval_text(one.mean, one.low, one.high, format),
    }


def _line_at(value: float) -> alt.Chart:
    line: alt.Chart = chart_of([{"at": value}]).mark_rule(strokeDash=[3, 3], color=GREY).encode(x="at:Q")
    return line
