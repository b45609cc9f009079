"""What the report's plots are put together from: heights, labels and colours of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.benchmark.page.content import Figure
from app.benchmark.page.marks import COLOURS, one_line_each

Row = dict[str, Any]

_BAND = 0.8
"""The share of a member's line that its horizons are spread over."""
_ROW_PX, _TEXT_PX, _FRAME_PX = 20, 15, 130
_LONGEST_LABEL = 26


def label(row: Row) -> str:
    """A member, with its class of leakage where it is not clean: rows of two classes are never one."""
    leakage = row["leakage"]["class"]
    return str(row["member"]) if leakage == "clean" else f"{row['member']} ({leakage})"


def labels(rows: Sequence[Row]) -> list[str]:
    """The labels of the rows, each once, in order."""
    return list(dict.fromkeys(label(row) for row in rows))


def colours(rows: Sequence[Row]) -> dict[int, str]:
    """A colour for each horizon."""
    horizons = sorted({row["horizon_days"] for row in rows})
    return {horizon: COLOURS[at % len(COLOURS)] for at, horizon in enumerate(horizons)}


def heights(rows: Sequence[Row]) -> list[float]:
    """The height of each row on an axis of labels: one unit per label, its horizons spread within it."""
    lines, horizons = labels(rows), list(colours(rows))
    first = bar_height(rows) / 2 - _BAND / 2
    return [lines.index(label(row)) + first + bar_height(rows) * horizons.index(row["horizon_days"]) for row in rows]


def bar_height(rows: Sequence[Row]) -> float:
    """How high one row is on an axis of labels."""
    return _BAND / len(colours(rows))


def by_label(rows: Sequence[Row]) -> Figure:
    """The layout of a plot with one line per label."""
    lines = [_broken(line) for line in labels(rows)]
    highest_text = max(line.count("<br>") + 2 for line in lines) * _TEXT_PX
    return {
        "height": _FRAME_PX + len(lines) * max(_ROW_PX * len(colours(rows)), highest_text),
        "yaxis": one_line_each(lines),
        "margin": {"l": 10, "r": 14, "t": 60, "b": 50},
    }


def outcomes(row: Row) -> dict[str, int]:
    """How many queries became what; together they are all of them."""
    failed = sum(row["failed"].values())
    return {
        "answered": row["n"] - failed,
        "invalid": row["invalid"],
        "unfinished": row["unfinished"],
        "failed otherwise": failed - row["invalid"] - row["unfinished"],
    }


def sizes(rows: Sequence[Row]) -> str:
    """How many queries are behind each mark, in words."""
    n = sorted({row["n"] for row in rows})
    days = max(row["n_days"] for row in rows)
    return f"n = {n[0]} each on {days} days" if len(n) == 1 else f"n = {n[0]} to {n[-1]} each on up to {days} days"


def in_days(horizon: int) -> str:
    """A horizon in words."""
    return "1 day" if horizon == 1 else f"{horizon} days"


def _broken(line: str) -> str:
    """A long label on several lines, broken before its parameters and its class of leakage."""
    if len(line) <= _LONGEST_LABEL:
        return line
    for mark in ("?", "&", " ("):
        line = line.replace(mark, f"<br>{mark.strip()}")
    return line
