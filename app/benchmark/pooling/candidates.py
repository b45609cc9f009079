"""The rules that are compared: fixed ones, learnt pools, and calibrations of the plain logit pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from app.benchmark.pooling.crowd import Crowd
from app.benchmark.pooling.learning import Applied, Fit
from db.errors import BadInput
from ensembles.calibration import CALIBRATORS
from ensembles.fitted import Pool
from ensembles.odds import Floats
from ensembles.registry import FITTED, POOLING, fitting_function, pooling_rule
from ensembles.review_weights import benchmark_weights, rank_weights, weighted_pool
from ensembles.source_calibration import fit_hierarchical


def fixed() -> dict[str, Applied]:
    """Every registered rule without learnt parameters."""
    return {name: partial(_pool, pooling_rule(name)) for name in POOLING}


def learnt(scores: Mapping[str, float] | None = None) -> dict[str, Fit]:
    """Every registered learnt pool, and every calibration applied to the plain logit pool.

    With `scores` of the forecasters by others (higher is better), the pools that these weigh as well: nothing is learnt
    from outcomes there, but whether such weights help is.
    """
    found: dict[str, Fit] = {name: partial(_fit_pool, fitting_function(name)) for name in FITTED}
    found |= {name: partial(_fit_calibration, fit) for name, fit in CALIBRATORS.items()}
    found["hierarchical"] = _fit_hierarchical
    if scores is not None:
        found |= {name: partial(_weigh, of, scores) for name, of in _WEIGHTS.items()}
    return found


_WEIGHTS = {"weights_of_scores": benchmark_weights, "weights_of_ranks": rank_weights}


def _weigh(weights: Callable[[list[float]], Floats], scores: Mapping[str, float], train: Crowd) -> Applied:
    if unknown := [member for member in train.members if member not in scores]:
        raise BadInput(f"there is no score of {', '.join(unknown)}: give one of every forecaster in the group")
    return partial(_pool, weighted_pool(weights([scores[member] for member in train.members])))


def _pool(rule: Callable[..., Floats], crowd: Crowd) -> Floats:
    return rule(crowd.probability)


def _fit_pool(fit: Callable[..., Pool], train: Crowd) -> Applied:
    return partial(_pool, fit(train.probability, outcome=train.outcome, weight=train.weight))


def _fit_calibration(fit: Callable[..., Any], train: Crowd) -> Applied:
    calibrator = fit(train.pooled, outcome=train.outcome, weight=train.weight)
    return lambda crowd: calibrator(crowd.pooled)


def _fit_hierarchical(train: Crowd) -> Applied:
    calibrator = fit_hierarchical(train.pooled, outcome=train.outcome, source=train.source, weight=train.weight)
    return lambda crowd: calibrator(crowd.pooled, source=crowd.source)
