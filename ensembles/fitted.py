"""What every rule with learnt parameters is: made from the past by a function, then a pooling rule like the others."""

from __future__ import annotations

from typing import Protocol

from numpy.typing import ArrayLike

from ensembles.odds import Floats


class Pool(Protocol):
    """A pooling rule whose parameters have been learnt: (..., members) to (...), NaN for an absent member.

    Made by a function `fit(probability, *, outcome, weight=None)` from a matrix (questions, members), NaN allowed,
    outcomes 0 or 1 of shape (questions,), and non-negative weights of the rows. Members keep their places.
    """

    @property
    def parameters(self) -> dict[str, float]:
        """What was learnt, by name, as an aggregate records it."""
        ...

    def __call__(self, probability: ArrayLike, *, quorum: float = ...) -> Floats:
        """Pool the last axis; raises ValueError unless it has the members that the rule was learnt on."""
        ...
