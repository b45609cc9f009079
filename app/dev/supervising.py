"""The good model as a supervisor: it holds with the middle forecaster, and is sure where the pool lies far from it."""

from __future__ import annotations

import re
from statistics import median

from app.dev.answers import Answer
from app.dev.asked import Asked

_POOLED = re.compile(r"^Pooled: ([0-9.]+)$", re.MULTILINE)
_FORECASTER = re.compile(r"^### Forecaster \d+: ([0-9.]+)$", re.MULTILINE)
_FAR = 0.1
"""How far the middle forecaster has to lie from the pooled number for the model to be sure of it."""


def verdict(asked: Asked) -> Answer:
    """The median of the numbers shown, and how sure it is of that against the pooled one."""
    pooled = float(_POOLED.findall(asked.prompt)[0])
    middle = median(map(float, _FORECASTER.findall(asked.prompt)))
    confidence = "high" if abs(middle - pooled) > _FAR else "low"
    reasons = f"The middle forecaster says {middle:.4f}, the pooled number is {pooled:.4f}."
    return Answer("verdict", {"rationale": reasons, "confidence": confidence, "probability": middle}, reasons)
