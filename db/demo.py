"""The demo world: a SYNTHETIC year of events between countries, whose true probabilities are known.

Nothing in it happened. It exists so that Auspex can be tried without a download, and so that forecasters can be
judged against something that reality never shows: the probabilities that the best possible forecaster would give, who
knows the process (`db.demo_world`) and all events before `as_of`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import db.cameo as cameo
from db import demo_files
from db.demo_files import EVENT_MENTIONS, NOISE_MENTIONS, SYNTHETIC
from db.demo_world import CODES, COUNTRIES, Flags, Floats, Process, State, draw_process
from db.errors import BadInput
from db.records import EventCriterion

__all__ = ["N_PATHS", "SYNTHETIC", "DemoWorld"]

N_PATHS = 2000
"""Simulated futures behind a probability: its Monte-Carlo standard error is at most 0.5 / sqrt(2000) = 0.011."""
MAX_LEAD_DAYS = 400
DEFAULT_START = date(2024, 1, 1)

_PROCESS, _EVENTS, _FILES, _ORACLE = range(4)  # independent random streams of one seed


class DemoWorld:
    """A SYNTHETIC world of `days` days from `start`, drawn from `seed`: its events, its files and its true odds.

    `outcomes` [days, pairs, codes] says which events happened; `pairs` are ordered (subject, object). The same
    arguments give the same world and byte-identical files. Raises BadInput for fewer than one day.
    """

    def __init__(self, seed: int = 1, start: date = DEFAULT_START, days: int = 366) -> None:
        if days < 1:
            raise BadInput(f"a demo world needs at least one day, not {days}")
        self.seed, self.start, self.days = seed, start, days
        self.codes = CODES
        self.process: Process = draw_process(np.random.default_rng([seed, _PROCESS]))
        self.pairs = self.process.pairs
        self._position = {pair: position for position, pair in enumerate(self.pairs)}
        self.outcomes, self._states = self._run(np.random.default_rng([seed, _EVENTS]))

    def _run(self, rng: np.random.Generator) -> tuple[Flags, list[State]]:
        outcomes = np.zeros((self.days, len(self.pairs), len(CODES)), dtype=np.bool_)
        states = [self.process.at_rest()]
        for day in range(self.days):
            probabilities = self.process.probabilities(states[-1], self.start + timedelta(days=day))
            outcomes[day] = rng.random(probabilities.shape) < probabilities
            states.append(self.process.advance(states[-1], outcomes[day]))
        return outcomes, states

    @cached_property
    def one_day_ahead(self) -> Floats:
        """The true probability of every event given all days before its own, exact, shape [days, pairs, codes]."""
        days = [self.start + timedelta(days=day) for day in range(self.days)]
        return np.stack(
            [self.process.probabilities(state, day) for state, day in zip(self._states[:-1], days, strict=True)]
        )

    def write_files(self, folder: Path, *, base_url: str = "https://synthetic.invalid/gdeltv2") -> list[Path]:
        """Write the world as GDELT 2.0 event files (one per six hours) and their index; returns the event files.

        Every row of day d carries DATEADDED within d, so that a snapshot as of midnight knows exactly the days before.
        """
        return demo_files.write(
            self.outcomes,
            self.pairs,
            self.start,
            folder,
            rng=np.random.default_rng([self.seed, _FILES]),
            base_url=base_url,
        )

    def true_binary(self, criterion: EventCriterion, as_of: date) -> float:
        """The true probability that `criterion` comes about; see `oracle`."""
        return float(self.oracle([criterion], as_of)[0])

    def true_relation(self, subject: str, object: str, day: date, as_of: date) -> dict[str, float]:
        """The true probability of each code of the world from `subject` to `object` on `day`; see `oracle_codes`."""
        return dict(zip(CODES, self.oracle_codes([(subject, object, day)], as_of)[0].tolist(), strict=True))

    def oracle(self, criteria: Sequence[EventCriterion], as_of: date, *, n_paths: int = N_PATHS) -> Floats:
        """The probability of each criterion given the process and the events of the days before `as_of`, shape [n].

        Exact where the rest of the window is the day `as_of` itself, 0 or 1 where the window is past; otherwise the
        mean over `n_paths` simulated futures (the same ones for every criterion of that `as_of`) of the exact
        probability given the path up to the day before the last. Raises BadInput for an `as_of` outside the world, a
        country it does not have, a window that ends more than 400 days ahead, or a threshold of mentions that would
        count noise or miss events.
        """
        today = self._day(as_of)
        tallies = [_Tally(self, criterion, today) for criterion in criteria]
        horizon = max((tally.last for tally in tallies), default=-1)
        for day, probabilities, present in self._futures(today, horizon, n_paths):
            for tally in tallies:
                if tally.first <= day <= tally.last:
                    tally.count(day, probabilities, present)
        return np.array([tally.probability for tally in tallies], dtype=np.float64)

    def oracle_codes(
        self,
        queries: Sequence[tuple[str, str, date]],
        as_of: date,
        *,
        given_any_event: bool = False,
        n_paths: int = N_PATHS,
    ) -> Floats:
        """The probability of each code for each (subject, object, day), shape [n, codes]; codes as in `self.codes`.

        Exact for the day `as_of` itself, the mean over `n_paths` simulated futures beyond. With `given_any_event` it
        is the probability given that the pair-day has an event at all (zeros for a pair that never has one). Raises
        as `oracle` does, and BadInput for a day before `as_of`, whose events are known.
        """
        today = self._day(as_of)
        table = np.zeros((len(queries), len(CODES)))
        wanted: dict[int, list[tuple[int, int]]] = {}
        for row, (subject, object, day) in enumerate(queries):
            if day < as_of:
                raise BadInput(f"{day} lies before as_of {as_of}: its events are known, not forecast")
            if (pair := self._pair(subject, object)) is not None:
                wanted.setdefault((day - self.start).days, []).append((row, pair))
        for day_number, probabilities, _ in self._futures(today, max(wanted, default=-1), n_paths):
            for row, pair in wanted.get(day_number, ()):
                chances = probabilities[:, pair]
                any_event = 1.0 - np.prod(1.0 - chances, axis=1).mean() if given_any_event else 1.0
                table[row] = chances.mean(axis=0) / any_event
        return table

    def _futures(self, today: int, last: int, n_paths: int) -> Iterator[tuple[int, Floats, Flags]]:
        """Day by day from `today`: its number, the probabilities and the events, [paths or 1, pairs, codes] each.

        The stream of draws depends on the seed and on `today` alone, so a longer horizon never changes a nearer day.
        """
        if last - today > MAX_LEAD_DAYS:
            raise BadInput(f"the demo world's oracle looks at most {MAX_LEAD_DAYS} days ahead, not {last - today}")
        rng = np.random.default_rng([self.seed, _ORACLE, today])
        known = self._states[today]
        state = State(known.excitation[None], known.tension[None])
        shape = (n_paths, len(self.pairs), len(CODES))
        for day in range(today, last + 1):
            probabilities = self.process.probabilities(state, self.start + timedelta(days=day))
            present = _NOTHING if day == last else rng.random(shape, dtype=np.float32) < probabilities
            yield day, probabilities, present
            if day < last:
                state = self.process.advance(state, present)

    def _day(self, as_of: date) -> int:
        today = (as_of - self.start).days
        if not 0 <= today <= self.days:
            end = self.start + timedelta(days=self.days)
            raise BadInput(f"as_of {as_of} lies outside the demo world: give a day from {self.start} to {end}")
        return today

    def _pair(self, subject: str, object: str) -> int | None:
        for country in (subject, object):
            if country not in COUNTRIES:
                raise BadInput(f"the demo world has no country {country!r}: it has {', '.join(COUNTRIES)}")
        return self._position.get((subject, object))


_NOTHING: Flags = np.zeros((0, 0, 0), dtype=np.bool_)


class _Tally:
    """One criterion's count of matching events, per path, and at last its probability."""

    def __init__(self, world: DemoWorld, criterion: EventCriterion, today: int) -> None:
        if not NOISE_MENTIONS <= criterion.min_mentions < EVENT_MENTIONS:
            raise BadInput(
                f"min_mentions {criterion.min_mentions} does not tell the demo world's events from its noise: "
                f"give {NOISE_MENTIONS} to {EVENT_MENTIONS - 1}"
            )
        wanted = set(CODES) if criterion.codes is None else cameo.expand(criterion.codes)
        self._codes = np.flatnonzero([code in wanted for code in CODES])
        self._pair = world._pair(criterion.subject, criterion.object)
        opens, closes = ((day - world.start).days for day in (criterion.first_day, criterion.last_day))
        self._needed: NDArray[np.int64] = np.array([criterion.at_least])
        if self._pair is not None:
            past = world.outcomes[max(opens, 0) : max(min(closes + 1, today), 0), self._pair]
            self._needed -= np.count_nonzero(past[:, self._codes])
        possible = self._pair is not None and len(self._codes) > 0
        self.probability = float(self._needed[0] <= 0)
        decided = closes < today or not possible or self.probability == 1.0
        self.first, self.last = (0, -1) if decided else (max(opens, today), closes)

    def count(self, day: int, probabilities: Floats, present: Flags) -> None:
        """Take in one day of the window: its events, or on the last day their exact probability."""
        if day < self.last:
            self._needed = self._needed - np.count_nonzero(present[:, self._pair, self._codes], axis=1)
        else:
            self.probability = float(_at_least(self._needed, probabilities[:, self._pair, self._codes]).mean())


def _at_least(needed: NDArray[np.int64], probabilities: Floats) -> Floats:
    """P(at least `needed` of independent events), per path: the upper tail of the Poisson-binomial distribution.

    `needed` has shape [paths], `probabilities` [paths, events]; either may have one path for all. The distribution is
    built by adding one event after the other.
    """
    n_events = probabilities.shape[1]
    largest = int(np.clip(needed.max(), 0, n_events + 1))
    below = np.zeros((len(probabilities), largest + 1))  # below[:, k] = P(fewer than k), once summed up
    below[:, 1:2] = 1.0
    for event in range(n_events):
        chance = probabilities[:, event, None]
        below[:, 2:] = below[:, 2:] * (1 - chance) + below[:, 1:-1] * chance
        below[:, 1:2] *= 1 - chance
    below = np.cumsum(below, axis=1)
    wanted = np.clip(needed, 0, largest)
    wanted, rows = np.broadcast_arrays(wanted, np.arange(len(probabilities)))
    tail: Floats = 1.0 - np.minimum(below[rows, wanted], 1.0)  # rounding may push a sum past one
    return tail
