"""Events by day and by kind: the timeline, and the distribution over CAMEO codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import altair as alt

from app.ui.charts.drawing import chart_of, layered
from app.ui.charts.palette import CLASSES, GREY, INK
from db import cameo
from db.events.results import Bin, Bucket

_LINE_PX, _FRAME_PX = 22, 60
_CLASSES = CLASSES | {"several": GREY}


def timeline_rows(bins: Sequence[Bin], bucket: Bucket) -> list[dict[str, object]]:
    """Each bucket's first day and the day after its last, both ISO, with its events and mentions."""
    return [
        {
            "first": one.first_day.isoformat(),
            "end": _after(one.first_day, bucket).isoformat(),
            "events": one.events,
            "mentions": one.mentions,
        }
        for one in bins
    ]


def timeline_chart(bins: Sequence[Bin], *, bucket: Bucket, last_day: date) -> alt.Chart:
    """Events per `bucket`; the axis runs from the first bucket to the end of the one that `last_day` lies in."""
    first = min((one.first_day for one in bins), default=last_day)
    end = max([_after(one.first_day, bucket) for one in bins] + [last_day])
    scale = alt.Scale(type="utc", domain=[first.isoformat(), end.isoformat()])
    chart: alt.Chart = (
        chart_of(timeline_rows(bins, bucket))
        .mark_bar(color=INK, opacity=0.85, binSpacing=1)
        .encode(
            x=alt.X("first:T", title=None, scale=scale, axis=alt.Axis(format=_DATES[bucket], tickCount=6)),
            x2="end:T",
            y2=alt.Y2Datum(0),
            y=alt.Y("events:Q", title=f"events a {bucket}", axis=alt.Axis(tickCount=4)),
            tooltip=[
                alt.Tooltip("first:T", title=f"{bucket} from", format="%Y-%m-%d"),
                alt.Tooltip("events:Q", title="events", format=","),
                alt.Tooltip("mentions:Q", title="mentions", format=","),
            ],
        )
        .properties(height=190)
    )
    return chart


_DATES = {"day": "%-d %b", "week": "%-d %b %Y", "month": "%b %Y"}


def _after(first: date, bucket: Bucket) -> date:
    """The first day of the next bucket."""
    if bucket == "month":
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=7 if bucket == "week" else 1)


def relation_rows(counts: Mapping[str, int], *, shown: int = 15) -> list[dict[str, object]]:
    """The most frequent `shown` codes with title, class and share, and one row for all others where there are any."""
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows: list[dict[str, object]] = [
        {
            "label": f"{code} {cameo.name(code)}",
            "class": list(CLASSES)[cameo.quad_class(code) - 1],
            "n": n,
            "share": n / total,
        }
        for code, n in ranked[:shown]
    ]
    if rest := ranked[shown:]:
        n = sum(count for _, count in rest)
        rows.append({"label": f"{len(rest)} other codes", "class": "several", "n": n, "share": n / total})
    return rows


def relation_chart(counts: Mapping[str, int], *, shown: int = 15) -> alt.LayerChart:
    """Events by base code, most frequent on top, coloured by class (`palette.CLASSES`), n at the end of each bar."""
    rows = relation_rows(counts, shown=shown)
    base = chart_of(rows).encode(
        y=alt.Y(
            "label:N",
            sort=[str(row["label"]) for row in rows],
            title=None,
            axis=alt.Axis(labelLimit=330, labelOverlap=False, labelFlush=False, ticks=False, domain=False),
        ),
        x=alt.X("n:Q", title="events", axis=alt.Axis(tickCount=4)),
        tooltip=[
            alt.Tooltip("label:N", title="code"),
            alt.Tooltip("class:N", title="class"),
            alt.Tooltip("n:Q", title="events", format=","),
            alt.Tooltip("share:Q", title="share", format=".1%"),
        ],
    )
    bars = base.mark_bar(height=12).encode(
        color=alt.Color("class:N", scale=alt.Scale(domain=list(_CLASSES), range=list(_CLASSES.values())), legend=None)
    )
    counted = base.mark_text(align="left", dx=5, fontSize=11, color=GREY).encode(text=alt.Text("n:Q", format=","))
    return layered(bars, counted, height=_FRAME_PX + _LINE_PX * len(rows))
