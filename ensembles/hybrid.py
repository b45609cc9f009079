"""Human and machine: one probability from what people said and what a crowd of models said.

People beat language models while the models do not see what people think, and a fifth of the models' log-odds beside
four fifths of the people's is at least as good as the people alone: that is the fixed rule. The learnt rule starts
from it and leaves it only as far as outcomes ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ensembles.logistic import fit_logistic
from ensembles.odds import CLIP, Floats, checked, expit, logit
from ensembles.resolved import STRENGTH, resolved, same_members

HUMAN_WEIGHT = 0.8
"""The human side's share of the log-odds. Half and half was worse than people alone."""


def hybrid(human: ArrayLike, machine: ArrayLike, *, human_weight: float = HUMAN_WEIGHT, clip: float = CLIP) -> Floats:
    """The weighted mean of the log-odds, `human_weight` (0..1) on the human side; any shapes that broadcast.

    Probabilities are clipped to `clip`..1 - `clip` first, so the result lies there too. Where either side is NaN so is
    the result: whether the other side alone will do is the caller's decision. For a human number that the machine did
    not see; what it saw is in its own number already. Raises ValueError outside of the ranges.
    """
    if not 0 <= human_weight <= 1:
        raise ValueError(f"human_weight must lie in 0..1, not {human_weight}")
    on_human = human_weight * logit(checked(human), clip=clip)
    return expit(on_human + (1 - human_weight) * logit(checked(machine), clip=clip))


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedHybrid:
    """`logit p = intercept + human logit(h) + machine logit(m)`: the hybrid with slopes learnt from `n` outcomes.

    A pool of two members, the human side and the machine (`ensembles.fitted.Pool`). Slopes that sum to more than 1
    extremize; an intercept moves every answer towards yes or no.
    """

    intercept: float
    human: float
    machine: float
    n: int
    clip: float = CLIP

    @property
    def parameters(self) -> dict[str, float]:
        """What was learnt, by name."""
        return {"intercept": self.intercept, "human": self.human, "machine": self.machine, "n": float(self.n)}

    def __call__(self, probability: ArrayLike, *, quorum: float = 1.0) -> Floats:
        """Pool (..., 2), human then machine, to (...). Both sides are needed: one NaN makes NaN, whatever `quorum`.

        Raises ValueError for another number of members, for probabilities outside 0..1 and a `quorum` outside 0..1.
        """
        p = checked(probability)
        if not p.ndim:
            raise ValueError("a hybrid pools two members, human and machine, on the last axis")
        same_members(p, 2)
        if not 0 <= quorum <= 1:
            raise ValueError(f"quorum must lie in 0..1, not {quorum}")
        log_odds = logit(p, clip=self.clip)
        return expit(self.intercept + self.human * log_odds[..., 0] + self.machine * log_odds[..., 1])


def fit_hybrid(
    human: ArrayLike,
    machine: ArrayLike,
    *,
    outcome: ArrayLike,
    weight: ArrayLike | None = None,
    strength: float = STRENGTH,
    clip: float = CLIP,
) -> FittedHybrid:
    """Slopes and intercept by logistic regression, with a ridge towards the fixed rule (0, .8, .2).

    All arrays are (questions,); a question without both numbers teaches nothing. Minimises the log score in nats,
    summed with `weight` (1 each if left out), plus `strength` / 2 times the squared distance of the three parameters
    from the fixed rule: a handful of outcomes moves little, hundreds decide, and without any it is the fixed rule.
    Raises ValueError for lengths that differ, outcomes other than 0 and 1, negative weights, a `strength` not above 0.
    """
    sides = [np.asarray(side, dtype=np.float64) for side in (human, machine)]
    if sides[0].ndim != 1 or sides[0].shape != sides[1].shape:
        raise ValueError(f"human and machine must be of one length, not {sides[0].shape} and {sides[1].shape}")
    p, truth, mass = resolved(np.stack(sides, axis=1), outcome=outcome, weight=weight)
    both = ~np.isnan(p).any(axis=1)
    intercept, on_human, on_machine = fit_logistic(
        np.column_stack([np.ones(int(both.sum())), logit(p[both], clip=clip)]),
        outcome=truth[both],
        weight=mass[both],
        centre=np.array([0.0, HUMAN_WEIGHT, 1 - HUMAN_WEIGHT]),
        ridge=strength,
    )
    return FittedHybrid(
        intercept=float(intercept), human=float(on_human), machine=float(on_machine), n=int(both.sum()), clip=clip
    )
