"""Names and codes of countries (ISO 3166 alpha-3) and of kinds of events (CAMEO): the same at every moment."""

from __future__ import annotations

from collections.abc import Sequence

import db.cameo as cameo
import db.countries as countries
from db.errors import UnknownName
from db.events.snapshot import Snapshot
from tools.filters import Name, Query
from tools.tool import Answer


def map_country_name_to_iso(snapshot: Snapshot, *, name: Name) -> Answer[str]:
    """The ISO 3166 alpha-3 code of a country.

    name: any usual way to write it: "China", "South Korea", "UK", "Côte d'Ivoire".
    Returns the code, such as "CHN". A name that several countries share is refused with the candidates, an unknown one
    with near misses.
    """
    iso3 = countries.resolve(name)
    return Answer(data=iso3, heading=f"{iso3} {countries.name(iso3)}")


def map_iso_to_country_name(snapshot: Snapshot, *, iso: Name) -> Answer[str]:
    """The common English name of the country with an ISO 3166 code.

    iso: an alpha-3 code such as "CHN" (alpha-2 works too).
    Returns the name, such as "China".
    """
    iso3 = countries.resolve(iso)
    return Answer(data=countries.name(iso3), heading=f"{iso3} {countries.name(iso3)}")


def map_relation_description_to_cameo(snapshot: Snapshot, *, text: Query) -> Answer[list[str]]:
    """The CAMEO codes whose titles are nearest to a description of a kind of event.

    text: a few words such as "impose sanctions" or "military attack".
    Returns up to 5 codes of two to four digits, best first.
    """
    found = cameo.search(text)
    if not found:
        roots = ", ".join(f"{code} {cameo.name(code)}" for code in cameo.root_codes())
        raise UnknownName(f"no CAMEO title shares a word with {text!r}: the roots are {roots}", name=text)
    return _codes(found, f"{len(found)} nearest codes:")


def map_cameo_to_relation(snapshot: Snapshot, *, code: Name) -> Answer[str]:
    """The title of a CAMEO code.

    code: two to four digits with leading zeros, such as "04", "042" or "1411".
    Returns the title, such as "Make a visit".
    """
    return Answer(data=cameo.name(code), heading=_title(code))


def get_parent_relation(snapshot: Snapshot, *, code: Name) -> Answer[str | None]:
    """The CAMEO code one level above a code.

    code: two to four digits, such as "042".
    Returns the code above, such as "04", or None for a root (two digits).
    """
    above = cameo.parent(code)
    return Answer(data=above, heading=_title(above) if above else f"{_title(code)} is a root: nothing is above it")


def get_child_relations(snapshot: Snapshot, *, code: Name) -> Answer[list[str]]:
    """The CAMEO codes one level below a code.

    code: two to four digits, such as "04".
    Returns the codes below, such as ["040", "041", ...], or [] where there are none.
    """
    found = cameo.children(code)
    return _codes(found, f"{len(found)} codes under {_title(code)}")


def get_sibling_relations(snapshot: Snapshot, *, code: Name) -> Answer[list[str]]:
    """The other CAMEO codes under the same parent (for a root: the other roots).

    code: two to four digits, such as "042".
    Returns the codes, such as ["040", "041", "043", ...].
    """
    found = cameo.siblings(code)
    return _codes(found, f"{len(found)} codes beside {_title(code)}")


def _title(code: str) -> str:
    return f"{code} {cameo.name(code)}"


def _codes(found: Sequence[str], heading: str) -> Answer[list[str]]:
    return Answer(data=list(found), heading=heading, lines=[_title(code) for code in found])
