"""Equilibrium ranking: candidate answers ranked by a game between who answers and who judges, the consensus game.

A generator is told to answer correctly or incorrectly and picks a candidate; a discriminator sees the candidate and
guesses what the generator was told; both win when the guess is right. Each starts from what the model says by itself
and is held near it (piKL), so they come to agree on answers that the model both gives and believes. Jacob et al. 2023,
"The Consensus Game", arXiv:2310.09139.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.odds import Floats, expit

CORRECT, INCORRECT = 0, 1
"""The places of the two roles on their axis."""
ITERATIONS = 5000
"""As many as the paper plays: by then the best candidate is settled, and the policies often are still moving."""
TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """Both players' last policies; what is absent is NaN.

    `generator` is (..., 2, candidates) and sums to 1 over the candidates, `discriminator` is (..., candidates, 2) and
    sums to 1 over the roles. `iterations` (...) were played, and `change` (...) is the furthest that a probability
    moved in the last of them. `settled` (...) is False where the game ended by the number of iterations alone.
    """

    generator: Floats
    discriminator: Floats
    iterations: NDArray[np.int64]
    change: Floats
    settled: NDArray[np.bool_]

    @property
    def by_generator(self) -> NDArray[np.int64]:
        """ER-G: the candidate most often given as correct (the first of equals), -1 where there is none."""
        return _best(self.generator[..., CORRECT, :])

    @property
    def by_discriminator(self) -> NDArray[np.int64]:
        """ER-D: the candidate most surely judged correct (the first of equals), -1 where there is none."""
        return _best(self.discriminator[..., CORRECT])


def generator_prior(log_likelihood: ArrayLike) -> Floats:
    """The generator's first policy in logs: `log P(y | x, v)`, (..., 2, candidates), normalised over v, then over y.

    The first step takes out what makes a candidate likely whatever was asked for. A candidate of probability 0 in both
    roles stays there; NaN stays NaN.
    """
    return _normalised(_normalised(_logs(log_likelihood), axis=-2), axis=-1)


def discriminator_prior(log_likelihood: ArrayLike) -> Floats:
    """The discriminator's first policy in logs: `log P(v | x, y)`, (..., candidates, 2), normalised over y, then v.

    The first step takes out a leaning to one verdict whatever is judged. NaN stays NaN.
    """
    return _normalised(_normalised(_logs(log_likelihood), axis=-2), axis=-1)


def equilibrium(
    log_generator: ArrayLike,
    log_discriminator: ArrayLike,
    *,
    lam: float = 0.1,
    eta: float = 0.1,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Equilibrium:
    """Play the game from the players' log-priors, (..., 2, candidates) and (..., candidates, 2).

    After `t` policies, `Q_G(y|v)` is half the mean of the discriminator's and `Q_D(v|y)` half that of the generator's,
    and the next policy of each is proportional to `exp[(Q + lam log prior) / (1 / (eta t) + lam)]`: `lam` > 0 holds a
    player to its prior, `eta` > 0 is the learning rate. Logs need not be normalised; -inf, a probability of 0, stays
    0. A candidate with a NaN is absent, so questions with fewer candidates can be padded.

    A question is settled, and played no further, when `t` times its last change falls below `tolerance`, about as far
    as means over `t` policies can still carry it; not before `1 / (eta lam)` iterations, up to which the learning rate
    outweighs the prior. Raises ValueError for shapes that do not fit, a parameter out of range, and a player that gives
    all its choices the probability 0.
    """
    if not (0 < lam < np.inf and 0 < eta < np.inf and iterations >= 1 and tolerance >= 0):
        raise ValueError("lam and eta must be finite and above 0, iterations at least 1 and tolerance at least 0")
    log_g, log_d = _logs(log_generator), _logs(log_discriminator)
    if log_g.ndim < 2 or log_g.shape[-2] != 2 or log_d.shape != (*log_g.shape[:-2], log_g.shape[-1], 2):
        raise ValueError("priors must be (..., 2, candidates) for the generator, (..., candidates, 2) for the other")
    log_d = np.swapaxes(log_d, -1, -2)
    stack, n = log_g.shape[:-2], log_g.shape[-1]
    log_g, log_d = log_g.reshape(-1, 2, n), log_d.reshape(-1, 2, n)
    present: NDArray[np.bool_] = np.all(~np.isnan(log_g + log_d), axis=1)
    asked = np.flatnonzero(present.any(axis=1))
    games = _Games.begun(log_g[asked], log_d[asked], present[asked])
    g, d = np.full(log_g.shape, np.nan), np.full(log_d.shape, np.nan)
    played, change = np.zeros(len(g), dtype=np.int64), np.full(len(g), np.nan)
    for rows, ended, t, moved in games.ends(lam, eta, iterations, tolerance):
        at = asked[rows]
        there = present[at][:, None]
        g[at] = np.where(there, ended.generator, np.nan)
        d[at] = np.where(there, np.stack([ended.correct, 1 - ended.correct], axis=1), np.nan)
        played[at], change[at] = t, moved
    return Equilibrium(
        generator=g.reshape(*stack, 2, n),
        discriminator=np.swapaxes(d, -1, -2).reshape(*stack, n, 2),
        iterations=played.reshape(stack),
        change=change.reshape(stack),
        settled=_settled(played, change, lam, eta, tolerance).reshape(stack),
    )


@dataclass(frozen=True, slots=True)
class _Games:
    """Games in play, one a question: log-priors, policies, and the sums of all policies before these.

    The discriminator has two choices, so its policy is one number a candidate, the chance of correct, and its prior the
    log-odds of it. The generator's arrays are (questions, 2, candidates), the discriminator's (questions, candidates).
    """

    log_generator: Floats
    log_odds: Floats
    generator: Floats
    correct: Floats
    sum_generator: Floats
    sum_correct: Floats

    @classmethod
    def begun(cls, log_g: Floats, log_d: Floats, present: NDArray[np.bool_]) -> _Games:
        """The first policies, which are the priors; an absent candidate is never given, and judged evenly."""
        log_g = _normalised(np.where(present[:, None], log_g, -np.inf), axis=2)
        log_d = np.where(present[:, None], log_d, 0.0)
        if np.isneginf(log_g).all(axis=2).any() or np.isneginf(log_d).all(axis=1).any():
            raise ValueError("a player gives all its choices the probability 0: leave the question or candidate out")
        log_odds = log_d[:, CORRECT] - log_d[:, INCORRECT]
        return cls(log_g, log_odds, np.exp(log_g), expit(log_odds), np.zeros_like(log_g), np.zeros_like(log_odds))

    def next(self, t: int, lam: float, eta: float) -> _Games:
        """The games after iteration `t`, counted from 1."""
        sum_g, sum_d = self.sum_generator + self.generator, self.sum_correct + self.correct
        looseness = 1 / (eta * t) + lam
        q_g = np.stack([sum_d, t - sum_d], axis=1) / (2 * t)
        q_d = (sum_g[:, CORRECT] - sum_g[:, INCORRECT]) / (2 * t)
        return replace(
            self,
            generator=_softmax((q_g + lam * self.log_generator) / looseness),
            correct=expit((q_d + lam * self.log_odds) / looseness),
            sum_generator=sum_g,
            sum_correct=sum_d,
        )

    def ends(
        self, lam: float, eta: float, iterations: int, tolerance: float
    ) -> Iterator[tuple[NDArray[np.int64], _Games, int, Floats]]:
        """Games as they end: which, how they stand, after how many iterations, and their last changes."""
        at, games = np.arange(len(self.generator)), self
        for t in range(1, iterations + 1):
            if not len(at):
                return
            after = games.next(t, lam, eta)
            moved = after.distance(games)
            over = _settled(t, moved, lam, eta, tolerance) | (t == iterations)
            if over.any():
                yield at[over], after.only(over), t, moved[over]
                at, after = at[~over], after.only(~over)
            games = after

    def distance(self, before: _Games) -> Floats:
        """The furthest that a probability moved, (questions,)."""
        moved_g, moved_d = np.abs(self.generator - before.generator), np.abs(self.correct - before.correct)
        return np.asarray(np.maximum(moved_g.max(axis=(1, 2)), moved_d.max(axis=1)), dtype=np.float64)

    def only(self, which: NDArray[np.bool_]) -> _Games:
        """These games alone."""
        return _Games(*(getattr(self, field.name)[which] for field in fields(self)))


def _settled(t: int | NDArray[np.int64], moved: Floats, lam: float, eta: float, tolerance: float) -> NDArray[np.bool_]:
    """Which games are settled after `t` iterations, the last of which moved a probability by `moved`."""
    return np.asarray((t * moved < tolerance) & (t * np.float64(eta * lam) >= 1), dtype=np.bool_)


def _logs(log_probability: ArrayLike) -> Floats:
    found = np.asarray(log_probability, dtype=np.float64)
    if np.isposinf(found).any():
        raise ValueError("the log of a probability is infinite: only -inf, a probability of 0, can be")
    return found


def _normalised(logs: Floats, axis: int) -> Floats:
    """Logs whose exponentials sum to 1 along `axis`, NaN left out; where all are -inf they stay so."""
    total = np.logaddexp.reduce(np.where(np.isnan(logs), -np.inf, logs), axis=axis, keepdims=True)
    return np.asarray(logs - np.where(np.isneginf(total), 0.0, total), dtype=np.float64)


def _softmax(logs: Floats) -> Floats:
    """The policy along the last axis; its largest log is finite."""
    raised = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float64)


def _best(values: Floats) -> NDArray[np.int64]:
    known = np.isfinite(values)
    first = np.where(known, values, -np.inf).argmax(axis=-1)
    return np.where(known.any(axis=-1), first, -1)
