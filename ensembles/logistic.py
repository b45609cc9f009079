"""Logistic regression shrunk towards stated coefficients and kept within bounds: what every fitted logit rule is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats, expit

_STEPS = 100
_PRECISION = 1e-10
"""A slope this far below the sum of its terms' sizes is rounding."""

Objective = Callable[[Floats], tuple[float, Floats]]
"""Parameters to the loss and its gradient."""


def fit_logistic(
    design: Floats,
    *,
    outcome: Floats,
    weight: Floats,
    centre: ArrayLike,
    ridge: ArrayLike,
    lower: ArrayLike = -np.inf,
    upper: ArrayLike = np.inf,
    offset: ArrayLike = 0.0,
) -> Floats:
    """The coefficients (k,) of outcomes (n,) in 0..1 with weights (n,) on a design (n, k), all of it finite.

    Minimises the weighted log loss of `expit(offset + design @ coefficients)`, summed and not averaged, plus half of
    `ridge` times the squared distance of each coefficient from `centre`: a normal prior of variance 1 / ridge around
    `centre` (le Cessie & van Houwelingen 1992, with a centre other than zero). Every coefficient stays within `lower`
    and `upper`. These four are numbers or (k,). By projected Newton steps (Bertsekas 1982). With `ridge` above 0 there
    is one minimum, finite even where the outcomes are separable, and the centre itself if there are no rows. Without
    an intercept or offset, swapping yes and no swaps the answer. Raises ValueError unless `ridge` is above 0.
    """
    k = design.shape[1]
    middle, strength, low, high = (
        np.broadcast_to(np.asarray(item, dtype=np.float64), (k,)) for item in (centre, ridge, lower, upper)
    )
    if not ((strength > 0) & (strength < np.inf)).all():
        raise ValueError(f"ridge must be finite and above 0, not {strength.tolist()}")
    shift = np.asarray(offset, dtype=np.float64)

    def loss(beta: Floats) -> float:
        fit, _ = log_loss(shift + design @ beta, outcome=outcome, weight=weight)
        return fit + float(strength @ (beta - middle) ** 2) / 2

    beta = np.clip(middle, low, high)
    size = _PRECISION * (weight @ np.abs(design) + strength)
    for _ in range(_STEPS):
        p = expit(shift + design @ beta)
        slope = design.T @ (weight * (p - outcome)) + strength * (beta - middle)
        free = ~(((beta <= low) & (slope > 0)) | ((beta >= high) & (slope < 0)))
        if (np.abs(slope) <= size)[free].all():
            return beta
        x = design[:, free]
        curvature = (x.T * (weight * p * (1 - p))) @ x + np.diag(strength[free])
        step = np.zeros_like(beta)
        step[free] = np.linalg.solve(curvature, -slope[free])
        now, share = loss(beta), 1.0
        while (
            loss(moved := np.clip(beta + share * step, low, high)) > now + 1e-4 * slope @ (moved - beta) + 1e-12 * now
        ):
            share /= 2
        beta = moved
    raise ArithmeticError(f"the logistic fit had not converged after {_STEPS} steps")


def log_loss(log_odds: Floats, *, outcome: Floats, weight: Floats) -> tuple[float, Floats]:
    """The weighted sum of the log losses of `log_odds`, all (n,), and its derivative by each of them."""
    loss = np.logaddexp(0.0, log_odds) - outcome * log_odds
    return float(weight @ loss), weight * (expit(log_odds) - outcome)


def minimise(objective: Objective, *, start: Floats, lower: ArrayLike) -> Floats:
    """Where a convex, smooth `objective` is least, no parameter below `lower`; for penalties that are not a ridge."""
    from scipy.optimize import Bounds, minimize  # heavy: only where something is learnt

    bounds = Bounds(np.broadcast_to(np.asarray(lower, dtype=np.float64), start.shape))
    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5000, "maxfun": 20_000},
    )
    if found.nit >= 5000:
        raise ArithmeticError("the fit had not converged after 5000 steps")
    return np.asarray(found.x, dtype=np.float64)
