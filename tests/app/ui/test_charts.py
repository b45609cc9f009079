"""What the charts plot: the numbers that they are given, all of them, with n and interval."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from app.ui.charts.events import relation_chart, relation_rows, timeline_chart, timeline_rows
from app.ui.charts.heat_map import Cell, heat_map
from app.ui.charts.intervals import Point, interval_chart, point
from app.ui.charts.outlines import world
from app.ui.charts.over_time import Period, over_time_chart
from app.ui.charts.palette import between, rgb
from app.ui.charts.reliability import reliability_chart
from app.ui.charts.world_map import DARK, Flow, arc_rows, country_rows, point_rows, without_place, world_map
from db import countries
from db.events.results import Bin
from ensembles.scores import ReliabilityBin


def _rows(chart: Any) -> list[dict[str, Any]]:
    """The rows that a chart carries."""
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def test_interval_chart_of_points_plots_means_bounds_and_n_in_their_order() -> None:
    points = [
        Point(label="logistic", mean=0.18, low=0.16, high=0.2, n=200),
        Point(label="climatology", mean=0.21, low=None, high=None, n=7),
    ]
    chart = interval_chart(points, title="Brier score", reference=0.25)
    rows = [row for row in _rows(chart) if "label" in row]
    assert rows[:2] == [
        {
            "label": "logistic",
            "group": "",
            "mean": 0.18,
            "low": 0.16,
            "high": 0.2,
            "n": 200,
            "said": "0.180 (0.160 to 0.200)",
        },
        {"label": "climatology", "group": "", "mean": 0.21, "low": None, "high": None, "n": 7, "said": "0.210"},
    ]
    assert {"at": 0.25} in _rows(chart)
    assert '"sort": ["logistic", "climatology"]' in json.dumps(chart.to_dict())


def test_point_without_a_mean_is_none_and_not_zero() -> None:
    assert point("a", None, 3) is None
    assert point("a", {"mean": None, "low": None, "high": None}, 3) is None


def test_reliability_chart_plots_every_bin_with_its_n_and_interval() -> None:
    bins = [
        ReliabilityBin(n=40, mean_probability=0.05, observed_rate=0.1, low=0.04, high=0.23),
        ReliabilityBin(n=3, mean_probability=0.95, observed_rate=1.0, low=0.44, high=1.0),
    ]
    rows = [row for row in _rows(reliability_chart(bins)) if "n" in row]
    for row, n, mean, observed, low, high in (
        (rows[0], 40, 0.05, 0.1, 0.04, 0.23),
        (rows[1], 3, 0.95, 1.0, 0.44, 1.0),
    ):
        assert (row["n"], row["mean"], row["observed"], row["low"], row["high"]) == (n, mean, observed, low, high)


def test_over_time_chart_plots_each_period_by_its_first_day() -> None:
    periods = [Period(name="all", first_day=date(2024, 3, 1), mean=0.2, low=0.1, high=0.3, n=12)]
    [row, *_] = _rows(over_time_chart(periods, title="Brier score"))
    assert (row["name"], row["day"], row["mean"], row["low"], row["high"], row["n"]) == (
        "all",
        "2024-03-01",
        0.2,
        0.1,
        0.3,
        12,
    )


@pytest.mark.parametrize(("bucket", "end"), [("day", "2024-02-02"), ("week", "2024-02-08"), ("month", "2024-03-01")])
def test_timeline_rows_of_a_bucket_end_where_the_next_begins(bucket: Any, end: str) -> None:
    [row] = timeline_rows([Bin(date(2024, 2, 1), 3, 90)], bucket)
    assert row == {"first": "2024-02-01", "end": end, "events": 3, "mentions": 90}


def test_timeline_chart_without_events_still_draws_an_axis() -> None:
    assert timeline_chart([], bucket="day", last_day=date(2024, 2, 1)).to_dict()


def test_relation_rows_beyond_those_shown_are_counted_in_one_row() -> None:
    rows = relation_rows({"042": 6, "190": 3, "010": 1}, shown=2)
    assert [(row["label"], row["class"], row["n"], row["share"]) for row in rows] == [
        ("042 Make a visit", "verbal cooperation", 6, 0.6),
        ("190 Use conventional military force, not specified below", "material conflict", 3, 0.3),
        ("1 other codes", "several", 1, 0.1),
    ]
    assert [row["n"] for row in _rows(relation_chart({"042": 6}))[:1]] == [6]


def test_heat_map_outlines_only_marks_of_ones_own_work() -> None:
    cells = [
        Cell(assessor="a", respondent="react:a", mark=4.5, centred=0.5, own=True),
        Cell(assessor="a", respondent="react:b", mark=3.5, centred=-0.5, own=False),
    ]
    spec = heat_map(cells, assessors=["a"], respondents=["react:a", "react:b"], centred=False).to_dict()
    assert [layer["transform"] for layer in spec["layer"] if "transform" in layer] == [[{"filter": "datum.own"}]]
    assert [(row["mark"], row["own"]) for row in _rows(heat_map(cells, assessors=["a"], respondents=[], centred=True))][
        :2
    ] == [
        (4.5, True),
        (3.5, False),
    ]


def test_colours_between_two_are_mixed_and_ends_are_kept() -> None:
    assert between(("#000000", "#ffffff"), 0.5) == [128, 128, 128]
    assert between(("#000000", "#102030"), 7.0) == rgb("#102030")


def test_world_has_a_place_on_earth_for_every_code_and_no_code_that_iso_lacks() -> None:
    assert set(world().countries) <= set(countries.iso3_codes())
    assert len(world().countries) > 195
    for place in world().countries.values():
        for lon, lat in (place.at, *(corner for ring in place.rings for corner in ring)):
            assert -180 <= lon <= 180 and -60 <= lat <= 84
        assert all(len(ring) >= 3 for ring in place.rings)
    lon, lat = world().countries["FRA"].at
    assert -5 < lon < 9 and 41 < lat < 51  # the mainland's, not a mean with Guiana's


def test_country_rows_fill_by_events_and_draw_enclaves_last() -> None:
    counts = {"FRA": 100, "DEU": 1}
    fills = {row["text"].split(":")[0]: row["fill"] for row in country_rows(counts)}
    assert fills["France"] != fills["Germany"] != fills["Spain"]
    order = [row["text"].split(":")[0] for row in country_rows(counts)]
    assert order.index("South Africa") < order.index("Lesotho")
    assert {row["text"] for row in country_rows(counts) if row["text"].startswith("France")} == {"France: 100 events"}


def test_countries_too_small_for_an_outline_are_points_and_those_without_a_place_are_named() -> None:
    assert [row["text"] for row in point_rows({"SGP": 2, "FRA": 1})] == ["Singapore: 2 events"]
    assert without_place({"FRA": 1, "GUM": 2}) == ["GUM"]


def test_arcs_are_wider_for_more_events_and_lie_between_places() -> None:
    wide, narrow, *rest = arc_rows([Flow("FRA", "DEU", 100), Flow("DEU", "FRA", 1), Flow("GUM", "FRA", 5)])
    assert wide["width"] > narrow["width"] and not rest
    assert wide["from"] == narrow["to"] == world().countries["FRA"].at


def test_world_map_asks_nobody_for_anything() -> None:
    deck = json.loads(world_map({"FRA": 1}, [Flow("FRA", "DEU", 1)], paper=DARK).to_json())
    assert deck.get("mapProvider") is None
    assert "http" not in json.dumps(deck)
