"""Writing the demo world as GDELT 2.0 files: SYNTHETIC rows in the exact form of the real ones, quirks included.

Beside the rows of true events there are, as in the real stream, rows with few mentions, rows without a country or
within one, rows with a relative-date artefact (SQLDATE 7, 30 or 365 days back), and stale articles read a day late.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import db.cameo as cameo
import db.countries as countries
from db.demo_world import CODES, COUNTRIES, Flags

SYNTHETIC = (
    "SYNTHETIC demonstration data of Auspex in the form of GDELT 2.0 event files. "
    "Every event in it is invented by a random process; none of it happened."
)
SOURCE = "https://synthetic.invalid"
SLOT_TIMES = ("054500", "114500", "174500", "234500")
NOISE_MENTIONS = 12
"""A quad that is noise has at most so many mentions, summed over its rows."""
EVENT_MENTIONS = 51
"""A quad of a true event has at least so many mentions, summed over its aligned rows."""

FIRST_ID = 1_000_000_001
NOISE_SHARE, BACKGROUND_SHARE, LATE_SHARE, STALE_SHARE = 0.10, 0.12, 0.015, 0.10
LAGS, LAG_SHARES = (7, 30, 365), (0.40, 0.25, 0.35)  # as measured on the real stream
ROUNDUPS = 5  # articles a day that back events of several pairs
NOBODY, REGION = len(COUNTRIES), len(COUNTRIES) + 1
_PLACES: dict[str, tuple[str, float, float, str, str, float, float]] = {  # FIPS, centroid; city, FIPS ADM1, position
    "ARG": ("AR", -34.0, -64.0, "Buenos Aires, Distrito Federal, Argentina", "AR07", -34.5875, -58.6725),
    "BRA": ("BR", -10.0, -55.0, "Brasilia, Distrito Federal, Brazil", "BR07", -15.7833, -47.9167),
    "CAN": ("CA", 60.0, -96.0, "Ottawa, Ontario, Canada", "CA08", 45.4167, -75.7),
    "CHN": ("CH", 35.0, 105.0, "Beijing, Beijing, China", "CH22", 39.9289, 116.388),
    "DEU": ("GM", 51.5, 10.5, "Berlin, Berlin, Germany", "GM16", 52.5167, 13.4),
    "EGY": ("EG", 27.0, 30.0, "Cairo, Al Qahirah, Egypt", "EG11", 30.05, 31.25),
    "FRA": ("FR", 46.0, 2.0, "Paris, Ile-De-France, France", "FRA8", 48.8667, 2.33333),
    "GBR": ("UK", 54.0, -4.0, "London, London, City of, United Kingdom", "UKH9", 51.5, -0.116667),
    "IND": ("IN", 20.0, 77.0, "New Delhi, Delhi, India", "IN07", 28.6, 77.2),
    "JPN": ("JA", 36.0, 138.0, "Tokyo, Tokyo, Japan", "JA40", 35.685, 139.751),
    "KEN": ("KE", 1.0, 38.0, "Nairobi, Nairobi Area, Kenya", "KE05", -1.28333, 36.8167),
    "MEX": ("MX", 23.0, -102.0, "Mexico City, Distrito Federal, Mexico", "MX09", 19.4342, -99.1386),
    "TUR": ("TU", 39.0, 35.0, "Ankara, Ankara, Turkey", "TU68", 39.9272, 32.8644),
    "USA": ("US", 39.828175, -98.5795, "Washington, District of Columbia, United States", "USDC", 38.8951, -77.0364),
}
_ROLES = ("", "GOV", "MIL", "BUS")
_ROLE_SHARES = (0.5, 0.35, 0.1, 0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Event rows as arrays of one entry each.

    `day` (since the first) is the day of DATEADDED, `lag` how many days SQLDATE lies before it; actors are positions
    in COUNTRIES, NOBODY or REGION; `article` numbers the URL of `url_day`, those below ROUNDUPS are shared.
    """

    day: NDArray[np.int64]
    subject: NDArray[np.int64]
    object: NDArray[np.int64]
    code: NDArray[np.int64]
    mentions: NDArray[np.int64]
    lag: NDArray[np.int64]
    url_day: NDArray[np.int64]
    article: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.day)

    def take(self, index: NDArray[np.int64]) -> _Rows:
        return _Rows(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


def write(
    outcomes: Flags,
    pairs: tuple[tuple[str, str], ...],
    start: date,
    folder: Path,
    *,
    rng: np.random.Generator,
    base_url: str,
) -> list[Path]:
    """Write `outcomes` [days, pairs, codes] as zipped event files every six hours, in time order, with their index.

    `folder` also receives `masterfilelist.txt`, `lastupdate.txt` (lines `bytes md5 url`) and `SYNTHETIC.txt`. A slot
    without rows has no file, as in the real stream.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = _draw_rows(outcomes, pairs, rng)
    slots = rows.day * len(SLOT_TIMES) + rng.integers(0, len(SLOT_TIMES), len(rows))
    order = np.argsort(slots, kind="stable")
    slots = slots[order]
    lines = _lines(rows.take(order), slots, start, rng)
    written: list[Path] = []
    index: list[str] = []
    used, firsts = np.unique(slots, return_index=True)
    for slot, first, last in zip(used, firsts, [*firsts[1:], len(slots)], strict=True):
        content = _zipped(_stamp(start, int(slot)), "".join(lines[first:last]))
        path = folder / f"{_stamp(start, int(slot))}.export.CSV.zip"
        path.write_bytes(content)
        written.append(path)
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        index.append(f"{len(content)} {digest} {base_url.rstrip('/')}/{path.name}\n")
    (folder / "masterfilelist.txt").write_text("".join(index), encoding="ascii")
    (folder / "lastupdate.txt").write_text("".join(index[-1:]), encoding="ascii")
    (folder / "SYNTHETIC.txt").write_text(SYNTHETIC + "\n", encoding="ascii")
    return written


def _draw_rows(outcomes: Flags, pairs: tuple[tuple[str, str], ...], rng: np.random.Generator) -> _Rows:
    ends = np.array([[COUNTRIES.index(subject), COUNTRIES.index(object)] for subject, object in pairs])
    quads = np.argwhere(outcomes)
    copies = 3 + rng.poisson(1.0, len(quads))
    which = np.repeat(np.arange(len(quads)), copies)
    day, pair, code = quads[which].T
    n = len(which)
    # Sharing the least sum out over the rows, rounded up, keeps every true quad above the threshold.
    mentions = -(-EVENT_MENTIONS // copies[which]) + rng.geometric(0.07, n) - 1
    own = ROUNDUPS + 3 * which + rng.integers(0, 3, n)
    shared = rng.random(n) < 0.12
    article = np.where(shared, rng.integers(0, ROUNDUPS, n), own)
    events = _Rows(
        day=day,
        subject=ends[pair, 0],
        object=ends[pair, 1],
        code=code,
        mentions=mentions,
        lag=np.zeros(n, dtype=np.int64),
        url_day=day,
        article=article,
    )
    late = events.take(rng.choice(n, round(LATE_SHARE * n), replace=False))
    late.lag[:] = rng.choice(LAGS, len(late), p=LAG_SHARES)
    others = [late, _noise(outcomes, ends, round(NOISE_SHARE * n), rng), _background(outcomes.shape, n, rng)]
    number = ROUNDUPS + 3 * len(quads)
    for extra in others:  # an article of their own, except the stale ones
        fresh = extra.url_day == extra.day
        extra.article[fresh] = number + np.arange(len(extra))[fresh]
        number += len(extra)
    parts = [events, *others]
    return _Rows(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(_Rows)}
    )


def _noise(outcomes: Flags, ends: NDArray[np.int64], n: int, rng: np.random.Generator) -> _Rows:
    """One row of few mentions for each of `n` quads that did not happen; some from yesterday's shared articles."""
    absent = rng.choice(np.flatnonzero(~outcomes), n, replace=False)
    day, pair, code = np.unravel_index(absent, outcomes.shape)
    stale = (rng.random(n) < STALE_SHARE) & (day > 0)
    return _Rows(
        day=day,
        subject=ends[pair, 0],
        object=ends[pair, 1],
        code=code,
        mentions=rng.integers(1, NOISE_MENTIONS + 1, n),
        lag=np.zeros(n, dtype=np.int64),
        url_day=day - stale,
        article=rng.integers(0, ROUNDUPS, n),
    )


def _background(shape: tuple[int, ...], n_events: int, rng: np.random.Generator) -> _Rows:
    """Rows that no pair of countries owns: within a country, with a region, or without a second actor."""
    n = round(BACKGROUND_SHARE * n_events)
    day = rng.integers(0, shape[0], n)
    subject = rng.integers(0, len(COUNTRIES), n)
    kind = rng.integers(0, 3, n)
    return _Rows(
        day=day,
        subject=subject,
        object=np.choose(kind, [subject, np.full(n, REGION), np.full(n, NOBODY)]),
        code=rng.integers(0, len(CODES), n),
        mentions=rng.geometric(0.1, n),
        lag=np.zeros(n, dtype=np.int64),
        url_day=day,
        article=np.zeros(n, dtype=np.int64),
    )


def _lines(rows: _Rows, slots: NDArray[np.int64], start: date, rng: np.random.Generator) -> list[str]:
    """The rows as lines of 61 tab-separated columns; every repeated group of columns is spelt once and looked up."""
    n = len(rows)
    actors = [[_actor(position, role) for role in _ROLES] for position in range(REGION + 1)]
    places = [[_place(position, city) for city in (False, True)] for position in range(REGION + 1)]
    codes = [(code, *cameo.children(code)) for code in CODES]
    kinds = [[_kind(code) for code in family] for family in codes]
    scale = np.array([cameo.goldstein(code) for code in CODES])
    dates = {ago: _dates(start + timedelta(days=ago)) for ago in map(int, np.unique(rows.day - rows.lag))}
    stamps = {slot: _stamp(start, slot) for slot in map(int, np.unique(slots))}
    tone = np.clip(0.5 * scale[rows.code] + rng.normal(0.0, 2.0, n), -20.0, 20.0).round(6).tolist()
    leaf = (rng.integers(0, 1000, n) * (rng.random(n) < 0.2)).tolist()
    role1, role2 = (rng.choice(len(_ROLES), n, p=_ROLE_SHARES).tolist() for _ in range(2))
    city1, city2 = (rng.integers(0, 2, n).tolist() for _ in range(2))
    at_object = (rng.random(n) < 0.5).tolist()
    is_root = rng.integers(0, 2, n).tolist()
    urls = _urls(rows, start)
    columns = (rows.day - rows.lag, rows.subject, rows.object, rows.code, rows.mentions, slots)
    lines = []
    for i, (when, subject, object, code, mentions, slot) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        kind = kinds[code][leaf[i] % len(kinds[code])]
        place1, place2 = places[subject][city1[i]], places[object][city2[i]]
        action = place2 if at_object[i] and object < NOBODY else place1
        lines.append(
            f"{FIRST_ID + i}\t{dates[when]}\t{actors[subject][role1[i]]}\t{actors[object][role2[i]]}\t{is_root[i]}\t"
            f"{kind}\t{mentions}\t{1 + mentions // 10}\t{mentions}\t{tone[i]}\t{place1}\t{place2}\t{action}\t"
            f"{stamps[slot]}\t{urls[i]}\n"
        )
    return lines


def _urls(rows: _Rows, start: date) -> list[str]:
    names = [_slug(countries.name(country)) for country in COUNTRIES] + ["officials", "europe"]
    titles = [_slug(cameo.name(code)) for code in CODES]
    folders = {day: f"{SOURCE}/{start + timedelta(days=day):%Y/%m/%d}" for day in map(int, np.unique(rows.url_day))}
    columns = (rows.url_day, rows.article, rows.subject, rows.object, rows.code)
    return [
        f"{folders[day]}/synthetic-world-news-roundup-{article}"
        if article < ROUNDUPS
        else f"{folders[day]}/{names[subject]}-and-{names[object]}-{titles[code]}-{article}"
        for day, article, subject, object, code in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _slug(text: str) -> str:
    return "-".join(countries.fold(text).split())


def _actor(position: int, role: str) -> str:
    """The ten actor columns."""
    if position == NOBODY:
        return "\t" * 9
    code, name = ("EUR", "EUROPE") if position == REGION else (COUNTRIES[position], "")
    name = name or countries.name(code).upper()
    return f"{code}{role}\t{name}\t{code}\t\t\t\t\t{role}\t\t"


def _place(position: int, city: bool) -> str:
    """The eight place columns: a country (type 1) or a city in it (3 in the USA, else 4)."""
    if position >= NOBODY:
        return "0" + "\t" * 7
    iso3 = COUNTRIES[position]
    fips, lat, long, name, adm1, city_lat, city_long = _PLACES[iso3]
    if city:
        return f"{3 if fips == 'US' else 4}\t{name}\t{fips}\t{adm1}\t\t{city_lat}\t{city_long}\t{-900_001 - position}"
    return f"1\t{countries.name(iso3)}\t{fips}\t{fips}\t\t{lat}\t{long}\t{fips}"


def _kind(code: str) -> str:
    """EventCode, EventBaseCode, EventRootCode, QuadClass, GoldsteinScale."""
    return f"{code}\t{code[:3]}\t{code[:2]}\t{cameo.quad_class(code)}\t{cameo.goldstein(code)}"


def _dates(day: date) -> str:
    """SQLDATE, MonthYear, Year, FractionDate (months of 30 days, as GDELT reckons)."""
    return f"{day:%Y%m%d}\t{day:%Y%m}\t{day.year}\t{day.year + ((day.month - 1) * 30 + day.day) / 365:.4f}"


def _stamp(start: date, slot: int) -> str:
    day, time = divmod(slot, len(SLOT_TIMES))
    return f"{start + timedelta(days=day):%Y%m%d}{SLOT_TIMES[time]}"


def _zipped(stamp: str, text: str) -> bytes:
    """A zip archive of one member, whose bytes depend on nothing but the arguments."""
    moment = datetime.strptime(stamp, "%Y%m%d%H%M%S")  # noqa: DTZ007  a file's own UTC stamp
    member = zipfile.ZipInfo(f"{stamp}.export.CSV", date_time=moment.timetuple()[:6])
    member.compress_type, member.create_system, member.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = SYNTHETIC.encode("ascii")
        archive.writestr(member, text.encode("utf-8"), compresslevel=6)
    return buffer.getvalue()
