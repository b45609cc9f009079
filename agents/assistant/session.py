"""One dialogue as it goes: what comes next, what was said, and the records that it ends in.

A session never changes: an answer makes the next one, so that a page or a terminal can keep, show and go back to any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from agents.assistant.number import read_probability
from agents.assistant.steps import AFTER, BEFORE, OUTSIDE_VIEW, STEPS, Step, hash_of
from agents.people import UNAIDED, person
from agents.prompting import render, template
from db.dialogues import Dialogue, Turn, Variant
from db.errors import BadInput
from db.records import BinaryQuestion, Forecast
from db.traces import total_cost_usd
from db.values import ProbabilityValue

MAX_ANSWER = 10_000
"""Characters of one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A step in a model's words, and what that took (`cost_usd` None: unknown).

    Where the model failed, `text` is empty, which means the fixed words, and `failure` says why.
    """

    text: str = ""
    model: str = ""
    failure: str = ""
    cost_usd: float | None = 0.0
    tokens: int = 0


FIXED = Advice()
"""A step in its fixed words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assisted:
    """What a finished dialogue leaves for the ledger."""

    before: Forecast
    after: Forecast
    dialogue: Dialogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A dialogue with `who` about a question. `base_rate` is what the event store counted, empty if nothing.

    Only the structured variant is told the base rate: to withhold it is what the others are for.
    """

    question: BinaryQuestion
    who: str
    variant: Variant = Variant.STRUCTURED
    as_of: datetime
    base_rate: str = ""
    turns: tuple[Turn, ...] = ()
    told: tuple[Advice, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps of the variant, in order."""
        return STEPS[self.variant]

    @property
    def step(self) -> Step | None:
        """The next step; None when the dialogue is finished."""
        return self.steps[len(self.turns)] if len(self.turns) < len(self.steps) else None

    def asked(self, advice: Advice = FIXED) -> str:
        """What is asked at the next step: the model's words if there are any, else the fixed ones, and at the outside
        view what the store counted, word for word either way. Raises ValueError when the dialogue is finished."""
        step = self._open()
        text = step.text if step.number or not advice.text else advice.text
        counted = self.counted if step is OUTSIDE_VIEW else ""
        return f"{text}\n\n{counted}" if counted else text

    @property
    def counted(self) -> str:
        """The store's base rate as the person and a model are told it; empty where they are not."""
        told = self.base_rate and self.variant is Variant.STRUCTURED
        return render("assistant_base_rate", counted=self.base_rate) if told else ""

    def answer(self, text: str, *, at: datetime, advice: Advice = FIXED) -> Session:
        """The session after the next step was answered at the moment `at`; `advice` is what it was asked with.

        Raises BadInput for a number that is none and for text that is too long, ValueError when it is finished.
        """
        step, said = self._open(), text.strip()
        if step.number:
            read_probability(said)
        elif len(said) > MAX_ANSWER:
            raise BadInput(f"an answer has at most {MAX_ANSWER:,} characters, and this has {len(said):,}: shorten it")
        words_of = "" if step.number or not advice.text else advice.model
        said = said.encode("utf-8", "replace").decode()  # half of a surrogate pair is no character
        turn = Turn(step=step.name, asked=self.asked(advice), answered=said, model=words_of, answered_at=at)
        return replace(self, turns=(*self.turns, turn), told=(*self.told, advice))

    def debriefing(self) -> str:
        """What the person has to be told when the dialogue ends or is broken off: that advice was poor on purpose;
        empty where it was not."""
        return template("assistant_debrief") if self.variant is Variant.NOISY else ""

    def finished(self) -> Assisted:
        """The records of a finished dialogue; raises ValueError before that."""
        if self.step is not None:
            raise ValueError(f"the dialogue is not finished: {self.step.title!r} comes next")
        first, *between, last = self.turns
        words = "\n\n".join(turn.answered for turn in between if turn.answered)
        before, after = self._forecast(BEFORE, first), self._forecast(AFTER, last, words)
        dialogue = Dialogue(
            question_id=self.question.id,
            person=self.who,
            variant=self.variant,
            model=", ".join(dict.fromkeys(turn.model for turn in self.turns if turn.model)),
            as_of=self.as_of,
            created_at=last.answered_at,
            turns=self.turns,
            before_id=before.id,
            after_id=after.id,
            cost_usd=total_cost_usd(advice.cost_usd for advice in self.told),
            tokens=sum(advice.tokens for advice in self.told),
        )
        return Assisted(before=before, after=after, dialogue=dialogue)

    def _forecast(self, step: Step, turn: Turn, rationale: str = "") -> Forecast:
        return Forecast(
            question_id=self.question.id,
            member=person(self.who) + (UNAIDED if step is BEFORE else ""),
            as_of=self.as_of,
            created_at=turn.answered_at,
            value=ProbabilityValue(probability=read_probability(turn.answered)),
            rationale=rationale,
            raw_text=turn.answered,
            prompt_hash=hash_of(self.variant, step),
        )

    def _open(self) -> Step:
        if self.step is None:
            raise ValueError("the dialogue is finished: nothing more is asked")
        return self.step
