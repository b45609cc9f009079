"""The pooling rules by name, each where it is defined; resolved on use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

POOLING: dict[str, str] = {
    "linear_pool": "ensembles.pooling:linear_pool",
    "median_pool": "ensembles.pooling:median_pool",
    "trimmed_mean_pool": "ensembles.pooling:trimmed_mean_pool",
    "logit_pool": "ensembles.pooling:logit_pool",
}

DEFAULT_RULE = "logit_pool"


def pooling_rule(name: str) -> Callable[..., Any]:
    """The pooling rule called `name`; raises ValueError, listing the rules, if there is none."""
    if name not in POOLING:
        raise ValueError(f"unknown pooling rule {name!r}: choose one of {', '.join(POOLING)}")
    module, _, attribute = POOLING[name].partition(":")
    rule: Callable[..., Any] = getattr(import_module(module), attribute)
    return rule
