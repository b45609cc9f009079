"""Counts of a history as they stood before a day: the memory that all statistical members share.

Exponentially decayed counts are kept unnormalised, as sums of 2^((day - origin) / half-life), so that moving on by a
day costs as much as that day's events and nothing for all the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.events.quads import Quads

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TENTH = float(np.log(2) / -np.log(0.9))
"""The half-life, 6.6 days, at which a day weighs 0.9 of the next."""

HALF_LIVES: tuple[float, ...] = (3.0, TENTH, 30.0, 90.0, np.inf)
"""Days; the last never forgets."""

LONGEST_DAYS = 2500
"""Older events are left out: 2^(2500/3) is still a double, and they no longer tell anything."""

NEVER = -(10**6)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Quads at one code level, with pairs numbered: arrays per quad, sorted by day, distinct.

    `pair_of` finds the number of (subject, object); `subject`, `object` and `reverse` are per pair, the last entry
    (number `pairs`) standing for every pair never seen.
    """

    day: Ints
    pair: Ints
    code: Ints
    codes: tuple[str, ...]
    countries: tuple[str, ...]
    keys: Ints
    subject: Ints
    object: Ints
    reverse: Ints

    @property
    def pairs(self) -> int:
        """How many different pairs there are."""
        return len(self.keys)

    def pair_of(self, subject: Ints, object: Ints) -> Ints:
        """Pair numbers of positions in `countries`; unseen pairs (or position -1) get the number `pairs`."""
        key = subject * len(self.countries) + object
        at = np.minimum(np.searchsorted(self.keys, key), max(self.pairs - 1, 0))
        known = (subject >= 0) & (object >= 0) & (self.keys[at] == key if self.pairs else False)
        return np.where(known, at, self.pairs)

    def positions(self, countries: list[str]) -> Ints:
        """Positions of ISO codes in `countries`, -1 for those never seen."""
        place = {country: position for position, country in enumerate(self.countries)}
        return np.array([place.get(country, -1) for country in countries], dtype=np.int64)


def history_of(quads: Quads, *, digits: int, before: int) -> History:
    """The history before day number `before`, with codes of `digits` (2 roots, 3 base codes)."""
    past = quads.before(before)
    recent = past.day >= before - LONGEST_DAYS
    names = tuple(sorted({code[:digits] for code in quads.codes}))
    to_level = np.searchsorted(np.array(names), np.array([code[:digits] for code in quads.codes]))
    n_countries = len(quads.countries)
    key = past.subject[recent].astype(np.int64) * n_countries + past.object[recent]
    keys, pair = np.unique(key, return_inverse=True)
    rows = np.stack([past.day[recent].astype(np.int64), pair.astype(np.int64), to_level[past.code[recent]]])
    day, pair, code = np.unique(rows, axis=1) if rows.size else rows
    subject, object = np.append(keys // n_countries, -1), np.append(keys % n_countries, -1)
    flipped = object * n_countries + subject
    at = np.minimum(np.searchsorted(keys, flipped), max(len(keys) - 1, 0))
    found = (keys[at] == flipped) if len(keys) else np.zeros(1, dtype=bool)
    reverse = np.where(found & (subject >= 0), at, len(keys))
    return History(
        day=day,
        pair=pair,
        code=code,
        codes=names,
        countries=quads.countries,
        keys=keys,
        subject=subject,
        object=object,
        reverse=reverse,
    )


class State:
    """Decayed counts of a history strictly before `day`, which only moves forward.

    For each half-life h: `pair[h]`, `subject[h]`, `object[h]` (rows x codes) and `all[h]` (codes) count event-days of a
    code; `pair_days[h]`, `subject_days[h]`, `object_days[h]`, `all_days[h]` count active pair-days. `scale(h, day)`
    turns them into counts as of a day. The last row of each stands for the unseen and stays zero.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self.day = int(history.day[0]) if len(history.day) else 0
        self.origin = self.day
        self._next = 0
        pairs, countries, codes = history.pairs + 1, len(history.countries) + 1, len(history.codes)
        levels = range(len(HALF_LIVES))
        self.pair = [np.zeros((pairs, codes)) for _ in levels]
        self.subject = [np.zeros((countries, codes)) for _ in levels]
        self.object = [np.zeros((countries, codes)) for _ in levels]
        self.all = [np.zeros(codes) for _ in levels]
        self.pair_days = [np.zeros(pairs) for _ in levels]
        self.subject_days = [np.zeros(countries) for _ in levels]
        self.object_days = [np.zeros(countries) for _ in levels]
        self.all_days = [0.0 for _ in levels]
        self.pair_seen = np.full((pairs, codes), NEVER, dtype=np.int32)
        self.subject_seen = np.full((countries, codes), NEVER, dtype=np.int32)
        self.object_seen = np.full((countries, codes), NEVER, dtype=np.int32)
        self.pair_active = np.full(pairs, NEVER, dtype=np.int32)
        self.last_set = np.zeros((pairs, codes), dtype=bool)
        self.set_before = np.zeros((pairs, codes), dtype=bool)

    def advance(self, day: int) -> None:
        """Take in all events before `day`; raises ValueError if the state is already past it."""
        if day < self.day:
            raise ValueError(f"the state stands at day {self.day} and cannot go back to {day}")
        end = int(np.searchsorted(self.history.day, day, side="left"))
        days = self.history.day[self._next : end]
        for start, stop in zip(*_runs(days), strict=True):
            self._add(int(days[start]), slice(self._next + start, self._next + stop))
        self._next, self.day = end, day

    def scale(self, level: int, day: int) -> float:
        """What a count of half-life number `level` is multiplied by to be a count as of `day`."""
        return float(2.0 ** (-(day - 1 - self.origin) / HALF_LIVES[level]))

    def _add(self, day: int, which: slice) -> None:
        pair, code = self.history.pair[which], self.history.code[which]
        subject, object = self.history.subject[pair], self.history.object[pair]
        active = np.unique(pair)
        for level, half_life in enumerate(HALF_LIVES):
            weight = 2.0 ** ((day - self.origin) / half_life)
            self.pair[level][pair, code] += weight
            np.add.at(self.subject[level], (subject, code), weight)
            np.add.at(self.object[level], (object, code), weight)
            np.add.at(self.all[level], code, weight)
            self.pair_days[level][active] += weight
            np.add.at(self.subject_days[level], self.history.subject[active], weight)
            np.add.at(self.object_days[level], self.history.object[active], weight)
            self.all_days[level] += weight * len(active)
        self.pair_seen[pair, code] = day
        self.subject_seen[subject, code] = day
        self.object_seen[object, code] = day
        self.set_before[active] = self.last_set[active]
        self.last_set[active] = False
        self.last_set[pair, code] = True
        self.pair_active[active] = day


def _runs(days: Ints) -> tuple[Ints, Ints]:
    """Starts and stops of the runs of equal values in a sorted array."""
    if not len(days):
        return np.array([], dtype=np.int64), np.array([], dtype=np.int64)
    starts = np.flatnonzero(np.append(True, days[1:] != days[:-1]))
    return starts, np.append(starts[1:], len(days))
