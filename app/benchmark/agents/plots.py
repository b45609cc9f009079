"""The report's plots as Plotly figures in JSON; their paper, text and grid take the page's colours, light or dark."""

from __future__ import annotations

from collections.abc import Sequence

from app.benchmark.agents import marks
from app.benchmark.agents.marks import Row
from app.benchmark.page.content import Plot
from app.benchmark.page.marks import GREY, interval_whiskers, legend_above, reliability

MEMBER_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x", "star", "hexagon", "cross", "bowtie", "pentagon")
OUTCOMES = {"answered": "#2fa57c", "invalid": "#d5524e", "unfinished": "#e08b2c", "failed otherwise": GREY}


def plots(rows: Sequence[Row], baseline: str) -> list[Plot]:
    """The large plots that the rows allow."""
    found = [f1_plot(rows, baseline), outcome_plot(rows)]
    for key, unit in (("tokens", "tokens"), ("cost_usd", "US dollars")):
        if any(row[key] for row in rows):
            found.append(effort_plot(rows, key, unit, baseline))
    return found


def f1_plot(rows: Sequence[Row], baseline: str) -> Plot:
    """F1 of base codes and roots with intervals, a line per member, a colour per horizon."""
    heights = marks.heights(rows)
    scored = [(place, row) for place, row in zip(heights, rows, strict=True) if row["n_scored"]]
    traces = []
    for axis, level in (("x", "f1_base"), ("x2", "f1_root")):
        for horizon, colour in marks.colours(rows).items():
            shown = [(place, row) for place, row in scored if row["horizon_days"] == horizon]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": marks.in_days(horizon),
                    "legendgroup": str(horizon),
                    "showlegend": axis == "x",
                    "x": [row[level] for _, row in shown],
                    "y": [place for place, _ in shown],
                    "xaxis": axis,
                    "error_x": interval_whiskers([row["intervals"][level] for _, row in shown], colour),
                    "marker": {"color": colour, "size": 9},
                    "customdata": [[marks.label(row), row["n"], row["n_days"]] for _, row in shown],
                    "hovertemplate": "%{customdata[0]}: F1 %{x:.3f}, n = %{customdata[1]} on %{customdata[2]} days",
                }
            )
    layout = marks.by_label(rows) | {
        "xaxis": {
            "title": {"text": "F1, base codes"},
            "domain": [0, 0.485],
            "autorangeoptions": {"include": -0.02},
            "zeroline": False,
        },
        "xaxis2": {"title": {"text": "F1, roots"}, "domain": [0.515, 1], "matches": "x", "zeroline": False},
        "legend": legend_above(),
    }
    caption = (
        f"Mean F1 over queries, {marks.sizes(rows)}; colours are horizons. Whiskers: 95 % percentile bootstrap that "
        "resamples whole days. A query without a valid answer counts 0, one that could not be asked is left out. The "
        f"yardstick is {baseline}, an untuned count of the past, free of charge. Where whiskers overlap, see the "
        "paired differences in the table."
    )
    return Plot("F1 by member and horizon", caption, {"data": traces, "layout": layout})


def outcome_plot(rows: Sequence[Row]) -> Plot:
    """The share of queries answered, invalid, unfinished and failed otherwise."""
    traces = []
    for outcome, colour in OUTCOMES.items():
        counts = [marks.outcomes(row)[outcome] for row in rows]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": outcome,
                "y": marks.heights(rows),
                "x": [count / row["n"] for count, row in zip(counts, rows, strict=True)],
                "width": 0.85 * marks.bar_height(rows),
                "marker": {"color": colour},
                "customdata": [
                    [marks.label(row), marks.in_days(row["horizon_days"]), count, row["n"]]
                    for count, row in zip(counts, rows, strict=True)
                ],
                "hovertemplate": "%{customdata[0]}, %{customdata[1]}: %{customdata[2]} of %{customdata[3]}",
            }
        )
    layout = marks.by_label(rows) | {
        "barmode": "stack",
        "xaxis": {"title": {"text": "share of queries"}, "range": [0, 1.005], "tickformat": ".0%", "zeroline": False},
        "legend": legend_above(),
    }
    caption = (
        f"What became of each query, {marks.sizes(rows)}; one bar per horizon, the shortest on top. Invalid: not "
        "readable as an answer, even after being asked once more. Unfinished: out of steps. Nobody completes an answer "
        "in a member's place; all of these count 0 in F1."
    )
    return Plot("Answered, invalid, unfinished", caption, {"data": traces, "layout": layout})


def effort_plot(rows: Sequence[Row], key: str, unit: str, baseline: str) -> Plot:
    """F1 of base codes against tokens or dollars per query; the baseline, which uses none, as dotted lines."""
    colours = marks.colours(rows)
    spending = [row for row in rows if row[key] and row["n_scored"]]
    traces = []
    for at, label in enumerate(marks.labels(spending)):
        own = [row for row in spending if marks.label(row) == label]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": label,
                "x": [row[key] / row["n"] for row in own],
                "y": [row["f1_base"] for row in own],
                "error_y": interval_whiskers([row["intervals"]["f1_base"] for row in own], GREY),
                "text": [marks.in_days(row["horizon_days"]) for row in own],
                "textposition": "middle right",
                "marker": {
                    "symbol": MEMBER_SYMBOLS[at % len(MEMBER_SYMBOLS)],
                    "size": 11,
                    "color": [colours[row["horizon_days"]] for row in own],
                },
                "hovertemplate": f"%{{x:,.4~g}} {unit} a query, F1 %{{y:.3f}}",
            }
        )
    lines = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": row["f1_base"],
            "y1": row["f1_base"],
            "line": {"dash": "dot", "width": 1.5, "color": colours[row["horizon_days"]]},
        }
        for row in rows
        if row["member"] == baseline
    ]
    layout = {
        "height": 430,
        "shapes": lines,
        "xaxis": {
            "title": {"text": f"{unit} per query (log scale)"},
            "type": "log",
            "dtick": "D2",
            "tickformat": "~s" if key == "tokens" else "~g",
        },
        "yaxis": {"title": {"text": "F1, base codes"}, "rangemode": "tozero", "zeroline": False},
        "legend": legend_above(),
        "margin": {"l": 60, "r": 30, "t": 60, "b": 50},
    }
    caption = (
        f"Mean {unit} per query against mean F1, {marks.sizes(spending)}; colours are horizons, symbols members, "
        f"whiskers 95 % intervals over days. Dotted: {baseline} at the same horizons, which uses none."
    )
    return Plot(f"F1 against {unit}", caption, {"data": traces, "layout": layout})


def calibration_plots(rows: Sequence[Row]) -> list[Plot]:
    """One small reliability diagram for each row with probabilities: n and Wilson interval in every bin."""
    colours = marks.colours(rows)
    return [_calibration(row, colours[row["horizon_days"]]) for row in rows if row["reliability"]]


def _calibration(row: Row, colour: str) -> Plot:
    title = f"{marks.label(row)}, {marks.in_days(row['horizon_days'])}"
    return reliability(title, f"{row['n_probabilities']} answers x 149 base codes", row["reliability"], colour)
