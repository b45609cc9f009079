"""Country and CAMEO tools: the same answers as the tables, in a form that models can use."""

from __future__ import annotations

from typing import Any

import pytest

import db.cameo as cameo
from db.events.snapshot import Snapshot
from tests.tools.worlds import AS_OF, PAST, build
from tools.registry import toolbox
from tools.tool import Observation


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return build(tmp_path_factory.mktemp("world"), PAST).as_of(AS_OF)


def call(snapshot: Snapshot, name: str, *values: Any) -> Observation:
    return toolbox(snapshot)[name](*values)


@pytest.mark.parametrize(
    ("name", "value", "data"),
    [
        ("map_country_name_to_iso", "Ivory Coast", "CIV"),
        ("map_iso_to_country_name", "CIV", "Côte d'Ivoire"),
        ("map_iso_to_country_name", "xkx", "Kosovo"),
        ("map_cameo_to_relation", "042", "Make a visit"),
        ("get_parent_relation", "1411", "141"),
        ("get_parent_relation", "14", None),
        ("get_child_relations", "04", ["040", "041", "042", "043", "044", "045", "046"]),
        ("get_child_relations", "1411", []),
        ("get_sibling_relations", "042", ["040", "041", "043", "044", "045", "046"]),
        ("get_sibling_relations", "20", [f"{root:02d}" for root in range(1, 20)]),
    ],
)
def test_mappings_by_hand(snapshot: Snapshot, name: str, value: str, data: object) -> None:
    observation = call(snapshot, name, value)
    assert observation.data == data
    assert observation.latest_added_at is None


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("map_country_name_to_iso", "Korea", "South Korea (KOR) or North Korea (PRK)"),
        ("map_country_name_to_iso", "Columbia", "Colombia"),
        ("map_iso_to_country_name", "ZZZ", "'ZZZ'"),
        ("map_cameo_to_relation", "42", "042 (Make a visit)"),
        ("get_parent_relation", "make a visit", "042 (Make a visit)"),
        ("get_child_relations", "99", "did you mean"),
        ("map_relation_description_to_cameo", "qwertz", "20 Use unconventional mass violence"),
    ],
)
def test_unknown_names_fail_with_what_was_perhaps_meant(snapshot: Snapshot, name: str, value: str, hint: str) -> None:
    observation = call(snapshot, name, value)
    assert observation.failed and observation.data is None
    assert hint in observation.text


def test_description_finds_the_code_with_that_title_first(snapshot: Snapshot) -> None:
    for code in ("042", "131", "1831"):
        observation = call(snapshot, "map_relation_description_to_cameo", cameo.name(code))
        assert observation.data[0] == code
        assert observation.text.splitlines()[1] == f"{code} {cameo.name(code)}"
