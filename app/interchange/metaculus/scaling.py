"""How Metaculus lays a question's range on the unit interval: linearly, or logarithmically about a zero point.

With a zero point z the place x of the range [a, b] is a + (b - a) (r^x - 1) / (r - 1), r = (b - z) / (a - z).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from db.errors import BadInput

_TAG = "metaculus:scaling="


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """A range, in the question's unit, and whether outcomes may lie below or above it."""

    range_min: float
    range_max: float
    zero_point: float | None = None
    open_lower: bool = False
    open_upper: bool = False
    steps: int = 200
    """How many steps its CDF has: one less than it has values. 200, but for discrete questions."""

    def __post_init__(self) -> None:
        if not self.range_min < self.range_max:
            raise BadInput(f"a range from {self.range_min:g} to {self.range_max:g} is none")
        if self.zero_point is not None and self.range_min <= self.zero_point <= self.range_max:
            raise BadInput(f"the zero point {self.zero_point:g} lies in the range that it is to scale")

    @classmethod
    def of(cls, question: Mapping[str, Any]) -> Self:
        """The scaling that a question's document states."""
        scaling = question["scaling"]
        return cls(
            range_min=float(scaling["range_min"]),
            range_max=float(scaling["range_max"]),
            zero_point=None if scaling.get("zero_point") is None else float(scaling["zero_point"]),
            open_lower=bool(question.get("open_lower_bound")),
            open_upper=bool(question.get("open_upper_bound")),
            steps=int(scaling.get("inbound_outcome_count") or 200),
        )

    @property
    def tag(self) -> str:
        """The scaling as a tag of its question, for a forecast to be handed in by."""
        return _TAG + json.dumps(asdict(self))

    @classmethod
    def of_tags(cls, tags: Iterable[str]) -> Self | None:
        """The scaling that a question's tags state, None where none does."""
        stated = next((tag for tag in tags if tag.startswith(_TAG)), None)
        return None if stated is None else cls(**json.loads(stated.removeprefix(_TAG)))

    def value(self, place: float) -> float:
        """The number at a place of the unit interval."""
        width = self.range_max - self.range_min
        if self.zero_point is None:
            return self.range_min + width * place
        ratio = (self.range_max - self.zero_point) / (self.range_min - self.zero_point)
        return float(self.range_min + width * (ratio**place - 1) / (ratio - 1))

    def place(self, value: float) -> float:
        """The place of a number, below 0 or above 1 outside the range."""
        share = (value - self.range_min) / (self.range_max - self.range_min)
        if self.zero_point is None:
            return share
        ratio = (self.range_max - self.zero_point) / (self.range_min - self.zero_point)
        inner = share * (ratio - 1) + 1
        return math.log(inner) / math.log(ratio) if inner > 0 else -math.inf
