"""What a forecast can say: a probability, one per option, quantiles, or CAMEO codes. Frozen, checked, never clamped."""

from __future__ import annotations

from operator import not_
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Probability = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
CameoCode = Annotated[str, Field(pattern=r"^[0-9]{2,4}[0-9A-Z]?$")]
UnknownCodes = Annotated[tuple[str, ...], Field(exclude_if=not_)]
"""Codes that an answer named and CAMEO does not have: kept as they were written, to be counted.

Left out of the stored form where there are none, so that a value says the same as one from before there was the field.
"""


class ProbabilityValue(BaseModel):
    """The probability of yes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["probability"] = "probability"
    probability: Probability


class ProbabilitiesValue(BaseModel):
    """A probability per option; they sum to one within 1e-6."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["probabilities"] = "probabilities"
    probabilities: dict[str, Probability]

    @field_validator("probabilities")
    @classmethod
    def _sums_to_one(cls, probabilities: dict[str, float]) -> dict[str, float]:
        if abs(sum(probabilities.values()) - 1.0) > 1e-6:
            raise ValueError(f"option probabilities sum to {sum(probabilities.values())}, not to 1")
        return probabilities


class QuantilesValue(BaseModel):
    """Quantiles of a number: `values[i]` is the `levels[i]` quantile; both ascend."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["quantiles"] = "quantiles"
    levels: tuple[Annotated[float, Field(gt=0.0, lt=1.0)], ...] = Field(min_length=1)
    values: tuple[Finite, ...]

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if len(self.levels) != len(self.values):
            raise ValueError(f"{len(self.levels)} levels but {len(self.values)} values")
        levels_ascend = all(a < b for a, b in zip(self.levels, self.levels[1:], strict=False))
        values_ascend = all(a <= b for a, b in zip(self.values, self.values[1:], strict=False))
        if not (levels_ascend and values_ascend):
            raise ValueError("levels must strictly ascend and values must not descend")
        return self


class CodesValue(BaseModel):
    """A probability per CAMEO root (2 digits) and base code (3 digits), and the set chosen from them.

    A code that is not listed has the probability `unlisted`, said once instead of a hundred times. `unknown` are codes
    that the answer named and CAMEO does not have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["codes"] = "codes"
    probabilities: dict[CameoCode, Probability]
    unlisted: Probability = 0.0
    selected: tuple[CameoCode, ...] = ()
    unknown: UnknownCodes = ()


class CodeSetValue(BaseModel):
    """A set of CAMEO codes without probabilities, MIRAI's own answer format: votes, but is not scored as a probability.

    Roots (2 digits) and base codes (3 digits); a chosen base code's root is chosen too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["code_set"] = "code_set"
    selected: tuple[CameoCode, ...]
    unknown: UnknownCodes = ()


Value = Annotated[
    ProbabilityValue | ProbabilitiesValue | QuantilesValue | CodesValue | CodeSetValue,
    Field(discriminator="kind"),
]


def probability_of_yes(value: Value) -> float:
    """What a value says of a yes/no question; raises ValueError for one of another kind."""
    if not isinstance(value, ProbabilityValue):
        raise ValueError(f"a probability of yes is needed, and this is a value of kind {value.kind}")
    return value.probability
