"""A probability as a person types it: a percentage or a decimal, and nothing that could be either."""

from __future__ import annotations

import re

from db.errors import BadInput

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?) ?%")
_DECIMAL = re.compile(r"[01]?\.[0-9]+")
_BARE = re.compile(r"[0-9]{1,3}")


def read_probability(text: str) -> float:
    """The probability that "35%", "35 %", "0.35" or ".35" states.

    Raises BadInput in one sentence for anything else: "35" and "1" could be a percentage or not, "0,35" is two numbers,
    and "120%" is none.
    """
    said = text.strip()
    if percent := _PERCENT.fullmatch(said):
        probability = float(percent[1]) / 100
    elif _DECIMAL.fullmatch(said):
        probability = float(said)
    elif _BARE.fullmatch(said) and int(said) <= 100:
        raise BadInput(f"{said} could be a percentage or a probability: write {said}% or a decimal such as 0.35")
    else:
        raise BadInput(f"{said[:40]!r} is no probability: write a percentage such as 35% or a decimal such as 0.35")
    if probability > 1:
        raise BadInput(f"{said} is more than certain: write a percentage from 0% to 100%, or a decimal from 0.0 to 1.0")
    return probability
