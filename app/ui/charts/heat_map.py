"""The heat-map of a peer review: what every assessor gave every respondent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from app.ui.charts.drawing import chart_of, layered
from app.ui.charts.palette import DIVERGING, PAPER, SEQUENTIAL, TEXT, VIOLET

_CELL_PX, _FRAME_PX, _NAME_PX = 32, 40, 120
LOWEST, HIGHEST = 1.0, 5.0
"""The ends of the scale of marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One assessor's mark of one respondent, and the same less the assessor's own mean; `own`: of its own work."""

    assessor: str
    respondent: str
    mark: float
    centred: float
    own: bool


def heat_map(
    cells: Sequence[Cell], *, assessors: Sequence[str], respondents: Sequence[str], centred: bool
) -> alt.LayerChart:
    """Assessors down, respondents across, in the orders given; marks 1 to 5, or with `centred` around 0.

    Cells without a mark stay empty; a model's marks of its own work are outlined.
    """
    value = "centred" if centred else "mark"
    far = max((abs(cell.centred) for cell in cells), default=1.0) or 1.0
    domain, colours = ([-far, 0, far], DIVERGING) if centred else ([LOWEST, 3, HIGHEST], SEQUENTIAL)
    rows = [
        {
            "assessor": cell.assessor,
            "respondent": cell.respondent,
            "mark": cell.mark,
            "centred": cell.centred,
            "own": cell.own,
            "dark": abs(cell.centred) > 0.6 * far if centred else cell.mark > 3.6,
        }
        for cell in cells
    ]
    base = chart_of(rows).encode(
        x=alt.X(
            "respondent:N",
            sort=list(respondents),
            title="forecast by, the best by centred marks on the left",
            axis=alt.Axis(labelAngle=-40, labelLimit=160, ticks=False, domain=False),
        ),
        y=alt.Y(
            "assessor:N",
            sort=list(assessors),
            title="assessor, the most severe on top",
            axis=alt.Axis(labelLimit=200, ticks=False, domain=False),
        ),
        tooltip=[
            alt.Tooltip("assessor:N"),
            alt.Tooltip("respondent:N"),
            alt.Tooltip("mark:Q", title="mark", format=".2f"),
            alt.Tooltip("centred:Q", title="less the assessor's mean", format="+.2f"),
            alt.Tooltip("own:N", title="own work"),
        ],
    )
    squares = base.mark_rect(stroke=PAPER, strokeWidth=2, cornerRadius=3).encode(
        color=alt.Color(f"{value}:Q", scale=alt.Scale(domain=domain, range=list(colours)), legend=None)
    )
    outlines = base.transform_filter("datum.own").mark_rect(
        fillOpacity=0, stroke=VIOLET, strokeWidth=2.5, cornerRadius=3
    )
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text(f"{value}:Q", format="+.2f" if centred else ".2f"),
        color=alt.condition("datum.dark", alt.value(PAPER), alt.value(TEXT)),
    )
    return layered(squares, outlines, numbers, height=_FRAME_PX + _NAME_PX + _CELL_PX * len(assessors))
