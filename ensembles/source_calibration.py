"""Calibration by source: questions from one place lean one way, and few of them must not decide by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from ensembles.calibration import RIDGE, LogOddsLine, taught
from ensembles.logistic import log_loss, minimise
from ensembles.odds import Floats, checked, logit

SOURCE_RIDGE = 10.0
"""The precision of a source around the overall line: a standard deviation of .32 in slope and in log-odds."""


@dataclass(frozen=True, slots=True)
class SourceCalibrator:
    """A line on the log-odds for every source learnt from, and the overall one for any other."""

    overall: LogOddsLine
    sources: Mapping[str, LogOddsLine]

    @property
    def parameters(self) -> dict[str, float]:
        """Slope and intercept overall, and those of each source as `slope[source]`, `intercept[source]`."""
        by_source = {f"{k}[{name}]": v for name, line in self.sources.items() for k, v in line.parameters.items()}
        return self.overall.parameters | by_source

    def __call__(self, probability: ArrayLike, *, source: ArrayLike) -> Floats:
        """The calibrated probabilities, shape (n, ...), of questions from `source`, shape (n,); NaN stays NaN."""
        p, labels = checked(probability), np.asarray(source).astype(str)
        if labels.ndim != 1 or p.shape[:1] != labels.shape:
            raise ValueError(f"source must label the rows: it has shape {labels.shape}, probability {p.shape}")
        result = np.empty_like(p)
        for name in np.unique(labels):
            rows = labels == name
            result[rows] = self.sources.get(str(name), self.overall)(p[rows])
        return result


def fit_hierarchical(
    probability: ArrayLike,
    *,
    outcome: ArrayLike,
    source: ArrayLike,
    weight: ArrayLike | None = None,
    ridge: float = RIDGE,
    source_ridge: float = SOURCE_RIDGE,
) -> SourceCalibrator:
    """Slope, at least 0, and intercept per source, shrunk to the overall line, itself shrunk to the identity.

    The mode of a normal hierarchy, one convex problem: log loss, plus `ridge` / 2 times the squared distance of the
    overall line from the identity, plus `source_ridge` / 2 times that of each source's line from the overall one
    (hierarchical Platt scaling, BLF 2026). As `source_ridge` grows all sources share one line; as `ridge` does too,
    the identity. Both must be above 0. Arguments are those of every fit, with the label of each row's source.
    """
    if not (0 < ridge < np.inf and 0 < source_ridge < np.inf):
        raise ValueError(f"ridges must be finite and above 0, not {ridge} and {source_ridge}")
    p, truth, mass = taught(probability, outcome=outcome, weight=weight)
    labels = np.asarray(source).astype(str)
    if labels.shape != p.shape:
        raise ValueError(f"source must label the rows: it has shape {labels.shape}, probability {p.shape}")
    names, group = np.unique(labels, return_inverse=True)
    k, x, identity = len(names), logit(p), np.array([[1.0], [0.0]])

    def objective(flat: Floats) -> tuple[float, Floats]:
        lines = flat.reshape(2, k + 1)  # slopes, then intercepts; the overall line first
        away, apart = lines[:, :1] - identity, lines[:, 1:] - lines[:, :1]
        loss, steep = log_loss(lines[0, 1 + group] * x + lines[1, 1 + group], outcome=truth, weight=mass)
        loss += float((ridge * away**2).sum() + (source_ridge * apart**2).sum()) / 2
        by_source = np.stack([np.bincount(group, weights=steep * x), np.bincount(group, weights=steep)])
        overall = ridge * away - source_ridge * apart.sum(axis=1, keepdims=True)
        return loss, np.hstack([overall, by_source + source_ridge * apart]).ravel()

    start, lower = np.repeat([1.0, 0.0], k + 1), np.repeat([0.0, -np.inf], k + 1)
    slopes, intercepts = minimise(objective, start=start, lower=lower).reshape(2, k + 1)
    overall, *lines = (LogOddsLine(float(a), float(b)) for a, b in zip(slopes, intercepts, strict=True))
    return SourceCalibrator(overall, MappingProxyType(dict(zip(map(str, names), lines, strict=True))))
