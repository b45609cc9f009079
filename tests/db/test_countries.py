"""Countries: any usual way to write a name, and the CAMEO and FIPS codes of real GDELT files."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pycountry
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from db import countries, tables
from db.errors import AmbiguousName, UnknownName

CODES = st.sampled_from(countries.iso3_codes())
REGIONS = {
    *("AFR", "ASA", "BLK", "CRB", "CAU", "CFR", "CAS", "CEU", "EIN", "EAF", "EEU", "EUR", "LAM"),
    *("MEA", "MDT", "NAF", "NMR", "PGS", "SCN", "SAM", "SAS", "SEA", "SAF", "WAF", "WST"),
}


def test_import_leaves_pycountry_unloaded() -> None:
    code = "import sys, db.countries, db.cameo; sys.exit('pycountry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_iso3_codes_are_those_of_iso_and_kosovo() -> None:
    assert set(countries.iso3_codes()) == {country.alpha_3 for country in pycountry.countries} | {"XKX"}
    assert list(countries.iso3_codes()) == sorted(countries.iso3_codes())
    assert len(countries.iso3_codes()) == 250


@given(CODES, st.sampled_from([str.lower, str.upper, str.title, lambda text: f" {text}. "]))
def test_resolve_reads_names_and_codes_in_any_case(iso3: str, write: object) -> None:
    assert callable(write)
    assert countries.resolve(write(countries.name(iso3))) == iso3
    assert countries.resolve(write(iso3)) == iso3


def test_resolve_every_name_that_iso_gives() -> None:
    for country in pycountry.countries:
        for field in ("name", "official_name", "common_name", "alpha_2", "alpha_3"):
            if hasattr(country, field):
                assert countries.resolve(getattr(country, field)) == country.alpha_3
        assert countries.resolve(countries.name(country.alpha_3)) == country.alpha_3


@pytest.mark.parametrize(
    ("written", "iso3"),
    [
        *(("UK", "GBR"), ("Britain", "GBR"), ("England", "GBR"), ("USA", "USA"), ("U.S.A.", "USA"), ("America", "USA")),
        *(("UAE", "ARE"), ("U.A.E.", "ARE"), ("Ivory Coast", "CIV"), ("Cote dIvoire", "CIV"), ("Swaziland", "SWZ")),
        *(("Czech Republic", "CZE"), ("Turkey", "TUR"), ("Türkiye", "TUR"), ("Holland", "NLD"), ("Vatican", "VAT")),
        *(("Palestine", "PSE"), ("Taiwan", "TWN"), ("DR Congo", "COD"), ("Zaire", "COD"), ("Guinea", "GIN")),
        *(("Samoa", "WSM"), ("Sudan", "SDN"), ("Niger", "NER"), ("Nigeria", "NGA"), ("Dominica", "DMA")),
        *(("Gambia, The", "GMB"), ("the gambia", "GMB"), ("Bahamas, The", "BHS"), ("Korea, North", "PRK")),
        *(("St. Lucia", "LCA"), ("St Pierre and Miquelon", "SPM"), ("São Tomé", "STP"), ("Kosovo", "XKX")),
        *(("Viet Nam", "VNM"), ("Åland", "ALA"), ("Hong Kong SAR", "HKG"), ("Myanmar", "MMR"), ("XK", "XKX")),
    ],
)
def test_resolve_everyday_names(written: str, iso3: str) -> None:
    assert countries.resolve(written) == iso3


@pytest.mark.parametrize(
    ("written", "candidates"),
    [("Korea", ("KOR", "PRK")), ("KOREA", ("KOR", "PRK")), ("virgin islands", ("VGB", "VIR"))],
)
def test_resolve_when_ambiguous_names_the_choices(written: str, candidates: tuple[str, ...]) -> None:
    with pytest.raises(AmbiguousName) as caught:
        countries.resolve(written)
    assert caught.value.candidates == candidates
    assert all(f"{countries.name(code)} ({code})" in str(caught.value) for code in candidates)


@pytest.mark.parametrize("written", ["", " ", "the", "Atlantis", "中国", "Europe", "EUR"])
def test_resolve_when_unknown_raises(written: str) -> None:
    with pytest.raises(UnknownName) as caught:
        countries.resolve(written)
    assert caught.value.name == written


def test_resolve_when_misspelt_names_near_misses() -> None:
    with pytest.raises(UnknownName) as caught:
        countries.resolve("Columbia")
    assert caught.value.near == ("Colombia",)


def test_aliases_all_resolve_and_contradict_no_iso_name() -> None:
    for alias, iso3 in tables.read("aliases"):
        assert countries.resolve(alias) == iso3
    for country in pycountry.countries:
        for text in (country.name, country.alpha_2, country.alpha_3):
            assert countries.resolve(text) == country.alpha_3


def test_name_when_unknown_raises() -> None:
    with pytest.raises(UnknownName, match="'TMP'"):
        countries.name("TMP")


def test_maps_are_copies_that_a_caller_may_change() -> None:
    countries.cameo_map().clear()
    countries.fips_map().clear()
    assert countries.from_cameo("TMP") == "TLS"
    assert countries.from_fips("RB") == "SRB"


def test_from_cameo_knows_the_whole_list_of_gdelt_but_its_regions(data_dir: Path) -> None:
    lines = (data_dir / "gdelt" / "lookups" / "CAMEO.country.txt").read_text(encoding="latin-1").splitlines()[1:]
    listed = {line.split("\t")[0] for line in lines}
    assert {code for code in listed if countries.from_cameo(code) is None} == REGIONS
    assert [countries.from_cameo(code) for code in ("TMP", "ROM", "MTN", "WSB")] == ["TLS", "ROU", "MNE", "PSE"]


def test_from_fips_knows_the_whole_list_of_gdelt_but_seas_and_disputed_islands(data_dir: Path) -> None:
    lines = (data_dir / "gdelt" / "lookups" / "FIPS.country.txt").read_text(encoding="latin-1").splitlines()
    listed = {line.split("\t")[0] for line in lines}
    assert {code for code in listed if countries.from_fips(code) is None} == {"NM", "OS", "PF", "PG", "PJ", "UF", "UU"}


@pytest.mark.parametrize(
    ("fips", "iso3"),
    [
        *(("AS", "AUS"), ("AU", "AUT"), ("CH", "CHN"), ("SZ", "CHE"), ("WZ", "SWZ"), ("GV", "GIN"), ("EK", "GNQ")),
        *(("RB", "SRB"), ("RI", "SRB"), ("KS", "KOR"), ("KN", "PRK"), ("GZ", "PSE"), ("WE", "PSE"), ("KV", "XKX")),
    ],
)
def test_from_fips_where_the_letters_mislead(fips: str, iso3: str) -> None:
    assert countries.from_fips(fips) == iso3


def test_codes_of_a_day_of_the_stream_are_known(data_dir: Path) -> None:
    path = data_dir / "gdelt" / "stream_2025" / "20250517.export.tsv.zst"
    columns = {f"c{number}": "VARCHAR" for number in range(1, 62)}
    rows = duckdb.read_csv(str(path), delimiter="\t", header=False, columns=columns, quotechar="", compression="zstd")
    actors = rows.query("r", "SELECT c8 FROM r WHERE c8 <> '' UNION SELECT c18 FROM r WHERE c18 <> ''").fetchall()
    places = rows.query("r", "SELECT DISTINCT c54 FROM r WHERE c54 <> ''").fetchall()
    assert len(actors) > 150
    assert {code for (code,) in actors if countries.from_cameo(code) is None} <= REGIONS
    assert {code for (code,) in places if countries.from_fips(code) is None} <= {"OC", "OS", "PG", "PF"}


def test_resolve_every_country_of_the_mirai_queries(data_dir: Path) -> None:
    raw = (data_dir / "gdelt" / "mirai_test_queries_705.jsonl.zst").read_bytes()
    text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw)))
    names = {query[side] for query in map(json.loads, text) for side in ("subject", "object")}
    assert len(names) == 62
    assert {countries.resolve(name) for name in names} <= set(countries.iso3_codes())
