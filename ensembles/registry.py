"""The pooling rules by name, each where it is defined; resolved on use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ensembles.fitted import Pool

POOLING: dict[str, str] = {
    "linear_pool": "ensembles.pooling:linear_pool",
    "median_pool": "ensembles.pooling:median_pool",
    "trimmed_mean_pool": "ensembles.pooling:trimmed_mean_pool",
    "halawi_pool": "ensembles.pooling:halawi_pool",
    "logit_pool": "ensembles.pooling:logit_pool",
    "extremized_logit_pool": "ensembles.extremizing:extremized_logit_pool",
    "neyman_roughgarden_pool": "ensembles.extremizing:neyman_roughgarden_pool",
}
"""Fixed rules: called on (..., members), they return (...)."""

FITTED: dict[str, str] = {
    "fitted_extremized_logit_pool": "ensembles.extremizing:fit_extremized_logit_pool",
    "skill_weighted_logit_pool": "ensembles.weighting:fit_skill_weighted_logit_pool",
    "inverse_variance_pool": "ensembles.weighting:fit_inverse_variance_pool",
    "correlation_aware_pool": "ensembles.weighting:fit_correlation_aware_pool",
    "nonnegative_stack": "ensembles.stacking:fit_nonnegative_stack",
    "ridge_stack": "ensembles.stacking:fit_ridge_stack",
    "shrunk_stack": "ensembles.stacking:fit_shrunk_stack",
}
"""Learnt rules: functions that make an `ensembles.fitted.Pool` from resolved questions."""

DEFAULT_RULE = "logit_pool"


def pooling_rule(name: str) -> Callable[..., Any]:
    """The pooling rule called `name`; raises ValueError, listing the rules, if there is none."""
    return _resolve(POOLING, name, "pooling rule")


def fitting_function(name: str) -> Callable[..., Pool]:
    """The function that learns the rule called `name`; raises ValueError, listing the rules, if there is none."""
    return _resolve(FITTED, name, "fitted rule")


def _resolve(registry: dict[str, str], name: str, kind: str) -> Callable[..., Any]:
    if name not in registry:
        raise ValueError(f"unknown {kind} {name!r}: choose one of {', '.join(registry)}")
    module, _, attribute = registry[name].partition(":")
    found: Callable[..., Any] = getattr(import_module(module), attribute)
    return found
