"""CAMEO, the codebook of event data: 20 roots, 149 base codes of three digits, and the leaves of four.

Codes are text, because leading zeros matter. Source: Schrodt, CAMEO codebook 1.1b3 (2012). The 149 base codes are the
146 that GDELT lists, 106 (lost in GDELT's list, where it is glued to the title of 1056; ICEWS has it) and the cyber
codes 155 and 176 of the codebook, which neither list names. The titles of the demands (101 to 108) are the codebook's:
GDELT's list has those of an older edition, in which the same numbers meant other things.

Goldstein (1992) values are GDELT's; 106 and 1213 have those of ICEWS. Five codes that neither list rates (155, 176,
1834, 1951, 1952) take the value of their parent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from db import tables
from db.errors import UnknownName

_NUMBER = re.compile(r"[0-9]{1,4}")
_ENDING = re.compile(r"(ing|ed|es|s|e)$")
_STEM = 6  # letters: "negotiate" and "negotiation" meet, "protest" and "protect" do not
_WORD = re.compile(r"[a-z]+")
_EMPTY_WORDS = frozenset(
    ("a", "an", "and", "by", "for", "in", "not", "of", "or", "the", "to", "with", "specified", "below")
)


@cache
def _table() -> dict[str, tuple[float, str]]:
    return {code: (float(goldstein), name) for code, goldstein, name in tables.read("cameo")}


@cache
def all_codes() -> tuple[str, ...]:
    """Every code of two to four digits, sorted."""
    return tuple(sorted(_table()))


@cache
def root_codes() -> tuple[str, ...]:
    """The 20 root codes, "01" to "20"."""
    return tuple(code for code in all_codes() if len(code) == 2)


@cache
def base_codes() -> tuple[str, ...]:
    """The 149 base codes of three digits, sorted."""
    return tuple(code for code in all_codes() if len(code) == 3)


def check(code: str) -> str:
    """`code` itself if CAMEO has it; raises UnknownName with the nearest codes otherwise."""
    if code in _table():
        return code
    near = _near(code)
    hint = f"; did you mean {', '.join(f'{known} ({name(known)})' for known in near)}?" if near else ""
    raise UnknownName(
        f"{code!r} is not a CAMEO code (two to four digits, such as 14 or 190){hint}", name=code, near=near
    )


def _near(code: str) -> tuple[str, ...]:
    """The codes most likely meant by an unknown one, best first: one with its lost zero, a neighbour, or a title."""
    digits = code.strip()
    if not _NUMBER.fullmatch(digits):
        return search(code)
    mended = tuple(known for known in (digits, f"0{digits}") if known in _table())
    prefixed = [known for known in all_codes() if known.startswith(digits[:2])]
    return mended or tuple(get_close_matches(digits, prefixed or all_codes(), n=3, cutoff=0.0))


def name(code: str) -> str:
    """The title of a code."""
    return _table()[check(code)][1]


def goldstein(code: str) -> float:
    """How conflictual (-10) or cooperative (+10) the kind of event is (Goldstein 1992)."""
    return _table()[check(code)][0]


def root(code: str) -> str:
    """The two-digit root of a code."""
    return check(code)[:2]


def base(code: str) -> str:
    """The three-digit base code of a code; a root has none and raises UnknownName."""
    if len(check(code)) < 3:
        raise UnknownName(f"{code!r} is a root code: its base codes are {', '.join(children(code))}", name=code)
    return code[:3]


def parent(code: str) -> str | None:
    """The code one level up, or None for a root."""
    return check(code)[:-1] if len(code) > 2 else None


def children(code: str) -> tuple[str, ...]:
    """The codes one level down, sorted."""
    check(code)
    return tuple(known for known in all_codes() if len(known) == len(code) + 1 and known.startswith(code))


def siblings(code: str) -> tuple[str, ...]:
    """The other codes with the same parent (for a root: the other roots), sorted."""
    above = parent(code)
    level = root_codes() if above is None else children(above)
    return tuple(known for known in level if known != code)


def quad_class(code: str) -> int:
    """1 verbal, 2 material cooperation (roots 01-04, 05-08); 3 verbal, 4 material conflict (09-16, 17-20).

    MIRAI's classes, which are not GDELT's QuadClass column.
    """
    number = int(root(code))
    return 1 if number <= 4 else 2 if number <= 8 else 3 if number <= 16 else 4


def expand(codes: Iterable[str]) -> frozenset[str]:
    """The base codes at, under or above `codes`: a root stands for its children, a leaf for its base; none for none."""
    wanted = tuple(check(code)[:3] for code in codes)
    return frozenset(known for known in base_codes() if known.startswith(wanted)) if wanted else frozenset()


def search(description: str, limit: int = 5) -> tuple[str, ...]:
    """The codes whose titles share most words with a description, best first; shorter titles first among equals."""
    asked = _words(description)
    scored = []
    for code in all_codes():
        words = _words(name(code))
        shared = len(asked & words)
        if shared:
            scored.append((-shared / len(asked | words), len(code), code))
    return tuple(code for _, _, code in sorted(scored)[: max(limit, 0)])


def _words(text: str) -> frozenset[str]:
    """The stems of the telling words of a text."""
    return frozenset(
        _ENDING.sub("", word)[:_STEM]
        for word in _WORD.findall(text.lower())
        if word not in _EMPTY_WORDS and len(word) > 1
    )
