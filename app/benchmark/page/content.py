"""What a benchmark's page is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Figure = dict[str, Any]
"""A Plotly figure as plain data, `{"data": [...], "layout": {"height": pixels, ...}}`; the page colours paper, grid."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure with its title, and a caption that says n, intervals and yardstick."""

    title: str
    caption: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts, the first column words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with paragraphs, large plots, small ones side by side, and tables, in this order."""

    title: str
    paragraphs: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()
    small_plots: tuple[Plot, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page. `made_by` is the command that makes it again, shown at the foot with the date."""

    title: str
    paragraphs: tuple[str, ...]
    sections: tuple[Section, ...]
    made_by: str
