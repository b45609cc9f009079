"""The rules that are compared: fixed ones, learnt pools, and calibrations of the plain logit pool."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from app.benchmark.pooling.crowd import Crowd
from app.benchmark.pooling.learning import Applied, Fit
from ensembles.calibration import CALIBRATORS
from ensembles.fitted import Pool
from ensembles.odds import Floats
from ensembles.registry import FITTED, POOLING, fitting_function, pooling_rule
from ensembles.source_calibration import fit_hierarchical

FITTERS = Callable[..., Any]


def fixed() -> dict[str, Applied]:
    """Every registered rule without learnt parameters."""
    return {name: partial(_pool, pooling_rule(name)) for name in POOLING}


def learnt() -> dict[str, Fit]:
    """Every registered learnt pool, and every calibration applied to the plain logit pool."""
    pools = {name: partial(_fit_pool, fitting_function(name)) for name in FITTED}
    calibrated = {name: partial(_fit_calibration, fit) for name, fit in CALIBRATORS.items()}
    return pools | calibrated | {"hierarchical": _fit_hierarchical}


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
