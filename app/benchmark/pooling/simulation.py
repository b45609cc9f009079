"""Worlds in which the truth is known: what learning costs where there is nothing to learn, and gains where there is.

Each world draws its members once (how noisy, how confident, how alike) and its questions in rounds. Log-odds of the
truth are normal; a member's are the truth's, plus an error shared with the others, plus its own, times its confidence.
Between rounds the base rate of every source may move, which is what undoes learning on generated data questions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ensembles.adaptive import learn
from ensembles.history import History
from ensembles.odds import Floats, expit
from ensembles.pooling import logit_pool
from ensembles.registry import fitting_function
from ensembles.scores import brier
from ensembles.significance import cluster_bootstrap

TOO_COSTLY = 0.002
"""The loss in Brier score against the plain logit pool that a learnt rule must not exceed."""
_TEST = 1000
_SOURCES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How a family of worlds is drawn; standard deviations are in log-odds."""

    name: str
    market: bool = True
    rounds: int = 1
    per_round: int = 100
    members: int = 5
    centre: float = -1.5
    spread: float = 2.0
    error: float = 1.0
    alike: float = 0.9
    """The share of a member's error variance that all members share."""
    unequal: float = 0.0
    """The standard deviation of the logarithm of the members' own errors: 0, and they are equally good."""
    confidence: float = 1.0
    """What members multiply their log-odds by: below 1 they say too little."""
    drift: float = 0.0
    """The standard deviation of a source's base rate from round to round."""


SCENARIOS = (
    Scenario(name="alike and well calibrated", error=0.5),
    Scenario(name="alike and noisy", error=1.5),
    Scenario(name="too cautious", error=0.5, confidence=0.6),
    Scenario(name="too sure", error=1.0, confidence=1.5),
    Scenario(name="unequal members", error=1.2, alike=0.6, unequal=0.8),
    Scenario(name="base rate moved", error=0.7, drift=0.7),
    Scenario(name="data questions, 2 rounds, drift", market=False, rounds=2, drift=0.8, confidence=0.8),
    Scenario(name="data questions, 8 rounds, drift", market=False, rounds=8, drift=0.8, error=0.5),
    Scenario(
        name="data questions, 8 rounds, too cautious", market=False, rounds=8, drift=0.3, confidence=0.5, error=0.5
    ),
)


def simulate(*, worlds: int = 200, seed: int = 0, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """The scenarios with each rule's loss against the plain logit pool over so many worlds.

    `diff_to_logit_pool` is its mean with an interval over worlds (each world's is measured on 1,000 fresh questions),
    `worst_20th` its 95th percentile, and `too_costly` the share of worlds where it exceeds TOO_COSTLY.
    """
    found = []
    for number, scenario in enumerate(SCENARIOS):
        random = np.random.default_rng([seed, number])
        losses: dict[str, list[float]] = {}
        for _ in range(worlds):
            for rule, loss in _world(scenario, random).items():
                losses.setdefault(rule, []).append(loss)
        found.append(
            {
                "scenario": scenario.name,
                "known": scenario.rounds * scenario.per_round,
                "rounds": scenario.rounds,
                "rules": [_row(rule, np.array(values)) for rule, values in losses.items()],
            }
        )
        if progress:
            progress(number + 1, len(SCENARIOS))
    return {"worlds": worlds, "seed": seed, "too_costly": TOO_COSTLY, "scenarios": found}


def _row(rule: str, losses: Floats) -> dict[str, Any]:
    [interval] = cluster_bootstrap(losses, np.arange(len(losses)))
    return {
        "rule": rule,
        "diff_to_logit_pool": interval.as_dict(),
        "worst_20th": float(np.quantile(losses, 0.95)),
        "too_costly": float((losses > TOO_COSTLY).mean()),
    }


def _world(scenario: Scenario, random: np.random.Generator) -> dict[str, float]:
    """The loss of every rule against the plain logit pool in one world."""
    own = np.exp(scenario.unequal * random.standard_normal(scenario.members))
    asked = np.datetime64("2025-01-05", "D") + 14 * np.arange(scenario.rounds + 1)
    past = _history(scenario, own, asked[:-1], random)
    p, outcome, _ = _questions(scenario, own, _TEST, random)
    now = asked[-1]
    plain = brier(outcome=outcome, probability=logit_pool(p)).mean()
    pools: dict[str, Callable[[Floats], Floats]] = {"default": learn(past, market=scenario.market, now=now).pool}
    for name in ("ridge_stack", "nonnegative_stack", "fitted_extremized_logit_pool"):
        pools[name] = fitting_function(name)(past.probability, outcome=past.outcome)
    return {name: float(brier(outcome=outcome, probability=pool(p)).mean() - plain) for name, pool in pools.items()}


def _history(scenario: Scenario, own: Floats, asked: Any, random: np.random.Generator) -> History:
    """All rounds before the test, their outcomes known the day after."""
    parts = [_questions(scenario, own, scenario.per_round, random) for _ in asked]
    n = scenario.per_round * len(asked)
    asked_at = np.repeat(asked, scenario.per_round)
    return History(
        members=tuple(f"member {number}" for number in range(scenario.members)),
        probability=np.concatenate([p for p, _, _ in parts]),
        outcome=np.concatenate([outcome for _, outcome, _ in parts]),
        asked_at=asked_at,
        known_at=asked_at + 1,
        cluster=np.arange(n),
        market=np.full(n, scenario.market),
    )


def _questions(scenario: Scenario, own: Floats, n: int, random: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Probabilities (n, members), outcomes (n,) and sources (n,) of one round."""
    source = random.integers(_SOURCES, size=n)
    moved = scenario.drift * random.standard_normal(_SOURCES)
    truth = scenario.centre + scenario.spread * random.standard_normal(n)
    outcome = (random.random(n) < expit(truth + moved[source])).astype(np.float64)
    shared = scenario.error * np.sqrt(scenario.alike) * random.standard_normal(n)
    single = scenario.error * np.sqrt(1 - scenario.alike) * own * random.standard_normal((n, scenario.members))
    said = scenario.confidence * (truth[:, None] + shared[:, None] + single)
    return expit(said), outcome, source.astype(np.float64)
