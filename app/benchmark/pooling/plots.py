"""The comparison as plots: differences with their intervals, calibration of the default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.benchmark.page import marks
from app.benchmark.page.content import Figure, Plot
from app.benchmark.page.marks import COLOURS, GREY
from app.benchmark.pooling.tables import counted, label

Row = dict[str, Any]

_ROW_PX, _FRAME_PX = 24, 130


def rules(group: Row) -> Plot:
    """Each rule's difference to the default, fixed ones and learnt ones, the latter without their gate."""
    fixed = [(row["rule"], row["diff_to_default"]) for row in group["rules"] if not row["fitted"]]
    learnt = [(row["rule"], row["ungated"]["diff_to_default"]) for row in group["rules"] if _was_learnt(row)]
    names = [name for name, _ in fixed + learnt]
    traces = [
        _dots("fixed", fixed, names, COLOURS[0]),
        _dots("learnt, without the gate", learnt, names, COLOURS[1]),
    ]
    caption = (
        f"Brier score less that of the default ({group['default_rule']['rule']}), n = {group['n']} questions in "
        f"{group['clusters']} clusters; left of zero is better. Whiskers: 95 % intervals, clusters resampled. Learnt "
        f"rules: {group['learning']}."
    )
    return Plot("Rules against the default", caption, {"data": traces, "layout": _forest(names, "Brier vs default")})


def hybrids(group: Row) -> Plot:
    """Each hybrid's difference to the human alone."""
    fixed = [(row["hybrid"], row["diff_to_human"]) for row in group["hybrids"] if not row["fitted"]]
    learnt = [(row["hybrid"], row["ungated"]["diff_to_human"]) for row in group["hybrids"] if _was_learnt(row)]
    names = [name for name, _ in fixed + learnt]
    traces = [_dots("fixed", fixed, names, COLOURS[0]), _dots("learnt", learnt, names, COLOURS[1])]
    caption = (
        f"Brier score less that of the human alone, n = {group['human']['n']}; left of zero is better. Whiskers: 95 % "
        "intervals. Learnt ones out of sample, without a gate."
    )
    return Plot("Human and machine", caption, {"data": traces, "layout": _forest(names, "Brier vs human")})


def scenario(found: Row, row: Row) -> Plot:
    """Each learnt rule's loss against the plain pool in the worlds of one scenario."""
    rows = [(rule["rule"], rule["diff_to_logit_pool"]) for rule in row["rules"]]
    names = [name for name, _ in rows]
    worst = {
        "type": "scatter",
        "mode": "markers",
        "name": "worst 20th",
        "x": [rule["worst_20th"] for rule in row["rules"]],
        "y": [names.index(rule["rule"]) for rule in row["rules"]],
        "marker": {"color": COLOURS[1], "size": 8, "symbol": "line-ns-open"},
    }
    layout = _forest(names, "loss in Brier score vs logit pool")
    layout["shapes"].append(_line(found["too_costly"], COLOURS[1]))
    caption = f"{found['worlds']} worlds, {row['known']} outcomes known of {counted(row['rounds'], 'round')}."
    return Plot(row["scenario"], caption, {"data": [_dots("mean", rows, names, COLOURS[0]), worst], "layout": layout})


def calibration(group: Row) -> Plot:
    """The default's reliability diagram: n and Wilson interval in every bin."""
    return marks.reliability(label(group), f"n = {group['n']}", group["reliability"], COLOURS[0])


def _was_learnt(row: Row) -> bool:
    return bool(row["fitted"] and row["ungated"]["n_learnt"])


def _dots(name: str, rows: Sequence[tuple[str, Row]], names: Sequence[str], colour: str) -> Figure:
    drawn = marks.dots(
        [found for _, found in rows],
        [names.index(rule) for rule, _ in rows],
        colour,
        name=name,
        hover="%{customdata}: %{x:+.4f}",
    )
    return drawn | {"customdata": [rule for rule, _ in rows]}


def _forest(names: Sequence[str], title: str) -> Figure:
    """One line a name, the first on top, with zero marked."""
    return {
        "height": _FRAME_PX + _ROW_PX * len(names),
        "xaxis": {"title": {"text": title}, "zeroline": False, "tickformat": "+.3f"},
        "yaxis": marks.one_line_each(names),
        "shapes": [_line(0.0, GREY)],
        "legend": marks.legend_above(),
        "margin": {"l": 10, "r": 14, "t": 50, "b": 50},
    }


def _line(x: float, colour: str) -> Figure:
    return {
        "type": "line",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"dash": "dot", "width": 1.5, "color": colour},
    }
