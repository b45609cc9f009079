"""The plots of a peer review as Plotly figures: heat-maps of marks, severity, agreement, leaderboards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app.benchmark.page import marks
from app.benchmark.page.content import Figure, Plot
from app.benchmark.page.marks import COLOURS
from app.benchmark.review.matrix import ReviewMatrix
from app.benchmark.review.tables import kind

_ROW_PX, _FRAME_PX, _LETTER_PX = 26, 150, 7
_LONGEST_NAME = 22
_PATH = re.compile(r"[^:/?]*/")
_SEVERE, _LENIENT = COLOURS[0], COLOURS[1]
_SEQUENTIAL = [[0, "#12355b"], [0.35, "#2f7f9e"], [0.7, "#8cc7a5"], [1, "#f2efc7"]]
_DIVERGING = [[0, "#a8323e"], [0.25, "#e59a7c"], [0.5, "#f4f2ee"], [0.75, "#86b3d6"], [1, "#1f5a99"]]
_LOWEST_SHOWN = -1.3
"""Intervals of an ICC of the mean of all may reach far below 0; what lies below this is cut off."""


def heat_maps(matrix: ReviewMatrix, found: dict[str, Any]) -> Plot:
    """Marks of each pair, raw and centred, assessors by severity and respondents by rank."""
    rows = [row["assessor"] for row in found["severity"]]
    columns = [row["respondent"] for row in found["respondents"]]
    cells = found["matrix"]

    def ordered(values: list[list[float | None]]) -> list[list[float | None]]:
        by_name = dict(zip(cells["assessors"], values, strict=True))
        places = [cells["respondents"].index(name) for name in columns]
        return [[by_name[name][place] for place in places] for name in rows]

    far = max((abs(value) for row in cells["centred"] for value in row if value is not None), default=1.0) or 1.0
    shown = len(rows) <= 20 and len(columns) <= 20
    raw = _heat_map("x", ordered(cells["marks"]), rows, columns, "mark", _SEQUENTIAL, (1, 5), text=shown, at=0.235)
    centred = _heat_map(
        *("x2", ordered(cells["centred"]), rows, columns, "centred", _DIVERGING, (-far, far)), text=shown, at=0.765
    )
    longest = max(len(_short(name)) for name in columns)
    upright = longest <= 3
    axis = {**_names(columns, "respondent, the best first"), "tickangle": 0 if upright else 90}
    layout = {
        "height": _FRAME_PX + _ROW_PX * max(len(rows), 6) + (0 if upright else _LETTER_PX * longest),
        "xaxis": {**axis, "domain": [0, 0.485]},
        "xaxis2": {**axis, "domain": [0.515, 1]},
        "yaxis": {**_names(rows, "assessor"), "autorange": "reversed"},
        "shapes": _own(matrix, rows, columns),
        "margin": {"l": 10, "r": 10, "t": 70, "b": 40},
    }
    caption = (
        f"Mean over {found['n_criteria']} criteria of what each assessor (line, the most severe on top) gave each "
        "respondent (column, the best by centred marks on the left). Left as given, right minus the assessor's own "
        "mean. Outlined: a model's marks of its own work."
    )
    return Plot("Who marked whom how", caption, {"data": [raw, centred], "layout": layout})


def _heat_map(
    axis: str,
    values: list[list[float | None]],
    rows: list[str],
    columns: list[str],
    name: str,
    colours: list[list[Any]],
    ends: tuple[float, float],
    *,
    text: bool,
    at: float,
) -> Figure:
    return {
        "type": "heatmap",
        "xaxis": axis,
        "x": columns,
        "y": rows,
        "z": values,
        "zmin": ends[0],
        "zmax": ends[1],
        "colorscale": colours,
        "xgap": 1,
        "ygap": 1,
        "hoverongaps": False,
        "texttemplate": "%{z:.1f}" if text else "",
        "textfont": {"size": 9},
        "hovertemplate": f"%{{y}} of %{{x}}: %{{z:.2f}}<extra>{name}</extra>",
        "colorbar": {
            "orientation": "h",
            "x": at,
            "y": 1.0,
            "yanchor": "bottom",
            "len": 0.36,
            "thickness": 9,
            "title": {"text": name, "side": "top", "font": {"size": 11}},
            "tickfont": {"size": 10},
        },
    }


def _own(matrix: ReviewMatrix, rows: list[str], columns: list[str]) -> list[Figure]:
    """Outlines around the cells in which a model marks its own work."""
    outlines = []
    for assessor, wrote in zip(matrix.assessors, matrix.own, strict=True):
        for respondent, own in zip(matrix.respondents, wrote, strict=True):
            x, y = columns.index(respondent), rows.index(assessor)
            corners = {"x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5}
            line = {"color": "#a3178f", "width": 2}
            outlines += [{"type": "rect", "xref": axis, **corners, "line": line} for axis in ("x", "x2") if own]
    return outlines


def severity(found: dict[str, Any]) -> Plot:
    """How far each assessor marks above or below all others, with intervals."""
    rows = [row for row in found["severity"] if row["severity"]["mean"] is not None]
    means = [row["severity"]["mean"] for row in rows]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": means,
        "y": [row["assessor"] for row in rows],
        "width": 0.62,
        "marker": {"color": [_SEVERE if mean < 0 else _LENIENT for mean in means]},
        "error_x": marks.interval_whiskers([row["severity"] for row in rows], "#6b7280"),
        "customdata": [row["mean_given"] for row in rows],
        "hovertemplate": "%{y}: %{x:+.2f}, mean given %{customdata:.2f}<extra></extra>",
    }
    layout = {
        "height": 90 + _ROW_PX * max(len(rows), 4),
        "xaxis": {"title": {"text": "mean mark given, minus that of all assessors"}, "zeroline": True},
        "yaxis": {**_names([row["assessor"] for row in rows], "assessor"), "autorange": "reversed"},
        "margin": {"l": 10, "r": 14, "t": 20, "b": 50},
    }
    given = sorted(row["mean_given"] for row in rows)
    caption = (
        f"Below 0 severe, above lenient; means given run from {given[0]:.2f} to {given[-1]:.2f}. Whiskers: 95 % "
        f"bootstrap over {found['n_respondents']} respondents. Centring takes all of this out."
    )
    return Plot("Severity", caption, {"data": [bars], "layout": layout})


def agreement(found: dict[str, Any]) -> Plot:
    """The six ICCs with intervals."""
    rows = [row for row in found["icc_table"] if row["icc"] is not None]
    intervals = [{"mean": row["icc"], "low": row["low"], "high": row["high"]} for row in rows]
    points = marks.dots(intervals, list(map(kind, rows)), COLOURS[2], name="ICC", hover="%{y} = %{x:.3f}")
    lowest = min([row["low"] for row in rows if row["low"] is not None] + [0.0])
    layout = {
        "height": 270,
        "xaxis": {
            "title": {"text": "intraclass correlation"},
            "range": [max(lowest, _LOWEST_SHOWN) - 0.05, 1.02],
            "zeroline": True,
        },
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True},
        "margin": {"l": 10, "r": 14, "t": 10, "b": 50},
    }
    caption = (
        "Six answers to “do they agree?”, all of one matrix: a single figure without its name says nothing. Whiskers: "
        "95 % intervals (McGraw & Wong 1996)."
    )
    return Plot("Agreement", caption, {"data": [points], "layout": layout})


def leaderboard(matrix: ReviewMatrix, found: dict[str, Any], name: str) -> Plot:
    """Marks received from others against an external score of the same model."""
    scores = matrix.leaderboards[name]
    rows = [row for row in found["respondents"] if row["respondent"] in scores and row["by_others"] is not None]
    points = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [scores[row["respondent"]] for row in rows],
        "y": [row["by_others"] for row in rows],
        "text": [_short(row["respondent"]) for row in rows],
        "textposition": "top center",
        "textfont": {"size": 10},
        "marker": {"size": 9, "color": COLOURS[3]},
        "hovertemplate": f"%{{text}}: {name} %{{x}}, centred marks %{{y:+.2f}}<extra></extra>",
    }
    layout = {
        "height": 340,
        "xaxis": {"title": {"text": name}, "zeroline": False},
        "yaxis": {"title": {"text": "centred marks from others"}},
        "margin": {"l": 60, "r": 14, "t": 20, "b": 50},
    }
    caption = f"{len(rows)} respondents that {name} ranks too; the marks of one's own work are left out."
    return Plot(f"Marks against {name}", caption, {"data": [points], "layout": layout})


def _names(names: Sequence[str], title: str) -> Figure:
    """An axis of names, long ones shortened."""
    return {
        "type": "category",
        "title": {"text": title},
        "tickvals": list(names),
        "ticktext": [_short(name) for name in names],
        "showgrid": False,
        "automargin": True,
    }


def _short(name: str) -> str:
    """A member's or model's name without the path before the model, cut where it is still long."""
    brief = _PATH.sub("", name)
    return brief if len(brief) <= _LONGEST_NAME else f"{brief[: _LONGEST_NAME - 1]}…"
