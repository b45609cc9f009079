"""The steps of a dialogue, by variant. Every variant asks for the own number first and for the update last.

After "AI-Augmented Predictions" (arXiv 2402.07862), whose assistants, both the superforecasting one and the one that
was overconfident and blind to base rates, made people's forecasts better than a control did.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from agents.prompting import prompt_hash, template
from db.dialogues import Variant


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `name` is that of its prompt file after `assistant_`, which holds what is asked without a model.

    A step for a `number` takes a probability and is always asked in those words, so that both numbers are given to the
    same question whatever came between; the others take text, or nothing.
    """

    name: str
    title: str
    number: bool = False

    @property
    def text(self) -> str:
        """What is asked without a model."""
        return template(f"assistant_{self.name}")


BEFORE = Step("before", "Your own number", number=True)
OUTSIDE_VIEW = Step("outside_view", "The outside view")
AFTER = Step("after", "Your number now", number=True)

STEPS: dict[Variant, tuple[Step, ...]] = {
    Variant.STRUCTURED: (
        BEFORE,
        Step("decompose", "The parts"),
        OUTSIDE_VIEW,
        Step("inside_view", "The inside view"),
        Step("both_sides", "Both sides"),
        Step("doubt", "Degrees of doubt"),
        AFTER,
    ),
    Variant.NOISY: (
        BEFORE,
        Step("story", "The story"),
        Step("signs", "The signs"),
        Step("nerve", "The nerve"),
        AFTER,
    ),
    Variant.CONTROL: (BEFORE, Step("reflect", "Think again"), AFTER),
}

PERSONA: dict[Variant, str] = {Variant.STRUCTURED: "assistant", Variant.NOISY: "assistant_noisy"}
"""The standing orders of a model, by variant. The control has none: it is asked in fixed words alone."""


def hash_of(variant: Variant, step: Step) -> str:
    """The hash of everything that a variant says, and of the step at which a number was given: 64 hex digits."""
    names = [f"assistant_{one.name}" for one in STEPS[variant]]
    if variant in PERSONA:
        names += [PERSONA[variant], "assistant_question", "assistant_base_rate", "question", "author"]
    return hashlib.sha256(f"{prompt_hash(*names)}\0{variant}\0{step.name}".encode()).hexdigest()
