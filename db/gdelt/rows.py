"""Checking rows: one rule book in Python, and the SQL gate that says whether a batch needs it.

Nearly every batch is clean, and DuckDB reads it at full speed. A batch that does not pass the gate (DuckDB refuses it,
a line is missing, a value is out of range) is read again line by line against the rule book: bad lines become
rejects with file, line and reason, and the rest passes the gate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import db.cameo as cameo
from db.gdelt.files import Plain
from db.gdelt.layout import LAYOUTS

MAX_LAG = timedelta(days=3660)
"""GDELT's relative-date artefacts reach back ten years; an event older than that has a broken date."""

NO_CODE = ("", "-", "--", "---")
FIRST_DAY = date(1920, 1, 1)


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that cannot be an event, where it stands, and why."""

    file: str
    line: int
    reason: str
    text: str


def clean(plain: Plain) -> tuple[Plain, list[Reject]]:
    """Split `plain` into the rows that pass the rule book, in a file of their own, and the rejects."""
    check = row_checker(plain.columns)
    target = plain.path.with_suffix(".clean.tsv")
    rejects: list[Reject] = []
    lines = 0
    with plain.path.open("rb") as source, target.open("wb") as sink:
        for number, raw in enumerate(source, start=1):
            reason = check(raw)
            if reason is None:
                sink.write(raw)
                lines += 1
            else:
                text = raw[:2000].decode("utf-8", "replace").rstrip("\n")
                rejects.append(Reject(str(plain.source), number, reason, text))
    return Plain(plain.source, target, plain.columns, lines, is_text=True), rejects


def row_checker(columns: int) -> Callable[[bytes], str | None]:
    """The rule book for rows of that many columns: raw line -> why it is rejected, or None."""
    at = {name: position for position, name in enumerate(LAYOUTS[columns])}
    codes = frozenset(cameo.all_codes())
    backfile = columns == 57

    def check(raw: bytes) -> str | None:
        try:
            line = raw.decode("utf-8").rstrip("\n")
        except UnicodeDecodeError as error:
            return f"not UTF-8 at byte {error.start}"
        fields = line.split("\t")
        if len(fields) != columns:
            return "empty line" if not line.strip() else f"{len(fields)} columns instead of {columns}"
        if "\r" in line or "\0" in line:
            return "carriage return or NUL inside the row"
        row = {name: fields[position] for name, position in at.items()}
        return _check_dates(row, backfile) or _check_code(row, codes) or _check_numbers(row)

    return check


def _check_dates(row: dict[str, str], backfile: bool) -> str | None:
    happened = _day(row["SQLDATE"])
    if happened is None:
        return f"SQLDATE {row['SQLDATE']!r} is not a date"
    added = _moment(row["DATEADDED"])
    if added is None:
        return f"DATEADDED {row['DATEADDED']!r} is not a time"
    if happened > added.date():
        return f"SQLDATE {row['SQLDATE']} lies after DATEADDED {row['DATEADDED']}"
    if not backfile and added.date() - happened > MAX_LAG or happened < FIRST_DAY:
        return f"SQLDATE {row['SQLDATE']} lies more than ten years before DATEADDED {row['DATEADDED']}"
    return None


def _check_code(row: dict[str, str], codes: frozenset[str]) -> str | None:
    code = row["EventCode"]
    return None if code in codes or code in NO_CODE else f"unknown CAMEO code {code!r}"


_NUMBERS: dict[str, tuple[float, float, bool]] = {  # column -> lowest, highest, must be there
    "GLOBALEVENTID": (0, 2**62, True),
    "GoldsteinScale": (-10, 10, False),
    "NumMentions": (0, 2**31 - 1, True),
    "NumSources": (0, 2**31 - 1, True),
    "NumArticles": (0, 2**31 - 1, True),
    "AvgTone": (-100, 100, False),
    "ActionGeo_Lat": (-90, 90, False),
    "ActionGeo_Long": (-180, 180, False),
}
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_WHOLE = frozenset({"GLOBALEVENTID", "NumMentions", "NumSources", "NumArticles"})


def _check_numbers(row: dict[str, str]) -> str | None:
    for name, (lowest, highest, required) in _NUMBERS.items():
        text = row[name]
        if not text:
            if required:
                return f"{name} is empty"
            continue
        if not (_INTEGER if name in _WHOLE else _DECIMAL).fullmatch(text):
            return f"{name} {text!r} is not a number"
        if not lowest <= float(text) <= highest:
            return f"{name} {text} lies outside {lowest:g}..{highest:g}"
    return None


def _day(text: str) -> date | None:
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    day = _day(text[:8])
    clock = text[8:] or "000000"
    if day is None or len(clock) != 6 or not (clock.isascii() and clock.isdigit()):
        return None
    hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:])
    if hour > 23 or minute > 59 or second > 59:
        return None
    return datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001  a file's own UTC stamp


def gate_sql(columns: int) -> str:
    """SQL that is true for a row that breaks a rule of value (DuckDB itself checks shape and type).

    It reads the columns of `read_csv`, `stamp` (the time of DATEADDED) and a left join to `known_codes`.
    """
    ranges = " OR ".join(
        f"{name} NOT BETWEEN {lowest} AND {highest}" + (f" OR {name} IS NULL" if required else "")
        for name, (lowest, highest, required) in _NUMBERS.items()
    )
    lag = "" if columns == 57 else f"OR stamp::DATE - SQLDATE > {MAX_LAG.days} "
    return (
        f"SQLDATE IS NULL OR stamp IS NULL OR SQLDATE > stamp::DATE OR SQLDATE < DATE '{FIRST_DAY}' {lag}OR {ranges} "
        "OR (EventCode IS NOT NULL AND known_codes.code IS NULL)"
    )
