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


def reliability(
    title: str,
    caption: str,
    bins: Sequence[dict[str, Any]],
    colour: str,
    *,
    stated: str = "stated probability",
    observed: str = "observed rate",
) -> Plot:
    """A small reliability diagram: n and Wilson interval in every bin (`ensembles.scores.ReliabilityBin` as dicts).

    `stated` and `observed` name the axes.
    """
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
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": said,
        "y": rate,
        "error_y": whiskers(rate, low, high, colour),
        "marker": {"color": colour, "size": 7},
        "customdata": n,
        "hovertemplate": f"{stated} %{{x:.3f}}, {observed} %{{y:.3f}}, n = %{{customdata}}<extra></extra>",
    }
    counts = [
        {
            "x": place,
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "yshift": 11 * (at % 2),
            "text": count_text(count),
            "showarrow": False,
            "font": {"size": 10},
        }
        for at, (place, count) in enumerate(zip(said, n, strict=True))
    ]
    layout = {
        "height": 320,
        "showlegend": False,
        "annotations": counts,
        "xaxis": {"title": {"text": stated}, "range": [-0.04, 1.04], "zeroline": False},
        "yaxis": {"title": {"text": observed}, "range": [-0.04, 1.04], "zeroline": False},
        "margin": {"l": 52, "r": 14, "t": 34, "b": 46},
    }
    return Plot(title, caption, {"data": [perfect, points], "layout": layout})


def count_text(n: int) -> str:
    """A count in four characters or so."""
    return f"{n / 1000:.1f}k" if n >= 1000 else str(n)


def dots(
    intervals: Sequence[dict[str, Any]], places: Sequence[float] | Sequence[str], colour: str, *, name: str, hover: str
) -> Figure:
    """Means with their intervals lying across, one in each of `places` on the other axis; `hover` is Plotly's."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [interval["mean"] for interval in intervals],
        "y": list(places),
        "error_x": interval_whiskers(intervals, colour),
        "marker": {"color": colour, "size": 8},
        "hovertemplate": f"{hover}<extra></extra>",
    }


def one_line_each(labels: Sequence[str]) -> Figure:
    """A vertical axis with a line for each label, the first on top."""
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": list(labels),
        "tickfont": {"size": 11},
        "range": [len(labels) - 0.5, -0.5],
        "automargin": True,
        "showgrid": False,
        "zeroline": False,
    }
