"""What a member's `order` and `rank` make of the way in which it answers."""

from __future__ import annotations

from agents.members.llm.choices.backward import by_backward_questions
from agents.members.llm.choices.equilibrium import by_equilibrium, wrongly
from agents.members.llm.choices.orders import in_orders
from agents.members.llm.naming import Parameters
from agents.members.llm.run import Answering
from db.records import MultipleChoiceQuestion, Question


def answering(parameters: Parameters, as_asked: Answering) -> Answering:
    """The way to answer with these parameters; `as_asked` itself where they say nothing of options.

    Orders are averaged first: a ranking starts from what was averaged.
    """
    answered = in_orders(as_asked) if parameters.order else as_asked
    if parameters.rank == "equilibrium":
        return by_equilibrium(answered, in_orders(wrongly) if parameters.order else wrongly)
    return by_backward_questions(answered) if parameters.rank == "backward" else answered


def why_not(parameters: Parameters, question: Question) -> str:
    """Why a question cannot be answered with these parameters; empty if it can."""
    if isinstance(question, MultipleChoiceQuestion):
        return ""
    given = [f"{name}={value}" for name in ("order", "rank") if (value := getattr(parameters, name))]
    kind = question.kind.replace("_", " ")
    return f"{' and '.join(given)}: only for multiple-choice questions, and this one is {kind}" if given else ""
