"""Rates: how many events of some codes a pair has per day, and what that says about a window of days.

Counted are distinct (day, base code) pairs, as in `EventCriterion`. A query asks for at least `at_least` of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.members.state import HALF_LIVES, NEVER, Floats, History, Ints, State

FEATURES = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class CountQueries:
    """Windows to forecast, arrays of one length: pair numbers of a history, `codes` (queries, base codes) wanted,
    `first`..`last` day (inclusive), the threshold `at_least`, and the day `known` before which everything is known."""

    pair: Ints
    codes: NDArray[np.bool_]
    first: Ints
    last: Ints
    at_least: Ints
    known: Ints

    def __len__(self) -> int:
        return len(self.pair)

    def only(self, which: Ints | NDArray[np.bool_]) -> CountQueries:
        """The queries that `which` selects."""
        return CountQueries(
            pair=self.pair[which],
            codes=self.codes[which],
            first=self.first[which],
            last=self.last[which],
            at_least=self.at_least[which],
            known=self.known[which],
        )

    @property
    def kinds(self) -> Ints:
        """What kind of codes each asks about: 0 any event, 1 several base codes, such as a root's, 2 one base code."""
        return np.where(self.codes.all(axis=1), 0, np.where(self.codes.sum(axis=1) > 1, 1, 2))

    def shapes(self) -> Ints:
        """All of the queries that windows of the past are drawn like, (queries, 4): first and last day from `known`,
        kind of codes, and whether one event is enough."""
        return np.stack([self.first - self.known, self.last - self.known, self.kinds, self.at_least == 1], axis=1)


@dataclass(frozen=True, slots=True)
class Described:
    """Queries as numbers: `rates` (queries, half-lives) of matching events per day, the pair's `prior` rate, the count
    in the window just before (`repeated`), and `features` (queries, FEATURES) for the learned members."""

    rates: Floats
    prior: Floats
    repeated: Ints
    features: Floats


def describe(history: History, queries: CountQueries) -> Described:
    """Describe `queries`, whose pairs are numbered as in `history`, by what was known before each one's `known` day."""
    state = State(history)
    days = Matches(history)
    n = len(queries)
    found = Described(np.zeros((n, len(HALF_LIVES))), np.zeros(n), np.zeros(n, dtype=np.int64), np.zeros((n, FEATURES)))
    for known in np.unique(queries.known):
        state.advance(max(int(known), state.day))
        which = np.flatnonzero(queries.known == known)
        asked = queries.only(which)
        length = asked.last - asked.first + 1
        rates, prior = _rates(state, asked)
        found.rates[which], found.prior[which] = rates, prior
        found.repeated[which] = days.count(asked.pair, asked.codes, known - length, known - 1)
        found.features[which] = _features(state, asked, rates, prior, found.repeated[which])
    return found


class Matches:
    """A history sorted by pair, for counting events in windows."""

    def __init__(self, history: History) -> None:
        order = np.lexsort((history.day, history.pair))
        self._key = history.pair[order] * 10**6 + history.day[order]
        self._code = history.code[order]

    def count(self, pair: Ints, codes: NDArray[np.bool_], first: Ints, last: Ints) -> Ints:
        """How many events of the wanted codes each pair has in `first..last`, shape (queries,)."""
        start = np.searchsorted(self._key, pair * 10**6 + first, side="left")
        stop = np.searchsorted(self._key, pair * 10**6 + np.maximum(last, 0), side="right")
        return np.array(
            [int(wanted[self._code[a:b]].sum()) for a, b, wanted in zip(start, stop, codes, strict=True)],
            dtype=np.int64,
        )


def _weights(state: State) -> Iterator[tuple[float, float]]:
    """Per half-life: what scales stored sums, and how many days the weights of all days so far add up to."""
    past = max(state.day - state.origin, 1)
    for level, half_life in enumerate(HALF_LIVES):
        fade = 0.5 ** (1 / half_life)
        days = past if np.isinf(half_life) else (1 - fade**past) / (1 - fade)
        yield state.scale(level, state.day), float(days)


