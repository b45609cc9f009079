"""Codes and countries: every name resolves, and the mistakes of others stay out."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pycountry
import pytest
import zstandard

from db import cameo, countries
from db.errors import AmbiguousName, UnknownName


def test_cameo_has_20_roots_149_base_codes_and_leaves() -> None:
    assert len(cameo.root_codes()) == 20
    assert len(cameo.base_codes()) == 149
    assert all(cameo.parent(code) in cameo.all_codes() for code in cameo.all_codes() if len(code) > 2)
    assert all(-10 <= cameo.goldstein(code) <= 10 and cameo.name(code) for code in cameo.all_codes())


def test_expand_root_includes_children_and_empty_matches_nothing() -> None:
    asked = ["14"]
    assert cameo.expand(asked) == {"140", "141", "142", "143", "144", "145"}
    assert asked == ["14"]
    assert cameo.expand([]) == frozenset()
    assert cameo.expand(["1411"]) == {"141"}


def test_quad_class_follows_mirai_not_gdelt() -> None:
    assert [cameo.quad_class(code) for code in ("01", "043", "050", "08", "09", "163", "17", "203")] == [
        *(1, 1, 2, 2),
        *(3, 3, 4, 4),
    ]


@pytest.mark.parametrize("code", ["21", "999", "1", "protest", ""])
def test_check_when_unknown_says_so(code: str) -> None:
    with pytest.raises(UnknownName, match="is not a CAMEO code"):
        cameo.check(code)


def test_search_finds_the_code_of_its_own_title() -> None:
    assert cameo.search("Impose embargo, boycott, or sanctions")[0] == "163"


def test_resolve_every_iso_name_and_code() -> None:
    for country in pycountry.countries:
        for field in ("name", "official_name", "common_name", "alpha_2", "alpha_3"):
            if hasattr(country, field):
                assert countries.resolve(getattr(country, field)) == country.alpha_3
        assert countries.resolve(countries.name(country.alpha_3)) == country.alpha_3


@pytest.mark.parametrize(
    ("name", "iso3"),
    [
        *(("China", "CHN"), ("Russia", "RUS"), ("south korea", "KOR"), ("U.S.", "USA"), ("Kosovo", "XKX")),
        *(("Côte d’Ivoire", "CIV"), ("Bosnia & Herzegovina", "BIH"), ("the Netherlands", "NLD"), ("Burma", "MMR")),
    ],
)
def test_resolve_everyday_names(name: str, iso3: str) -> None:
    assert countries.resolve(name) == iso3


def test_resolve_korea_says_between_which() -> None:
    with pytest.raises(AmbiguousName, match=r"South Korea \(KOR\) or North Korea \(PRK\)") as caught:
        countries.resolve("Korea")
    assert caught.value.candidates == ("KOR", "PRK")


def test_resolve_unknown_names_near_misses() -> None:
    with pytest.raises(UnknownName, match="did you mean Nigeria"):
        countries.resolve("Nigerai")


def test_fips_and_cameo_codes_are_told_apart() -> None:
    assert [countries.from_fips(code) for code in ("AS", "CH", "SZ", "RS", "OC")] == ["AUS", "CHN", "CHE", "RUS", None]
    assert [countries.from_cameo(code) for code in ("TMP", "ROM", "EUR", "AFR", "USA")] == [
        *("TLS", "ROU"),
        *(None, None, "USA"),
    ]
    assert set(countries.fips_map().values()) | set(countries.cameo_map().values()) <= set(countries.iso3_codes())


def test_resolve_every_country_of_the_mirai_queries(data_dir: Path) -> None:
    raw = (data_dir / "gdelt" / "mirai_test_queries_705.jsonl.zst").read_bytes()
    text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw)))
    names = {query[side] for query in map(json.loads, text) for side in ("subject", "object")}
    assert len(names) > 20
    assert all(countries.resolve(name) in countries.iso3_codes() for name in names)
