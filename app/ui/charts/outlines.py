"""Countries on a map: outlines and a point for each, from `world.json`, which travels with the code.

The file holds Natural Earth's 1:110m countries and, for states too small to have an outline there, their capitals; it
is in the public domain (https://www.naturalearthdata.com/about/terms-of-use/). It was made from the copies that the
wheel of geopandas 0.14.4 carries (`datasets/naturalearth_lowres`, `datasets/naturalearth_cities`): outer rings only,
rounded to a tenth of a degree and points that then repeat left out, Antarctica left out; the point of a country is the
centroid of its largest ring. Areas without an ISO 3166 code are drawn as land and bear no number. Borders are Natural
Earth's, which shows who holds what, and say nothing about who is right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

Ring = tuple[tuple[float, float], ...]
"""Longitude and latitude in degrees, point by point."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a country is: `at` (longitude, latitude) in degrees, and its outer rings, none where it is too small."""

    at: tuple[float, float]
    rings: tuple[Ring, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Places by ISO 3166 alpha-3 code, and the rings of land that has none."""

    countries: dict[str, Place]
    other_land: tuple[Ring, ...]


@cache
def world() -> World:
    """The countries that the map can show."""
    content = json.loads(resources.files("app.ui.charts").joinpath("world.json").read_text(encoding="utf-8"))
    countries = {
        code: Place(_point(found["at"][0], found["at"][1]), tuple(map(_ring, found["rings"])))
        for code, found in content["countries"].items()
    }
    return World(countries, tuple(map(_ring, content["other_land"])))


def _ring(tenths: list[int]) -> Ring:
    return tuple(_point(lon, lat) for lon, lat in zip(tenths[::2], tenths[1::2], strict=True))


def _point(lon: int, lat: int) -> tuple[float, float]:
    return lon / 10, lat / 10
