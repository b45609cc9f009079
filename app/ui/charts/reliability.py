"""The reliability diagram: what was said against what came, with n and the interval of every bin."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from app.benchmark.page.marks import count_text
from app.ui.charts.drawing import chart_of, layered
from app.ui.charts.palette import GREY, INK
from ensembles.scores import ReliabilityBin

_UNIT = alt.Scale(domain=[0, 1], nice=False)
_HEIGHT, _COUNTS_AT = 360, (-9, -22)
_PADDING = {"left": 4, "top": 34, "right": 14, "bottom": 4}
"""Room above the frame for how many forecasts each bin has, on two lines in turn so that they do not touch."""


def reliability_chart(bins: Sequence[ReliabilityBin], *, colour: str = INK) -> alt.LayerChart:
    """Observed rate against mean forecast with the rate's interval; above the frame how many forecasts each bin has."""
    rows = [
        {
            "mean": one.mean_probability,
            "observed": one.observed_rate,
            "low": one.low,
            "high": one.high,
            "n": one.n,
            "place": place,
            "short": count_text(one.n),
            "interval": f"{one.low:.1%} to {one.high:.1%}",
        }
        for place, one in enumerate(bins)
    ]
    base = chart_of(rows).encode(
        x=alt.X("mean:Q", title="mean forecast in the bin", scale=_UNIT, axis=alt.Axis(format=".0%", tickCount=5)),
        tooltip=[
            alt.Tooltip("mean:Q", title="mean forecast", format=".1%"),
            alt.Tooltip("observed:Q", title="came true", format=".1%"),
            alt.Tooltip("interval:N", title="95 % interval"),
            alt.Tooltip("n:Q", title="n", format=","),
        ],
    )
    perfect = (
        chart_of([{"mean": 0, "observed": 0}, {"mean": 1, "observed": 1}])
        .mark_line(strokeDash=[4, 4], color=GREY, strokeWidth=1)
        .encode(x="mean:Q", y="observed:Q")
    )
    rate = alt.Axis(format=".0%", tickCount=5)
    whiskers = base.mark_rule(color=colour, strokeWidth=2, opacity=0.55).encode(
        y=alt.Y("low:Q", title="came true", scale=_UNIT, axis=rate), y2="high:Q"
    )
    dots = base.mark_circle(color=colour, opacity=1, size=70).encode(
        y=alt.Y("observed:Q", title="came true", scale=_UNIT, axis=rate)
    )
    counts = [
        base.transform_filter(f"datum.place % 2 == {at}")
        .mark_text(fontSize=11, color=GREY)
        .encode(y=alt.value(height), text=alt.Text("short:N"))
        for at, height in enumerate(_COUNTS_AT)
    ]
    return layered(perfect, whiskers, dots, *counts, height=_HEIGHT).properties(padding=_PADDING)
