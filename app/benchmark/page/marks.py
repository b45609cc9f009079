"""What plots of different pages have in common: colours, whiskers, legends, reliability diagrams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.benchmark.page.content import Figure, Plot

COLOURS = ("#3d8bd4", "#e08b2c", "#2fa57c", "#c065b0", "#b89a1c", "#7d84e0")
GREY = "#8a8f98"


def legend_above() -> Figure:
    """A legend in one line above the plot."""
    return {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"}


def whiskers(
    means: Sequence[float], lows: Sequence[float | None], highs: Sequence[float | None], colour: str
) -> Figure:
    """Error bars from the lows to the highs; none where there is too little to tell."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [0.0 if high is None else high - mean for mean, high in zip(means, highs, strict=True)],
        "arrayminus": [0.0 if low is None else mean - low for mean, low in zip(means, lows, strict=True)],
        "color": colour,
        "thickness": 1.4,
        "width": 4,
    }


def interval_whiskers(intervals: Sequence[dict[str, Any]], colour: str) -> Figure:
    """Error bars of intervals."""
    mean, low, high = ([interval[key] for interval in intervals] for key in ("mean", "low", "high"))
    return whiskers(mean, low, high, colour)


def reliability(title: str, caption: str, bins: Sequence[dict[str, Any]], colour: str) -> Plot:
    """A small reliability diagram: n and Wilson interval in every bin (`ensembles.scores.ReliabilityBin` as dicts)."""
    said, rate, low, high, n = (
        [found[key] for found in bins] for key in ("mean_probability", "observed_rate", "low", "high", "n")
    )
    perfect = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"dash": "dot", "width": 1, "color": GREY},
        "hoverinfo": "skip",
    }
    observed = {
        "type": "scatter",
        "mode": "markers",
        "x": said,
        "y": rate,
        "error_y": whiskers(rate, low, high, colour),
        "marker": {"color": colour, "size": 7},
        "customdata": n,
        "hovertemplate": "said %{x:.3f}, happened %{y:.3f}, n = %{customdata}",
    }
    counts = [
        {
            "x": place,
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "text": short(count),
            "showarrow": False,
            "font": {"size": 10},
        }
        for place, count in zip(said, n, strict=True)
    ]
    layout = {
        "height": 320,
        "showlegend": False,
        "annotations": counts,
        "xaxis": {"title": {"text": "stated probability"}, "range": [-0.04, 1.04], "zeroline": False},
        "yaxis": {"title": {"text": "observed rate"}, "range": [-0.04, 1.04], "zeroline": False},
        "margin": {"l": 52, "r": 14, "t": 24, "b": 46},
    }
    return Plot(title, caption, {"data": [perfect, observed], "layout": layout})


def short(n: int) -> str:
    """A count in four characters or so."""
    return f"{n / 1000:.1f}k" if n >= 1000 else str(n)
