"""The map of events: countries filled by how many events they have a part in, arcs for who acts towards whom.

Drawn on outlines that travel with the code: no tiles, no map service, nothing fetched.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pydeck as pdk

from app.ui.charts.outlines import Ring, world
from app.ui.charts.palette import INK, SEQUENTIAL, WARM, between, rgb
from db import countries as names

_WIDEST_PX, _NARROWEST_PX = 5.0, 0.8
_TILT = 18
"""Degrees by which arcs lean, so that the two directions of a pair do not hide each other."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What the map is drawn on: the colours of land without events and of borders, and from few events to many."""

    land: str
    border: str
    few_to_many: tuple[str, ...]
    subject: str = INK
    object: str = WARM


LIGHT = Paper("#e9e7e1", "#fdfcfa", SEQUENTIAL[1:])
DARK = Paper("#2a323b", "#14181d", ("#35566f", "#7fb2dd"), subject="#9cc0d9", object="#e3a75c")


@dataclass(frozen=True, slots=True)
class Flow:
    """n events from `subject` to `object`, ISO 3166 alpha-3 codes."""

    subject: str
    object: str
    n: int


def country_rows(counts: Mapping[str, int], paper: Paper = LIGHT) -> list[dict[str, Any]]:
    """One row for each ring of land: polygon, colour by the number of events (a square-root scale), words."""
    most = max(counts.values(), default=0)
    rows = [{"polygon": ring, "fill": rgb(paper.land), "text": "no ISO 3166 code"} for ring in world().other_land]
    for code, place in world().countries.items():
        row = {"fill": _fill(counts.get(code, 0), most, paper), "text": _told(code, counts.get(code, 0))}
        rows += [{"polygon": ring} | row for ring in sorted(place.rings, key=len, reverse=True)]
    return sorted(rows, key=lambda row: -_size(row["polygon"]))  # enclaves last, so that they lie on top


def point_rows(counts: Mapping[str, int], paper: Paper = LIGHT) -> list[dict[str, Any]]:
    """A row for each country with events that is too small to have an outline."""
    most = max(counts.values(), default=0)
    return [
        {"at": place.at, "fill": _fill(n, most, paper), "text": _told(code, n)}
        for code, n in counts.items()
        if (place := world().countries.get(code)) is not None and not place.rings
    ]


def arc_rows(flows: Sequence[Flow]) -> list[dict[str, Any]]:
    """A row for each flow between two countries that have a place: ends, width in pixels by n, words."""
    most = max((flow.n for flow in flows), default=1)
    places = world().countries
    return [
        {
            "from": places[flow.subject].at,
            "to": places[flow.object].at,
            "width": max(_NARROWEST_PX, _WIDEST_PX * math.sqrt(flow.n / most)),
            "text": f"{names.name(flow.subject)} → {names.name(flow.object)}: {flow.n:,} events",
        }
        for flow in flows
        if flow.subject in places and flow.object in places
    ]


def without_place(counts: Mapping[str, int]) -> list[str]:
    """The countries with events that the map cannot show."""
    return sorted(code for code in counts if code not in world().countries)


def world_map(counts: Mapping[str, int], flows: Sequence[Flow], *, paper: Paper = LIGHT) -> pdk.Deck:
    """The map of events by country and between countries; arcs begin in the colour of `subject`."""
    land = pdk.Layer(
        "PolygonLayer",
        data=country_rows(counts, paper),
        id="countries",
        get_polygon="polygon",
        get_fill_color="fill",
        get_line_color=rgb(paper.border),
        line_width_min_pixels=0.6,
        pickable=True,
        auto_highlight=True,
    )
    points = pdk.Layer(
        "ScatterplotLayer",
        data=point_rows(counts, paper),
        id="small-countries",
        get_position="at",
        get_fill_color="fill",
        get_line_color=rgb(paper.subject),
        stroked=True,
        line_width_min_pixels=1,
        radius_min_pixels=4,
        radius_max_pixels=4,
        pickable=True,
    )
    arcs = pdk.Layer(
        "ArcLayer",
        data=arc_rows(flows),
        id="flows",
        get_source_position="from",
        get_target_position="to",
        get_source_color=[*rgb(paper.subject), 170],
        get_target_color=[*rgb(paper.object), 170],
        get_width="width",
        get_tilt=_TILT,
        great_circle=False,
        pickable=True,
        auto_highlight=True,
    )
    return pdk.Deck(
        layers=[land, points, arcs],
        initial_view_state=pdk.ViewState(latitude=24, longitude=12, zoom=0.6, min_zoom=0.2, max_zoom=6),
        map_provider=None,
        tooltip={"text": "{text}"},
    )


def _fill(n: int, most: int, paper: Paper) -> list[int]:
    return between(paper.few_to_many, math.sqrt(n / most)) if n else rgb(paper.land)


def _told(code: str, n: int) -> str:
    return f"{names.name(code)}: {n:,} events" if n else f"{names.name(code)}: no event here"


def _size(ring: Ring) -> float:
    lons, lats = zip(*ring, strict=True)
    return float((max(lons) - min(lons)) * (max(lats) - min(lats)))
