"""Countries: names in any usual form to ISO 3166 alpha-3, and the CAMEO and FIPS codes that GDELT uses to the same.

ISO 3166 comes from `pycountry`; XKX (Kosovo), everyday names and old names from our own tables. An actor's country in
GDELT is a CAMEO code and a place's country is a FIPS 10-4 code: never compare the two without these maps.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from functools import cache
from typing import Any

from db import tables
from db.errors import AmbiguousName, UnknownName

KOSOVO = "XKX"
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@cache
def _iso() -> dict[str, Any]:
    import pycountry  # 0.1 s and 8 MB: only where a name is asked for

    return {country.alpha_3: country for country in pycountry.countries}


@cache
def iso3_codes() -> tuple[str, ...]:
    """All ISO 3166 alpha-3 codes and XKX, sorted."""
    return tuple(sorted((*_iso(), KOSOVO)))


@cache
def _everyday() -> dict[str, str]:
    """ISO's inverted or formal names in everyday form, by code."""
    names = {KOSOVO: "Kosovo", "COD": "DR Congo", "COG": "Congo (Brazzaville)", "KOR": "South Korea"}
    names |= {"PRK": "North Korea", "RUS": "Russia", "GBR": "United Kingdom", "USA": "United States", "TUR": "Turkey"}
    names |= {"LAO": "Laos", "SYR": "Syria", "VNM": "Vietnam", "BRN": "Brunei", "VAT": "Vatican City"}
    names |= {"PSE": "Palestine", "FSM": "Micronesia", "VGB": "British Virgin Islands", "VIR": "US Virgin Islands"}
    return names | {
        "IRN": "Iran",
        "MDA": "Moldova",
        "TWN": "Taiwan",
        "TZA": "Tanzania",
        "VEN": "Venezuela",
        "BOL": "Bolivia",
    }


def name(iso3: str) -> str:
    """The common English name of a country; raises UnknownName for a code that ISO 3166 lacks."""
    if iso3 in _everyday():
        return _everyday()[iso3]
    if iso3 not in _iso():
        raise UnknownName(f"{iso3!r} is not an ISO 3166 alpha-3 country code", name=iso3)
    country = _iso()[iso3]
    return str(getattr(country, "common_name", country.name))


@cache
def _names() -> dict[str, str]:
    """Every known way to write a country, folded, to its code."""
    names: dict[str, str] = {}
    for iso3, country in _iso().items():
        written = [iso3, country.alpha_2, country.name, name(iso3)]
        written += [getattr(country, field) for field in ("official_name", "common_name") if hasattr(country, field)]
        if ", " in country.name:  # "Korea, Republic of" is also "Republic of Korea"
            head, _, tail = country.name.partition(", ")
            written.append(f"{tail} {head}")
        names.update({fold(text): iso3 for text in written})
    names.update({fold(alias): iso3 for alias, iso3 in tables.read("aliases")})
    names.update({fold(KOSOVO): KOSOVO, "xk": KOSOVO})
    shortened = {text.replace("saint ", "st "): iso3 for text, iso3 in names.items() if text.startswith("saint ")}
    return shortened | names


@cache
def _ambiguous() -> dict[str, tuple[str, ...]]:
    return {text: tuple(codes.split()) for text, codes in tables.read("ambiguous")}


def fold(text: str) -> str:
    """A name without case, accents, punctuation and its article ("The Gambia", "Gambia, The"), for comparing."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").replace("&", " and "))
    words = _NOT_WORD.sub(" ", plain.encode("ascii", "ignore").decode().lower()).strip()
    return words.removeprefix("the ").removesuffix(" the")


def resolve(text: str) -> str:
    """The alpha-3 code of a country written as a name, alias or code.

    Raises AmbiguousName where several countries share the name ("Korea", "Virgin Islands") and UnknownName, with near
    misses, where none has it.
    """
    folded = fold(text)
    if folded in _ambiguous():
        candidates = _ambiguous()[folded]
        said = " or ".join(f"{name(code)} ({code})" for code in candidates)
        raise AmbiguousName(f"{text!r} is ambiguous: say {said}", name=text, candidates=candidates)
    if folded in _names():
        return _names()[folded]
    near = [name(_names()[match]) for match in get_close_matches(folded, _names(), n=3, cutoff=0.7)]
    near = list(dict.fromkeys(near))
    hint = f"; did you mean {' or '.join(near)}?" if near else ": give an English name or an ISO 3166 code"
    raise UnknownName(f"unknown country {text!r}{hint}", name=text, near=near)


@cache
def _cameo() -> dict[str, str]:
    return {**{code: code for code in iso3_codes()}, **{code: iso3 for code, iso3 in tables.read("cameo_countries")}}


@cache
def _fips() -> dict[str, str]:
    return {fips: iso3 for fips, iso3 in tables.read("fips")}


def cameo_map() -> dict[str, str]:
    """CAMEO actor country codes to ISO3, a fresh copy. Regions (EUR, AFR, WST, ...) are no countries: not in it."""
    return dict(_cameo())


def fips_map() -> dict[str, str]:
    """FIPS 10-4 country codes to ISO3, a fresh copy.

    Not in it: seas (OC, OS, UF), disputed islands (PF, PG, PJ), no man's land and undesignated sovereignty (NM, UU).
    """
    return dict(_fips())


def from_cameo(code: str) -> str | None:
    """The country of a CAMEO actor country code, or None for a region or an unknown code."""
    return _cameo().get(code)


def from_fips(code: str) -> str | None:
    """The country of a FIPS 10-4 code, or None where it stands for no country."""
    return _fips().get(code)
