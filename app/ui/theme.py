"""Light and dark: which one a reader has, and charts drawn in its colours.

Charts are made in the colours of `app.ui.charts.palette`, which are for light paper. Each has a counterpart that reads
as well on dark: `show_chart` swaps them, so that a chart is written once.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import altair as alt

    Chart = (
        alt.Chart
        | alt.LayerChart
        | alt.VConcatChart
        | alt.HConcatChart
        | alt.ConcatChart
        | alt.FacetChart
        | alt.RepeatChart
    )

_ON_DARK = {
    "#1f4e79": "#7fb2dd",
    "#c77d24": "#e3a75c",
    "#2b8a6b": "#63c0a0",
    "#8a5aa8": "#bd95d8",
    "#b3413a": "#e0817a",
    "#8a8f98": "#9aa1ab",
    "#4d7ea8": "#a5c9e6",
    "#9a8424": "#cdb75c",
    "#7fb3d5": "#8fbfe0",
    "#e0a458": "#e8b878",
    "#a8323e": "#d9707b",
    "#f4f2ee": "#262d35",
    "#1f5a99": "#7fb2dd",
    "#eef3f7": "#1d2833",
    "#9cc0d9": "#4d7ea8",
    "#22303c": "#e4e6e8",
    "#fdfcfa": "#14181d",
}
"""Colours of charts on light paper, and what stands for them on dark."""

_COLOUR = re.compile("|".join(_ON_DARK), re.IGNORECASE)
_FONT = "Source Sans, Source Sans Pro, sans-serif"


def is_dark() -> bool:
    """Whether the reader's page is dark; light until the browser has said."""
    return st.context.theme.type == "dark"


def show_chart(chart: Chart, *, key: str | None = None, caption: str = "") -> None:
    """Draw a chart as wide as there is room, in the colours of the reader's theme, with a caption below it."""
    st.vega_lite_chart(spec=_dressed(chart), width="stretch", theme="streamlit", key=key)
    if caption:
        st.caption(caption)


def in_theme(colour: str) -> str:
    """The colour that stands for one of the palette's in the reader's theme."""
    return _ON_DARK.get(colour.lower(), colour) if is_dark() else colour


def _dressed(chart: Chart) -> dict[str, Any]:
    """The chart's specification with the house's axes and fonts, and in dark its colours swapped.

    It is given to Streamlit as it stands, unchecked: the tests check it, and doing so again takes a tenth of a second
    for each chart on each run of a page.
    """
    spec: dict[str, Any] = chart.to_dict(validate=False)
    spec["config"] = _axes() | spec.get("config", {})
    spec.setdefault("padding", {"left": 4, "top": 8, "right": 12, "bottom": 4})
    if is_dark():
        spec = json.loads(_COLOUR.sub(lambda found: _ON_DARK.get(found[0].lower(), found[0]), json.dumps(spec)))
    return spec


def _axes() -> dict[str, object]:
    """Thin, quiet axes; the colours of text and grid are the theme's."""
    return {
        "font": _FONT,
        "axis": {
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "gridOpacity": 0.5,
            "ticks": False,
        },
        "legend": {"labelFontSize": 12, "titleFontSize": 12, "symbolType": "circle", "symbolOpacity": 1},
        "view": {"stroke": None},
    }
