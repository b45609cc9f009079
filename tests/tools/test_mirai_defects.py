"""The defects of MIRAI's published tools, one by one: none of them is ours (PITFALLS 1, 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pycountry
import pytest

from db import countries
from db.events.store import EventStore
from tests.tools.worlds import AS_OF, with_future
from tools.registry import TOOLS, definition, toolbox
from tools.tool import Tool


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    return with_future(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def tools(store: EventStore) -> dict[str, Tool]:
    return toolbox(store.as_of(AS_OF))


def lists() -> Iterator[tuple[str, str]]:
    """Every tool and argument that takes a list of names or codes."""
    for name, address in TOOLS.items():
        for argument, schema in definition(address).schema["properties"].items():
            kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") == "array"]
            if kinds and "minItems" not in kinds[0]:
                yield name, argument


def test_cut_off_is_not_global_two_snapshots_alternate(store: EventStore) -> None:
    early, late = (toolbox(store.as_of(datetime(2025, 5, day, tzinfo=UTC))) for day in (21, 27))
    for _ in range(3):
        assert early["count_events"]().data == 3
        assert late["count_events"]().data == 11
        assert [event["date"] for event in early["get_events"]().data][0] == "2025-05-20"
        assert [event["date"] for event in late["get_events"]().data][0] == "2025-05-26"


def test_cut_off_is_no_argument_of_any_tool() -> None:
    for address in TOOLS.values():
        assert not {"as_of", "snapshot", "now", "today"} & definition(address).schema["properties"].keys()


def test_china_is_china_and_not_taiwan(tools: dict[str, Tool]) -> None:
    assert tools["map_country_name_to_iso"]("China").data == "CHN"
    assert tools["map_country_name_to_iso"]("Taiwan").data == "TWN"
    by_name, by_code = (tools["get_events"](head_entities=[who]).data for who in ("China", "CHN"))
    assert by_name == by_code != []


def test_every_name_of_every_country_resolves_and_maps_back(tools: dict[str, Tool]) -> None:
    for country in pycountry.countries:
        names = [getattr(country, field, None) for field in ("name", "official_name", "common_name", "alpha_3")]
        for name in [*filter(None, names), countries.name(country.alpha_3)]:
            assert tools["map_country_name_to_iso"](name).data == country.alpha_3, name
        back = tools["map_iso_to_country_name"](country.alpha_3).data
        assert tools["map_country_name_to_iso"](back).data == country.alpha_3


def test_an_ambiguous_name_asks_which(tools: dict[str, Tool]) -> None:
    observation = tools["count_events"](head_entities=["Korea"])
    assert observation.failed
    assert "KOR" in observation.text and "PRK" in observation.text


def test_entity_role_is_heeded(tools: dict[str, Tool]) -> None:
    found = {role: tools["get_entity_distribution"](entity_role=role).data for role in ("head", "tail", "both")}
    assert found["head"]["USA"] == found["tail"]["USA"] == 1 and found["both"]["USA"] == 2
    assert "DEU" not in found["head"] and "FRA" not in found["tail"]


@pytest.mark.parametrize(("name", "argument"), list(lists()))
def test_the_callers_lists_are_never_changed(tools: dict[str, Tool], name: str, argument: str) -> None:
    value = ["13", "042", "13"] if "relations" in argument else ["China", "TWN", "China"]
    kept = list(value)
    extra: dict[str, Any] = {"recent_days": 3} if name == "compare_windows" else {}
    assert not tools[name](**extra, **{argument: value}).failed
    assert value == kept


@pytest.mark.parametrize(("name", "argument"), [item for item in lists() if item[1] != "keywords"])
def test_an_empty_list_matches_nothing_and_none_filters_nothing(
    tools: dict[str, Tool], name: str, argument: str
) -> None:
    extra: dict[str, Any] = {"recent_days": 3} if name == "compare_windows" else {}
    empty, none = tools[name](**extra, **{argument: []}), tools[name](**extra, **{argument: None})
    assert _nothing(empty.data)
    assert empty.latest_added_at is None
    assert none == tools[name](**extra)
    assert not _nothing(none.data)


@pytest.mark.parametrize(
    "name", [name for name, address in TOOLS.items() if "date_range" in definition(address).schema["properties"]]
)
@pytest.mark.parametrize(
    "day", ["2023-1-5", "2023-01-5", "20230105", "2023-02-30", "05.01.2023", "٢٠٢٣-٠١-٠٥", "today"]
)
def test_a_date_written_another_way_is_refused(tools: dict[str, Tool], name: str, day: str) -> None:
    for date_range in ([day, "2025-05-31"], ["2020-01-01", day]):
        observation = tools[name](date_range=date_range)
        assert observation.failed
        assert repr(day) in observation.text and "YYYY-MM-DD" in observation.text


def test_a_date_range_that_ends_before_it_begins_is_refused(tools: dict[str, Tool]) -> None:
    observation = tools["get_events"](date_range=["2025-05-31", "2025-05-01"])
    assert observation.failed and "its last day lies before its first" in observation.text


def test_an_unknown_code_is_refused_with_near_misses_not_dropped(tools: dict[str, Tool]) -> None:
    for name in ("count_events", "get_events", "get_event_timeline", "get_base_rate", "compare_windows"):
        observation = tools[name](relations=["130", "042 ", "999"])
        assert observation.failed
        assert "'042 '" in observation.text and "did you mean 042" in observation.text


def test_a_root_code_includes_its_children(tools: dict[str, Tool]) -> None:
    children = tools["get_child_relations"]("13").data
    assert tools["count_events"](relations=["13"]).data == tools["count_events"](relations=children).data == 2


def _nothing(data: Any) -> bool:
    """Whether a count is 0, a list or table empty, a time series or rate all quiet."""
    if isinstance(data, dict) and "events" in data:
        return bool(data["events"] == 0 and data["hits"] == 0)
    if isinstance(data, list) and data and "first_day" in data[0]:
        return all(item["events"] == 0 for item in data)
    return not data
