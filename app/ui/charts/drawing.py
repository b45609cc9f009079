"""What every Altair chart here begins and ends with: rows as inline data, layers as one chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt


def chart_of(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """A chart that carries these rows itself."""
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def layered(*layers: alt.Chart, height: int) -> alt.LayerChart:
    """The layers over each other, the first at the bottom; `height` in pixels."""
    return alt.LayerChart(layer=list(layers)).properties(height=height)


def interval_text(mean: float, low: float | None, high: float | None, format: str) -> str:
    """`mean (low to high)`, without the bounds where they are not known."""
    ends = "" if low is None or high is None else f" ({low:{format}} to {high:{format}})"
    return f"{mean:{format}}{ends}"
