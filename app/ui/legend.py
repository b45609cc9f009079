"""A legend in words and dots above a chart: unlike a chart's own it wraps where there is little room."""

from __future__ import annotations

import html
from collections.abc import Mapping

import streamlit as st

from app.ui import theme


def legend(colours: Mapping[str, str]) -> None:
    """Each name with a dot in its colour (one of the palette's)."""
    entries = "".join(
        f'<span style="white-space: nowrap"><span style="color: {theme.in_theme(colour)}">\u25cf</span> '
        f"{html.escape(name)}</span>"
        for name, colour in colours.items()
    )
    st.html(f'<div style="display: flex; flex-wrap: wrap; gap: 0 1.2rem; font-size: 0.85rem">{entries}</div>')
