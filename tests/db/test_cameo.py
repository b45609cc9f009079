"""CAMEO codes: the whole codebook, its hierarchy, and every code that occurs in real data."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import cameo
from db.errors import UnknownName

CODES = st.sampled_from(cameo.all_codes())


def lookup(data_dir: Path, name: str) -> dict[str, str]:
    """Code to value of a two-column list of GDELT's, without its header."""
    lines = (data_dir / "gdelt" / "lookups" / name).read_text(encoding="latin-1").splitlines()[1:]
    return {code: value.strip() for code, value in (line.split("\t") for line in lines)}


def test_codes_per_root_are_those_of_the_codebook() -> None:
    below = Counter(cameo.root(code) for code in cameo.all_codes() if len(code) > 2)
    counted = [below[root] for root in cameo.root_codes()]
    # codebook 1.1b3, and 1213, which only ICEWS names (so 27, not 26, under root 12)
    assert counted == [10, 27, 28, 7, 8, 5, 6, 25, 5, 27, 12, 27, 22, 26, 6, 13, 13, 14, 9, 7]


def test_base_codes_are_149_three_digit_codes_in_order() -> None:
    bases = cameo.base_codes()
    assert len(bases) == len(set(bases)) == 149
    assert list(bases) == sorted(bases)
    assert {len(code) for code in bases} == {3}
    assert {"106", "155", "176"} <= set(bases)


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("101", "Demand material cooperation, not specified below"),
        ("106", "Demand meeting, negotiation"),
        ("107", "Demand settling of dispute"),
        ("108", "Demand mediation"),
        ("1056", "Demand de-escalation of military engagement"),
        ("1952", "Employ remotely piloted aerial munitions"),
    ],
)
def test_name_follows_the_codebook_where_gdelt_list_does_not(code: str, title: str) -> None:
    assert cameo.name(code) == title


def test_names_are_clean_text() -> None:
    assert [
        code for code in cameo.all_codes() if set(cameo.name(code)) & set("[]:|\t") or "  " in cameo.name(code)
    ] == []
    assert all(cameo.name(code).isascii() for code in cameo.all_codes())


@given(CODES)
def test_hierarchy_is_consistent(code: str) -> None:
    above = cameo.parent(code)
    assert (above is None) == (code in cameo.root_codes())
    if above is not None:
        assert code in cameo.children(above)
        assert set(cameo.siblings(code)) == set(cameo.children(above)) - {code}
        assert cameo.root(code) == cameo.root(above)
        assert cameo.base(code) in cameo.base_codes()
    assert cameo.check(code) == code


def test_base_of_a_root_names_its_base_codes() -> None:
    with pytest.raises(UnknownName, match="140, 141, 142"):
        cameo.base("14")


@given(st.lists(CODES))
def test_expand_gives_base_codes_under_what_was_asked(codes: list[str]) -> None:
    before = list(codes)
    found = cameo.expand(codes)
    assert codes == before
    assert found <= set(cameo.base_codes())
    assert found == {base for base in cameo.base_codes() for code in codes if base.startswith(code[:3])}
    assert cameo.expand(found) == found


def test_expand_of_all_roots_is_all_base_codes() -> None:
    assert cameo.expand(cameo.root_codes()) == set(cameo.base_codes())


def test_quad_class_splits_roots_as_mirai_does() -> None:
    sizes = Counter(cameo.quad_class(root) for root in cameo.root_codes())
    assert sizes == {1: 4, 2: 4, 3: 8, 4: 4}
    assert all(cameo.quad_class(code) == cameo.quad_class(cameo.root(code)) for code in cameo.all_codes())


@pytest.mark.parametrize(
    ("given_code", "meant"), [("1", "01"), ("41", "041"), ("14 ", "14"), ("147", "145"), ("riot", "145")]
)
def test_check_when_unknown_offers_the_code_meant(given_code: str, meant: str) -> None:
    with pytest.raises(UnknownName) as caught:
        cameo.check(given_code)
    assert caught.value.name == given_code
    assert meant in caught.value.near


@pytest.mark.parametrize(
    ("description", "code"),
    [
        ("provide humanitarian aid", "073"),
        ("negotiations", "046"),
        ("engage in negotiating", "046"),
        ("signing a formal agreement", "057"),
        ("threatening with violent repression", "137"),
    ],
)
def test_search_finds_the_code_meant(description: str, code: str) -> None:
    assert code in cameo.search(description, limit=3)


@given(st.text(), st.integers(min_value=-3, max_value=12))
def test_search_is_bounded_and_repeatable(description: str, limit: int) -> None:
    found = cameo.search(description, limit)
    assert len(found) <= max(limit, 0)
    assert len(set(found)) == len(found)
    assert found == cameo.search(description, limit)


@given(CODES)
def test_search_for_a_title_finds_that_title(code: str) -> None:
    assert cameo.name(code) in {cameo.name(found) for found in cameo.search(cameo.name(code), limit=3)}


def test_codes_hold_everything_gdelt_lists_with_its_goldstein_value(data_dir: Path) -> None:
    assert set(lookup(data_dir, "CAMEO.eventcodes.txt")) <= set(cameo.all_codes())
    scale = lookup(data_dir, "CAMEO.goldsteinscale.txt")
    assert {code: cameo.goldstein(code) for code in scale} == {code: float(value) for code, value in scale.items()}
    unrated = set(cameo.all_codes()) - set(scale)
    assert unrated == {"106", "1213", "155", "176", "1834", "1951", "1952"}
    assert all(cameo.goldstein(code) == cameo.goldstein(cameo.parent(code) or "") for code in unrated)


def test_codes_hold_everything_icews_lists(data_dir: Path) -> None:
    with (data_dir / "gdelt" / "lookups" / "icews_cameo-codes.csv").open(encoding="latin-1", newline="") as file:
        listed = {row["code"] for row in csv.DictReader(file)}
    assert len(listed) == 312
    assert listed <= set(cameo.all_codes())


def test_codes_hold_every_code_of_icews14(data_dir: Path) -> None:
    rows = duckdb.sql(
        "SELECT DISTINCT cameo FROM read_parquet($path)", params={"path": str(data_dir / "icews/icews14.parquet")}
    )
    codes = {code for (code,) in rows.fetchall()}
    assert len(codes) == 230
    assert codes <= set(cameo.all_codes())