def _rates(state: State, asked: CountQueries) -> tuple[Floats, Floats]:
    """Matching events per day of each pair at each half-life, and the prior rate: the average pair's."""
    wanted = asked.codes.astype(np.float64)
    columns = []
    for level, (scale, days) in enumerate(_weights(state)):
        columns.append((state.pair[level][asked.pair] * wanted).sum(axis=1) * scale / days)
    everybody = state.all[4] / max(state.day - state.origin, 1) / max(state.history.pairs, 1)
    return np.stack(columns, axis=1), wanted @ everybody


def _features(state: State, asked: CountQueries, rates: Floats, prior: Floats, repeated: Ints) -> Floats:
    history = state.history
    wanted = asked.codes.astype(np.float64)
    length = (asked.last - asked.first + 1).astype(np.float64)
    reverse, subject, object = history.reverse[asked.pair], history.subject[asked.pair], history.object[asked.pair]
    columns: list[Floats] = [_log_rate(rates[:, level] * length) for level in range(len(HALF_LIVES))]
    scales = list(_weights(state))
    for level in (1, 2, 4):
        scale, days = scales[level]
        columns.append(_log_rate((state.pair[level][reverse] * wanted).sum(axis=1) * scale / days * length))
        columns.append(_log_rate((state.subject[level][subject] * wanted).sum(axis=1) * scale / days * length))
        columns.append(_log_rate((state.object[level][object] * wanted).sum(axis=1) * scale / days * length))
        columns.append(_log_rate(state.pair[level][asked.pair].sum(axis=1) * scale / days * length))
        columns.append(_log_rate(state.pair_days[level][asked.pair] * scale / days * length))
    columns.append(_log_rate(prior * length))
    columns.append(np.log1p(repeated.astype(np.float64)))
    shrunk = blended_rate(rates, prior)
    for rate in (rates[:, 1], rates[:, 2], rates[:, 4], shrunk):
        columns.append(_logit(at_least_poisson(rate * length, asked.at_least)))
    columns.append(np.log(asked.at_least.astype(np.float64)))
    columns.append(np.log(length))
    columns.append(np.log(wanted.sum(axis=1) / wanted.shape[1] + 1e-3))
    seen = np.where(asked.codes, state.pair_seen[asked.pair], NEVER).max(axis=1)
    columns.append(np.log1p(np.clip(state.day - seen, 0, 400)))
    columns.append(np.log1p(np.clip(state.day - state.pair_active[asked.pair], 0, 400)))
    columns.append((asked.first - state.day).astype(np.float64))
    columns.append(((asked.first + 3) % 7).astype(np.float64))
    return np.stack(columns, axis=1)


def blended_rate(rates: Floats, prior: Floats) -> Floats:
    """A pair's own rates of the last month and of its whole past, with a twentieth of the average pair's."""
    result: Floats = 0.6 * rates[:, 2] + 0.35 * rates[:, 4] + 0.05 * prior
    return result


def at_least_poisson(mean: Floats, at_least: Ints) -> Floats:
    """P(N >= at_least) for a Poisson count of that mean, shapes (queries,)."""
    from scipy.stats import poisson

    return np.asarray(poisson.sf(at_least - 1, mean), dtype=np.float64)


def at_least_overdispersed(mean: Floats, at_least: Ints, size: float) -> Floats:
    """P(N >= at_least) for a negative binomial count: variance mean + mean^2 / size."""
    from scipy.stats import nbinom

    return np.asarray(nbinom.sf(at_least - 1, size, size / (size + np.maximum(mean, 1e-12))), dtype=np.float64)


def _log_rate(expected: Floats) -> Floats:
    return np.asarray(np.log(expected + 1e-3), dtype=np.float64)


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)
