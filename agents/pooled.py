"""The members' values into one, kind by kind: what is pooled, by which rule, and what their spread is.

- Probabilities of yes: by any rule of `ensembles.registry`. Spread: their standard deviation.
- Options: by the same rules (`ensembles.multiple_choice`), over the same options or not at all. Spread: the standard
  deviation, mean over the options.
- Quantiles of a number: at the levels that all members give. `linear_pool` mixes the distributions, every other rule
  averages the quantiles (`ensembles.quantiles`). Spread: the standard deviation of the members' medians, in the
  question's unit.
- Codes: every code by itself, by a rule of probabilities or, in place of every rule of log-odds, by the logit pool,
  clipped much later than a yes or no, because most codes are rare. A code is in the set if at least half of the members
  chose it; a set without probabilities votes on that and on nothing else, and sets alone make a set. Spread: the
  standard deviation, mean over the codes (of a set: of the votes, 0 or 1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from db.values import CodeSetValue, CodesValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue, Value
from ensembles.multiple_choice import pool_options
from ensembles.odds import Floats
from ensembles.pooling import QUORUM, logit_pool, reaches
from ensembles.quantiles import linear_pool_of_cdfs, quantile_averaging
from ensembles.registry import pooling_rule

CODES_CLIP = 1e-6
"""Where the logits of code probabilities are clipped: of 149 codes most have a chance far below one in a thousand."""
MAJORITY, QUANTILE_AVERAGING = "majority", "quantile_averaging"
"""Rules of sets and of quantiles, as an aggregate names them."""
_CODE_RULES = ("linear_pool", "median_pool", "trimmed_mean_pool", "halawi_pool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A pooled value with the rule that made it, its parameters, and the spread of the members' values."""

    value: Value
    spread: float
    rule: str
    parameters: Mapping[str, float] = field(default_factory=dict)


def pool_values(values: Sequence[Value], *, absent: int, rule: str) -> Pooled | None:
    """One value from one or more, `absent` further members having none; None where they are of different kinds,
    where they have nothing in common that could be pooled, or without a quorum. Raises ValueError for an unknown rule.
    """
    pooling_rule(rule)
    probabilities = [value for value in values if isinstance(value, ProbabilityValue)]
    options = [value for value in values if isinstance(value, ProbabilitiesValue)]
    quantiles = [value for value in values if isinstance(value, QuantilesValue)]
    voters = [value for value in values if isinstance(value, CodesValue | CodeSetValue)]
    if len(values) not in (len(probabilities), len(options), len(quantiles), len(voters)):
        return None
    if probabilities:
        p = np.array([*(value.probability for value in probabilities), *[np.nan] * absent])
        return pool_probabilities(p, pooling_rule(rule), name=rule)
    if options:
        return _pool_options(options, absent, rule)
    if quantiles:
        return _pool_quantiles(quantiles, absent, rule)
    codes = [value for value in voters if isinstance(value, CodesValue)]
    return _pool_codes(codes, voters, absent, rule) if codes else _pool_sets(voters, absent)


def pool_probabilities(
    p: Floats, pool: Callable[..., Any], *, name: str, parameters: Mapping[str, float] | None = None
) -> Pooled | None:
    """Probabilities of yes (members,), NaN for an absent one, by the rule `pool`; None without a quorum."""
    pooled = float(pool(p))
    if np.isnan(pooled):
        return None
    return Pooled(
        value=ProbabilityValue(probability=pooled), spread=float(np.nanstd(p)), rule=name, parameters=parameters or {}
    )


def _pool_options(values: Sequence[ProbabilitiesValue], absent: int, rule: str) -> Pooled | None:
    names = sorted(values[0].probabilities)
    if any(sorted(value.probabilities) != names for value in values):
        return None
    p = np.array([[value.probabilities[name] for value in values] for name in names])
    pooled = pool_options(_beside_absent(p, absent), rule=rule)
    if np.isnan(pooled).any():
        return None
    return Pooled(
        value=ProbabilitiesValue(probabilities=dict(zip(names, map(float, pooled), strict=True))),
        spread=float(p.std(axis=1).mean()),
        rule=rule,
    )


def _pool_quantiles(values: Sequence[QuantilesValue], absent: int, rule: str) -> Pooled | None:
    levels = sorted(set.intersection(*(set(value.levels) for value in values)))
    if not levels:
        return None
    common = [[q for level, q in zip(value.levels, value.values, strict=True) if level in levels] for value in values]
    mixed = rule == "linear_pool" and len(levels) > 1
    pool = linear_pool_of_cdfs if mixed else quantile_averaging
    pooled = pool(np.array([*common, *[[np.nan] * len(levels)] * absent]), levels=levels)
    if np.isnan(pooled).any():
        return None
    medians = [float(np.interp(0.5, value.levels, value.values)) for value in values]
    return Pooled(
        value=QuantilesValue(levels=tuple(levels), values=tuple(pooled.tolist())),
        spread=float(np.std(medians)),
        rule=rule if mixed else QUANTILE_AVERAGING,
    )


def _pool_codes(
    codes: Sequence[CodesValue], voters: Sequence[CodesValue | CodeSetValue], absent: int, rule: str
) -> Pooled | None:
    """Probabilities of those that gave some; members that gave a set alone vote, and are not missed as absent."""
    names = sorted({code for value in codes for code in value.probabilities} | _chosen(voters))
    listed = np.array([[value.probabilities.get(name, value.unlisted) for value in codes] for name in names])
    p = np.concatenate([listed.reshape(len(names), len(codes)), [[value.unlisted for value in codes]]])
    of_logits = rule not in _CODE_RULES
    pool = partial(logit_pool, clip=CODES_CLIP) if of_logits else pooling_rule(rule)
    pooled = pool(_beside_absent(p, absent))
    if np.isnan(pooled).any():
        return None
    return Pooled(
        value=CodesValue(
            probabilities={name: round(float(p), 6) for name, p in zip(names, pooled[:-1], strict=True)},
            unlisted=round(float(pooled[-1]), 8),
            selected=_majority(voters),
        ),
        spread=float(p.std(axis=1).mean()),
        rule="logit_pool" if of_logits else rule,
        parameters={"clip": CODES_CLIP} if of_logits else {},
    )


def _pool_sets(voters: Sequence[CodesValue | CodeSetValue], absent: int) -> Pooled | None:
    """The codes that at least half of the sets hold."""
    if not reaches(QUORUM, len(voters), len(voters) + absent):
        return None
    votes = np.array([[float(name in value.selected) for value in voters] for name in sorted(_chosen(voters))])
    spread = float(votes.std(axis=1).mean()) if votes.size else 0.0
    return Pooled(value=CodeSetValue(selected=_majority(voters)), spread=spread, rule=MAJORITY)


def _beside_absent(p: Floats, absent: int) -> Floats:
    """A matrix (rows, members) with `absent` members more, whose answers are NaN."""
    return np.concatenate([p, np.full((len(p), absent), np.nan)], axis=1)


def _chosen(voters: Sequence[CodesValue | CodeSetValue]) -> set[str]:
    return {code for value in voters for code in value.selected}


def _majority(voters: Sequence[CodesValue | CodeSetValue]) -> tuple[str, ...]:
    votes = {name: sum(name in value.selected for value in voters) for name in sorted(_chosen(voters))}
    return tuple(name for name, n in votes.items() if 2 * n >= len(voters))
